import { type Clock, sleep } from "../../core/clock.ts";

/** How long, and how often, something is tried. */
export interface Patience {
  readonly patienceMs: number;
  readonly everyMs: number;
}

/** Repeats a request as long as its failures pass by themselves. */
export async function retryWhile<T>(
  clock: Clock,
  run: () => Promise<T>,
  isPassing: (error: unknown) => boolean,
  { patienceMs, everyMs }: Patience,
): Promise<T> {
  for (const deadlineMs = clock.now() + patienceMs; ; ) {
    try {
      return await run();
    } catch (error) {
      if (!isPassing(error) || clock.now() >= deadlineMs) throw error;
      await sleep(clock, everyMs);
    }
  }
}
