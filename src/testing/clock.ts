import { type Clock, systemClock } from "../core/clock.ts";

/** A clock on which time passes as it does outside, and which a test can move on at once. */
export interface TestClock extends Clock {
  /** Moves time on by so much. What falls due on the way runs in order, each at its own time. */
  advance(byMs: number): Promise<void>;
}

interface Task {
  readonly atMs: number;
  readonly run: () => void;
  cancel: () => void;
}

export function createTestClock(): TestClock {
  let aheadMs = 0;
  const tasks = new Set<Task>();
  const now = (): number => systemClock.now() + aheadMs;
  const arm = (task: Task): void => {
    task.cancel();
    task.cancel = systemClock.schedule(task.atMs - now(), () => run(task));
  };
  const run = (task: Task): void => {
    tasks.delete(task);
    task.cancel();
    task.run();
  };
  const jumpTo = (atMs: number): void => {
    aheadMs += Math.max(0, atMs - now());
  };
  return {
    now,
    schedule(delayMs, callback) {
      const task: Task = { atMs: now() + Math.max(delayMs, 0), run: callback, cancel: () => {} };
      tasks.add(task);
      arm(task);
      return () => {
        tasks.delete(task);
        task.cancel();
      };
    },
    async advance(byMs) {
      const untilMs = now() + byMs;
      for (;;) {
        const [next] = [...tasks].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        jumpTo(next.atMs);
        run(next);
        // What it set going may schedule more before time moves on.
        await new Promise((resolve) => setImmediate(resolve));
      }
      jumpTo(untilMs);
      for (const task of tasks) arm(task);
    },
  };
}
