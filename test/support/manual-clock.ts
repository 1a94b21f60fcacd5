import type { Clock } from "../../src/core/clock.ts";

/** A clock that a test moves by hand. */
export interface ManualClock extends Clock {
  /** Moves time on, running what falls due on the way, in order. */
  advance(byMs: number): Promise<void>;
  /** The delays of everything scheduled so far, in order. */
  readonly delays: readonly number[];
  /** How much is scheduled and has neither run nor been cancelled. */
  pending(): number;
}

export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs;
  let tasks: { readonly atMs: number; readonly run: () => void }[] = [];
  const delays: number[] = [];
  return {
    delays,
    pending: () => tasks.length,
    now: () => nowMs,
    schedule(delayMs, run) {
      delays.push(delayMs);
      const task = { atMs: nowMs + Math.max(delayMs, 0), run };
      tasks.push(task);
      return () => {
        tasks = tasks.filter((one) => one !== task);
      };
    },
    async advance(byMs) {
      const untilMs = nowMs + byMs;
      for (;;) {
        const next = tasks
          .filter((task) => task.atMs <= untilMs)
          .sort((a, b) => a.atMs - b.atMs)
          .at(0);
        if (!next) break;
        tasks = tasks.filter((task) => task !== next);
        nowMs = next.atMs;
        next.run();
        // What the task set going may schedule more before time moves on.
        await settle();
      }
      nowMs = untilMs;
      await settle();
    },
  };
}

/** Lets promises and socket events that are due run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
