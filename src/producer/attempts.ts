import { type Clock, sleep } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";

export interface BackoffOptions {
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

/** Pause before try `attempt + 1`: exponential with full jitter, so that many producers do not come back at once. */
export function toBackoffMs(
  options: BackoffOptions,
  attempt: number,
  random: number = Math.random(),
): number {
  const ceiling = Math.min(options.retryMaxMs, options.retryBaseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling * random);
}

/**
 * Repeats `run` after passing failures until it succeeds, fails finally, or `isWanted` says that nobody waits any more.
 * `failed` hears of each failure that is followed by another try.
 */
export async function repeat<T>(
  clock: Clock,
  options: BackoffOptions,
  steps: {
    readonly run: (attempt: number) => Promise<T>;
    readonly isWanted: () => boolean;
    readonly failed?: (error: KeryxError) => void;
  },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await steps.run(attempt);
    } catch (thrown) {
      const error = KeryxError.from(thrown);
      if (!error.retriable || !steps.isWanted()) throw error;
      steps.failed?.(error);
      await sleep(clock, toBackoffMs(options, attempt));
      if (!steps.isWanted()) throw error;
    }
  }
}
