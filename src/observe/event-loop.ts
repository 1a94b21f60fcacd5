/** How long the event loop stood still. */
export interface EventLoopWatch {
  /** The longest standstill of the last half minute, and of this moment, in milliseconds. */
  blockedMs(): number;
  close(): void;
}

/** Time of the process itself: a test that moves its app's clock has not stood still. */
export interface LoopTime {
  now(): number;
  every(ms: number, run: () => void): () => void;
}

const tickMs = 500;
const rememberedMs = 30_000;

const processTime: LoopTime = {
  now: () => performance.now(),
  every(ms, run) {
    const timer = setInterval(run, ms);
    // Watching must not keep a process alive.
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** Misses its own ticks while the event loop is blocked. */
export function watchEventLoop(time: LoopTime = processTime): EventLoopWatch {
  let lastTickMs = time.now();
  let standstills: readonly { readonly lastedMs: number; readonly endedMs: number }[] = [];
  const overdue = (nowMs: number): number => Math.max(0, nowMs - lastTickMs - tickMs);
  const cancel = time.every(tickMs, () => {
    const nowMs = time.now();
    const lastedMs = overdue(nowMs);
    lastTickMs = nowMs;
    standstills = standstills.filter(({ endedMs }) => nowMs - endedMs < rememberedMs);
    if (lastedMs > tickMs) standstills = [...standstills, { lastedMs, endedMs: nowMs }];
  });
  return {
    blockedMs() {
      const nowMs = time.now();
      const recent = standstills.filter(({ endedMs }) => nowMs - endedMs < rememberedMs);
      return Math.max(overdue(nowMs), ...recent.map(({ lastedMs }) => lastedMs));
    },
    close: cancel,
  };
}
