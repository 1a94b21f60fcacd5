import type { TopicPartition } from "../../core/record.ts";
import type { Observe, PauseCause } from "../../core/signals.ts";
import type { PortConsumer } from "../../transport/port.ts";

/** The named causes that keep one partition from being fetched. Each is removed by who added it. */
export interface PauseSet {
  add(cause: PauseCause): void;
  remove(cause: PauseCause): void;
  has(cause: PauseCause): boolean;
  /** True while a cause also keeps queued records from starting. */
  blocksWork(): boolean;
  /** The assignment is over: forgets every cause without resuming anything. */
  forget(): void;
}

// One bit each: causes are asked for, and removed in vain, with every record.
const bits: Readonly<Record<PauseCause, number>> = {
  buffer: 1,
  window: 2,
  delay: 4,
  registry: 8,
  sink: 16,
  dedupe: 32,
  stopped: 64,
  breaker: 128,
  operator: 256,
};

/** These wait for room or time; records already admitted go on. */
const fetchOnly = bits.buffer | bits.window | bits.delay;

export function createPauseSet(
  port: Pick<PortConsumer, "pause" | "resume">,
  at: TopicPartition,
  group: string,
  observe: Observe,
): PauseSet {
  const where = { topic: at.topic, partition: at.partition };
  let causes = 0;
  return {
    add(cause) {
      if (causes & bits[cause]) return;
      const isFirst = causes === 0;
      causes |= bits[cause];
      if (isFirst) port.pause([where]);
      observe({ kind: "partition.paused", group, ...where, cause });
    },
    remove(cause) {
      if (!(causes & bits[cause])) return;
      causes &= ~bits[cause];
      if (causes === 0) port.resume([where]);
      observe({ kind: "partition.resumed", group, ...where, cause });
    },
    has: (cause) => (causes & bits[cause]) !== 0,
    blocksWork: () => (causes & ~fetchOnly) !== 0,
    forget() {
      causes = 0;
    },
  };
}
