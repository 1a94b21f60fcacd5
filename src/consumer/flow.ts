import type { OrderMode } from "../core/app.ts";
import type { Clock } from "../core/clock.ts";
import { headerInteger, headerNames, headerText } from "../core/headers.ts";
import type { RawRecord } from "../core/record.ts";
import type { Observe } from "../core/signals.ts";
import type { PortBatch } from "../transport/port.ts";
import type { Intake } from "./assignment/intake.ts";
import { createIntakes } from "./assignment/intake.ts";
import type { Partition, Work } from "./assignment/partition.ts";
import { createWork } from "./assignment/partition.ts";
import type { Lanes } from "./lanes.ts";
import { toLane } from "./lanes.ts";

/** Admission: takes what was fetched, keeps it within its bounds, and hands it to the lanes when it is due. */
export interface Flow {
  /** Takes a fetched batch. Returns at once; a partition with enough to do is paused instead. */
  receive(partition: Partition, batch: PortBatch): void;
  /** True when the batch begins before what was taken already. */
  isBehind(partition: Partition, batch: PortBatch): boolean;
  /** A record left the running ones: there may be room again. */
  settled(partition: Partition): void;
  /** Nothing keeps admitted records from starting any more. */
  wake(partition: Partition): void;
  /** The bytes of a finished record are free again. */
  finished(work: Work): void;
  /** Forgets what was not admitted, and frees the bytes of everything that is not running. */
  drop(partition: Partition): void;
}

export interface FlowDeps {
  readonly clock: Clock;
  readonly lanes: Lanes;
  readonly observe: Observe;
  readonly order: OrderMode;
  /** Base group: retry records of other groups are passed over. */
  readonly group: string;
  /** Completes a retry record that belongs to another group. */
  readonly onForeign: (work: Work) => void;
  readonly limits?: Partial<FlowLimits>;
}

export interface FlowLimits {
  /** Records of a partition that were fetched and have not started; it is not fetched beyond. Default 256. */
  readonly maxBuffered: number;
  /** Fetching goes on when so few are left. Default 128. */
  readonly resumeAt: number;
  /**
   * Highest admitted offset minus watermark, and records that no commit covers. Default 1,000: bounds what a crash
   * repeats, also while one record is stuck or commits are slow.
   */
  readonly maxWindow: number;
  /** Fetched and unfinished bytes of one consumer. Default 64 MiB. */
  readonly maxBytes: number;
}

export const flowDefaults: FlowLimits = {
  maxBuffered: 256,
  resumeAt: 128,
  maxWindow: 1_000,
  maxBytes: 67_108_864,
};

// A wall clock may jump: a waiting head is looked at again at least so often.
const maxDelayCheckMs = 60_000;

export function createFlow({ clock, lanes, observe, order, group, onForeign, limits }: FlowDeps): Flow {
  const { maxBuffered, resumeAt, maxWindow, maxBytes } = { ...flowDefaults, ...limits };
  const intakes = createIntakes(maxBytes);

  // Undefined: may run now.
  const waitMs = (partition: Partition, intake: Intake, head: RawRecord): number | undefined => {
    const now = clock.now();
    if (intake.due?.offset !== head.offset) {
      const headerMs = headerInteger(head.headers, headerNames.dueAt) ?? 0;
      // A forged due time cannot stall the partition beyond what the plan itself may ask for.
      intake.due = { offset: head.offset, atMs: Math.min(headerMs, now + partition.route.longestDelayMs) };
    }
    return intake.due.atMs > now ? intake.due.atMs - now : undefined;
  };

  const delay = (partition: Partition, intake: Intake, forMs: number): void => {
    partition.pauses.add("delay");
    if (intake.cancelDelay) return;
    const cancel = clock.schedule(Math.min(forMs, maxDelayCheckMs), () => {
      partition.timers.delete(cancel);
      intake.cancelDelay = undefined;
      admit(partition, intake);
    });
    intake.cancelDelay = cancel;
    partition.timers.add(cancel);
  };

  const isForeign = (record: RawRecord): boolean => {
    const owner = headerText(record.headers, headerNames.group);
    return owner !== undefined && owner !== group;
  };

  // False: the head has to wait.
  const admitHead = (partition: Partition, intake: Intake, head: RawRecord): boolean => {
    const { pauses, offsets, stage } = partition;
    offsets.cover(head.offset);
    if (offsets.ahead(head.offset) > maxWindow || offsets.uncommitted() > maxWindow) {
      pauses.add("window");
      return false;
    }
    pauses.remove("window");
    const foreign = stage > 0 && isForeign(head);
    const forMs = stage > 0 && !foreign ? waitMs(partition, intake, head) : undefined;
    if (forMs !== undefined) {
      delay(partition, intake, forMs);
      return false;
    }
    if (stage > 0) pauses.remove("delay");
    partition.buffer.shift();
    const work = createWork(partition, head, toLane(head.key, order));
    offsets.admit(work);
    if (foreign) onForeign(work);
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

  return {
    receive(partition, batch) {
      const { topic, partition: number, epoch } = partition;
      if (partition.phase !== "open" || batch.epoch !== epoch) {
        observe({
          kind: "offsets.dropped",
          group,
          topic,
          partition: number,
          epoch: batch.epoch,
          why: "batch",
        });
        return;
      }
      intakes.take(partition, batch);
      admit(partition, intakes.of(partition));
      // Offsets without a record to complete still move the watermark.
      if (batch.records.size() === 0) partition.touch();
    },
    isBehind(partition, { records, nextOffset }) {
      return (records.peek()?.offset ?? nextOffset - 1n) < intakes.of(partition).takenTo;
    },
    settled(partition) {
      if (partition.phase !== "open") return;
      if (partition.queue.queued <= resumeAt || partition.pauses.has("window"))
        admit(partition, intakes.of(partition));
    },
    wake: (partition) => lanes.wake(partition),
    finished: (work) => readmit(intakes.finish(work)),
    drop: (partition) => readmit(intakes.drop(partition)),
  };
}
