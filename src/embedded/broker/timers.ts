import type { Clock } from "../../core/clock.ts";

/** A clock of which one owner can take everything off that is still to run. */
export interface Timers extends Clock {
  /** Cancels all that is scheduled; nothing can be scheduled afterwards. */
  stop(): void;
}

export function createTimers(clock: Clock): Timers {
  const cancels = new Set<() => void>();
  let isStopped = false;
  return {
    now: clock.now,
    schedule(delayMs, run) {
      if (isStopped) return () => {};
      const stop = clock.schedule(delayMs, () => {
        cancels.delete(cancel);
        run();
      });
      const cancel = (): void => {
        cancels.delete(cancel);
        stop();
      };
      cancels.add(cancel);
      return cancel;
    },
    stop() {
      isStopped = true;
      for (const cancel of [...cancels]) cancel();
    },
  };
}
