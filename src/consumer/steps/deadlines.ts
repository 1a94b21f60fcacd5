import type { Clock } from "../../core/clock.ts";

/** Something with a deadline; it carries what takes the deadline back. */
export interface Timed {
  cancelDeadline: (() => void) | undefined;
}

/** Deadlines of what is under way. */
export interface Deadlines<Item extends Timed> {
  start(item: Item): void;
  stop(item: Item): void;
}

const fresh = (): void => {};

/**
 * Most handlers settle in the turn of the event loop in which they began: only those that outlive it get a timer, which
 * would cost the others more than their call.
 */
export function createDeadlines<Item extends Timed>(
  clock: Clock,
  timeoutMsOf: (item: Item) => number,
  onDue: (item: Item) => void,
): Deadlines<Item> {
  let started: Item[] = [];

  const arm = (): void => {
    for (const item of started)
      if (item.cancelDeadline === fresh)
        item.cancelDeadline = clock.schedule(timeoutMsOf(item), () => onDue(item));
    started = [];
  };

  return {
    start(item) {
      item.cancelDeadline = fresh;
      if (started.push(item) === 1) setImmediate(arm);
    },
    stop(item) {
      item.cancelDeadline?.();
      item.cancelDeadline = undefined;
    },
  };
}
