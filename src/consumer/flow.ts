import type { Clock } from "../core/clock.ts";
import { headerNames, headerText } from "../core/headers.ts";
import type { RawRecord } from "../core/record.ts";
import type { Observe } from "../core/signals.ts";
import type { PortBatch } from "../transport/port.ts";
import { createDue } from "./assignment/due.ts";
import type { Intake } from "./assignment/intake.ts";
import { createIntakes } from "./assignment/intake.ts";
import type { Partition, Work } from "./assignment/partition.ts";
import { createWork } from "./assignment/partition.ts";
import type { Lanes } from "./lanes.ts";
import { dropQueued, toLane } from "./lanes.ts";
import type { Settlement } from "./steps/pass.ts";

/** Admission: takes what was fetched, keeps it within its bounds, and hands it to the lanes when it is due. */
export interface Flow {
  /** Takes a fetched batch. Returns at once; a partition with enough to do is paused instead. */
  receive(partition: Partition, batch: PortBatch): void;
  /** True when the batch begins before what was taken already. */
  isBehind(partition: Partition, batch: PortBatch): boolean;
  /** What an earlier assignment completed belongs to another log: its records are handled again. */
  disown(partition: Partition): void;
  /** A record left the running ones: there may be room again. */
  settled(partition: Partition): void;
  /** Nothing keeps admitted records from starting any more. */
  wake(partition: Partition): void;
  /** The bytes of a finished record are free again. */
  finished(work: Work): void;
  /** Forgets what was not admitted, and frees the bytes of everything that is not running. */
  drop(partition: Partition): void;
}

/** A record that ends at admission: of another group, or completed before under an earlier assignment. */
export type PassedOver = Extract<Settlement, { kind: "skip" | "duplicate" }>;

export interface FlowDeps {
  readonly clock: Clock;
  readonly lanes: Lanes;
  readonly observe: Observe;
  /** Base group: retry records of other groups are passed over. */
  readonly group: string;
  /** Completes a record that no handler is to see. */
  readonly onPassedOver: (work: Work, why: PassedOver) => void;
  readonly limits?: Partial<FlowLimits>;
}

export interface FlowLimits {
  /** Records of a partition that were fetched and have not started; it is not fetched beyond. Default 256. */
  readonly maxBuffered: number;
  /** Fetching goes on when so few are left. Default 128. */
  readonly resumeAt: number;
  /**
   * Records that no commit covers, and, where commits hold no map, highest admitted offset minus watermark. Default
   * 1,000: bounds what a crash repeats, also while one record is stuck or commits are slow, and what is remembered of
   * records that wait.
   */
  readonly maxWindow: number;
  /**
   * Fetched and unfinished bytes of one consumer. Default 64 MiB; what partitions hold that wait for a registry or a sink
   * counts only where it is more than as much again.
   */
  readonly maxBytes: number;
}

export const flowDefaults: FlowLimits = {
  maxBuffered: 256,
  resumeAt: 128,
  maxWindow: 1_000,
  maxBytes: 67_108_864,
};

export function createFlow({ clock, lanes, observe, group, onPassedOver, limits }: FlowDeps): Flow {
  const { maxBuffered, resumeAt, maxWindow, maxBytes } = { ...flowDefaults, ...limits };
  const intakes = createIntakes(maxBytes);
  const isDue = createDue(clock, (partition, intake) => admit(partition, intake));

  const passOver = (partition: Partition, head: RawRecord): void => {
    partition.buffer.shift();
    partition.offsets.cover(head.offset + 1n);
    const work = createWork(partition, head, undefined);
    // The commit that this assignment began with covers it already.
    work.isCompleted = true;
    onPassedOver(work, { kind: "duplicate" });
  };

  // False: the head has to wait.
  const admitHead = (partition: Partition, intake: Intake, head: RawRecord): boolean => {
    const { pauses, offsets, stage } = partition;
    offsets.cover(head.offset);
    if (offsets.isInherited(head.offset)) {
      passOver(partition, head);
      return true;
    }
    if (!offsets.hasRoom(head.offset, maxWindow)) {
      pauses.add("window");
      return false;
    }
    pauses.remove("window");
    const foreign = stage > 0 && isForeign(head, group);
    if (stage > 0 && !foreign && !isDue(partition, intake, head)) return false;
    partition.buffer.shift();
    const work = createWork(partition, head, toLane(head.key, partition.route.order));
    offsets.admit(work);
    if (foreign) onPassedOver(work, { kind: "skip", reason: "other-group" });
    else lanes.enqueue(work);
    return true;
  };

  const admit = (partition: Partition, intake: Intake): void => {
    const { buffer, queue, pauses } = partition;
    while (partition.phase === "open" && queue.queued < maxBuffered) {
      const head = buffer.peek();
      if (!head || !admitHead(partition, intake, head)) break;
    }
    if (partition.phase !== "open") return;
    if (buffer.size() === 0) {
      partition.offsets.cover(intake.takenTo);
      pauses.remove("delay");
      pauses.remove("window");
    }
    const buffered = buffer.size() + queue.queued;
    if (buffered >= maxBuffered || intakes.isStarved(partition)) pauses.add("buffer");
    else if (buffered <= resumeAt) pauses.remove("buffer");
  };

  const readmit = (starved: readonly Partition[]): void => {
    for (const partition of starved) admit(partition, intakes.of(partition));
  };

  const disown = (from: Partition): void => {
    const { topic, partition, offsets } = from;
    if (offsets.inheritedTo() === undefined) return;
    offsets.disown();
    observe({ kind: "offsets.map_dropped", group, topic, partition, why: "other-log" });
    from.touch();
  };

  return {
    receive(partition, batch) {
      if (partition.phase !== "open" || batch.epoch !== partition.epoch) {
        const { topic, partition: number, epoch } = batch;
        observe({ kind: "offsets.dropped", group, topic, partition: number, epoch, why: "batch" });
        return;
      }
      // It goes on under another assignment, which fetches it anew.
      if (partition.pauses.has("stopped")) return;
      const inheritedTo = partition.offsets.inheritedTo();
      // The log ends before what was done in it: its records are others.
      if (inheritedTo !== undefined && batch.highWatermark < inheritedTo) disown(partition);
      intakes.take(partition, batch);
      admit(partition, intakes.of(partition));
      // Offsets without a record to complete still move the watermark.
      if (batch.records.size() === 0) partition.touch();
    },
    isBehind(partition, { records, nextOffset }) {
      return (records.peek()?.offset ?? nextOffset - 1n) < intakes.of(partition).takenTo;
    },
    disown,
    settled(partition) {
      const { phase, pauses, queue } = partition;
      if (phase !== "open") return;
      if (pauses.has("stopped")) {
        // Nothing of it starts under this assignment any more, and it may last for weeks.
        dropQueued(partition);
        readmit(intakes.drop(partition));
        return;
      }
      if (pauses.blocksWork()) readmit(intakes.blocked());
      if (queue.queued <= resumeAt || pauses.has("window")) admit(partition, intakes.of(partition));
    },
    wake: (partition) => lanes.wake(partition),
    finished: (work) => readmit(intakes.finish(work)),
    drop: (partition) => readmit(intakes.drop(partition)),
  };
}

function isForeign(record: RawRecord, group: string): boolean {
  const owner = headerText(record.headers, headerNames.group);
  return owner !== undefined && owner !== group;
}
