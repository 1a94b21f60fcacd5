import { type Clock, sleep } from "../../core/clock.ts";

/** Shorter waits are saved up: timers are not that exact. */
const leastWaitMs = 20;

/** Resolves when the next record may go, evenly spread over each second. */
export function createPace(clock: Clock, maxPerSecond: number): (signal?: AbortSignal) => Promise<void> {
  const stepMs = 1_000 / maxPerSecond;
  let turnMs = 0;
  return async (signal) => {
    const now = clock.now();
    // A clock that was set back must not stop the run.
    turnMs = turnMs > now + 1_000 + stepMs ? now : Math.max(turnMs, now);
    const waitMs = turnMs - now;
    turnMs += stepMs;
    if (waitMs >= leastWaitMs) await sleep(clock, waitMs, signal);
  };
}
