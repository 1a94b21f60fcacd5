import type { Clock } from "../../core/clock.ts";

/** Deadlines of what is under way, all of the same length. */
export interface Deadlines<Item extends object> {
  start(item: Item): void;
  stop(item: Item): void;
}

/**
 * Most handlers settle in the turn of the event loop in which they began: only those that outlive it get a timer, which
 * would cost the others more than their call.
 */
export function createDeadlines<Item extends object>(
  clock: Clock,
  timeoutMs: number,
  onDue: (item: Item) => void,
): Deadlines<Item> {
  const fresh = new Set<Item>();
  const timers = new Map<Item, () => void>();
  let isScheduled = false;

  const arm = (): void => {
    isScheduled = false;
    for (const item of fresh)
      timers.set(
        item,
        clock.schedule(timeoutMs, () => onDue(item)),
      );
    fresh.clear();
  };

  return {
    start(item) {
      fresh.add(item);
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(arm);
    },
    stop(item) {
      if (fresh.delete(item)) return;
      timers.get(item)?.();
      timers.delete(item);
    },
  };
}
