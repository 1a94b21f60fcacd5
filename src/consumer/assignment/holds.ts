import type { Clock } from "../../core/clock.ts";
import type { PauseCause } from "../../core/signals.ts";
import type { Lanes } from "../lanes.ts";
import type { Partition, Work } from "./partition.ts";

/** What a partition waits for when something outside does not answer. */
export type HoldCause = Extract<PauseCause, "registry" | "sink" | "dedupe">;

/** Keeps records of partitions whose registry, sink or store does not answer, and tries one at a time until it does. */
export interface Holds {
  /** Keeps the record; the partition pauses. */
  hold(work: Work, cause: HoldCause): void;
  /** Tells that a pass over a record ended, and whether it was held again. */
  passed(work: Work, heldFor: HoldCause | undefined): void;
  /** Gives the record its turn again after a delay; only its own lane waits. */
  wait(work: Work, delayMs: number): void;
  /** Cancels everything of an assignment that ends. */
  drop(partition: Partition): void;
}

const backoffMs: Readonly<Record<HoldCause, { readonly base: number; readonly max: number }>> = {
  registry: { base: 1_000, max: 5_000 },
  sink: { base: 1_000, max: 30_000 },
  dedupe: { base: 1_000, max: 5_000 },
};

interface Hold {
  readonly works: Work[];
  probe: Work | undefined;
  cancelTimer: (() => void) | undefined;
  failures: number;
}

export function createHolds(clock: Clock, lanes: Lanes): Holds {
  const held = new WeakMap<Partition, Map<HoldCause, Hold>>();

  const arm = (partition: Partition, cause: HoldCause, hold: Hold): void => {
    const { base, max } = backoffMs[cause];
    const delayMs = Math.min(max, base * 2 ** hold.failures);
    const cancel = clock.schedule(delayMs, () => {
      partition.timers.delete(cancel);
      hold.cancelTimer = undefined;
      // A probe runs a handler, too.
      if (partition.pauses.has("operator")) return arm(partition, cause, hold);
      const work = hold.works.shift();
      if (!work) return;
      hold.probe = work;
      lanes.probe(work);
    });
    hold.cancelTimer = cancel;
    partition.timers.add(cancel);
  };

  const recover = (partition: Partition, cause: HoldCause, hold: Hold): void => {
    held.get(partition)?.delete(cause);
    partition.isHeld = (held.get(partition)?.size ?? 0) > 0;
    for (const work of hold.works) lanes.requeue(work);
    partition.pauses.remove(cause);
    lanes.wake(partition);
  };

  return {
    hold(work, cause) {
      const { partition } = work;
      const causes = held.get(partition) ?? new Map<HoldCause, Hold>();
      held.set(partition, causes);
      const hold = causes.get(cause) ?? { works: [], probe: undefined, cancelTimer: undefined, failures: 0 };
      causes.set(cause, hold);
      partition.isHeld = true;
      hold.works.push(work);
      partition.pauses.add(cause);
      if (!hold.cancelTimer && !hold.probe) arm(partition, cause, hold);
    },
    passed(work, heldFor) {
      const { partition } = work;
      const causes = held.get(partition);
      if (!causes) return;
      for (const [cause, hold] of causes) {
        if (hold.probe !== work) continue;
        hold.probe = undefined;
        if (heldFor !== cause) {
          recover(partition, cause, hold);
          continue;
        }
        hold.failures++;
        if (!hold.cancelTimer) arm(partition, cause, hold);
      }
    },
    wait(work, delayMs) {
      const { partition } = work;
      const cancel = clock.schedule(delayMs, () => {
        partition.timers.delete(cancel);
        lanes.requeue(work);
      });
      partition.timers.add(cancel);
    },
    drop(partition) {
      held.delete(partition);
      partition.isHeld = false;
      for (const cancel of partition.timers) cancel();
      partition.timers.clear();
    },
  };
}
