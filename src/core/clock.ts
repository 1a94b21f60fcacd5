/** Time as the runtime sees it, so that tests can drive it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `run` once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, run: () => void): () => void;
}

// Longer delays overflow the timer's 32-bit integer and would fire at once.
const longestTimerMs = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), longestTimerMs));
    return () => clearTimeout(timer);
  },
};

/** A clock of which one owner can take everything off that is still to run. */
export interface StoppableClock extends Clock {
  /** Cancels all that is scheduled; nothing can be scheduled afterwards. */
  stop(): void;
}

export function createStoppableClock(clock: Clock): StoppableClock {
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

/** Resolves after `delayMs`, or rejects with the signal's reason. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Resolves when `done` settles, at the latest after `timeoutMs`. */
export async function within(clock: Clock, done: Promise<unknown>, timeoutMs: number): Promise<void> {
  const timer = new AbortController();
  const timeout = sleep(clock, timeoutMs, timer.signal).catch(() => undefined);
  await Promise.race([done, timeout]);
  timer.abort();
}
