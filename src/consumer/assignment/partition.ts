import type { Bag, Bagged } from "../../core/bag.ts";
import { createBag } from "../../core/bag.ts";
import type { Fifo } from "../../core/fifo.ts";
import { createFifo } from "../../core/fifo.ts";
import type { RawRecord, TopicPartition } from "../../core/record.ts";
import type { Observe } from "../../core/signals.ts";
import type { PortConsumer } from "../../transport/port.ts";
import { sizeOf } from "../../transport/records.ts";
import type { OffsetMap } from "../offset-map.ts";
import type { OffsetTracker } from "../offsets.ts";
import { createOffsetTracker } from "../offsets.ts";
import type { Route } from "../plan/handlers.ts";
import type { Ticket } from "../tickets.ts";
import type { PauseSet } from "./pauses.ts";
import { createPauseSet } from "./pauses.ts";
import type { RecordBuffer } from "./record-buffer.ts";
import { createRecordBuffer } from "./record-buffer.ts";
import type { Session } from "./session.ts";

/** One assignment of one partition to this member: everything that ends when the assignment ends. */
export interface Partition extends TopicPartition {
  readonly epoch: number;
  readonly route: Route;
  /** 0 for a source topic, k for its k-th retry topic. */
  readonly stage: number;
  readonly pauses: PauseSet;
  /** Of the member that has it. */
  readonly session: Pick<Session, "isSure">;
  readonly offsets: OffsetTracker;
  /** Fetched and not yet admitted, in order. */
  readonly buffer: RecordBuffer;
  readonly queue: Queue;
  /** Timers of waits and holds; cancelled when the assignment ends. */
  readonly timers: Set<() => void>;
  /** `open` admits; `draining` lets what runs finish; `closed` drops every completion. */
  phase: "open" | "draining" | "closed";
  /** Handlers were told to stop: what they throw from now on says nothing about their records. */
  isCalledOff: boolean;
  /** Something that records wait for does not answer (`holds.ts`). */
  isHeld: boolean;
  /** Highest offset that was committed under this assignment. */
  committed: bigint | undefined;
  /** What the last commit said beside its offset, under this assignment or before it. */
  committedMetadata: string;
  /** When something was last completed. */
  completedMs: number;
  /** Tells that something was completed, so that it is committed soon. */
  readonly touch: () => void;
}

/** Admitted records of one assignment. */
export interface Queue {
  /** Last record of each lane under way; a lane without one does not exist. */
  readonly tails: Map<string, Work>;
  /** First records of lanes, free to start. */
  readonly ready: Fifo<Work>;
  readonly running: Bag<Work>;
  /** Admitted and not running. */
  queued: number;
  /** Stands in the ring of partitions that have something to start. */
  isListed: boolean;
  readonly idleWaiters: Set<() => void>;
}

/** One admitted record on its way through the pipeline. */
export interface Work extends Ticket, Bagged {
  readonly record: RawRecord;
  /** What is free again once it is finished. */
  readonly sizeBytes: number;
  readonly partition: Partition;
  /** Undefined: no order is kept. */
  readonly lane: string | undefined;
  /** The next record of the same lane. */
  next: Work | undefined;
  /** Failed tries on the source topic in this process. */
  triesHere: number;
  firstFailureMs: number | undefined;
  lastFailureMs: number;
  /** The dedupe claim, kept from try to try. */
  claim: Claim | undefined;
  /** Finishes a settlement that its sink did not take yet, instead of running the handler again. */
  resume: (() => Promise<boolean>) | undefined;
  /** While its handler runs: what calls it off. */
  delivery: { callOff(reason: unknown): void } | undefined;
}

/** A lease on a message id, held while its record waits or runs. */
export interface Claim extends Bagged {
  readonly key: string;
  readonly owner: string;
  readonly work: Work;
  renewedMs: number;
  isLost: boolean;
}

export interface PartitionInit extends TopicPartition {
  readonly epoch: number;
  readonly route: Route;
  readonly stage: number;
  /** The group that reads it: the retry topics' readers have one of their own. */
  readonly group: string;
  readonly port: Pick<PortConsumer, "pause" | "resume">;
  readonly observe: Observe;
  /** Default: one that is always sure. */
  readonly session?: Pick<Session, "isSure">;
  readonly touch: (partition: Partition) => void;
  /** Longest map of completed offsets; 0: none. */
  readonly maxMapLength?: number;
  readonly committedMetadata?: string;
  /** What an earlier assignment completed above the committed offset. */
  readonly inherited?: OffsetMap | undefined;
}

export function createPartition(init: PartitionInit): Partition {
  const { topic, partition, epoch, route, stage } = init;
  const created: Partition = {
    topic,
    partition,
    epoch,
    route,
    stage,
    pauses: createPauseSet(init.port, init, init.group, init.observe),
    session: init.session ?? { isSure: () => true },
    offsets: createOffsetTracker(init.maxMapLength, init.inherited),
    buffer: createRecordBuffer(),
    queue: {
      tails: new Map(),
      ready: createFifo(),
      running: createBag(),
      queued: 0,
      isListed: false,
      idleWaiters: new Set(),
    },
    timers: new Set(),
    phase: "open",
    isCalledOff: false,
    isHeld: false,
    committed: undefined,
    committedMetadata: init.committedMetadata ?? "",
    completedMs: 0,
    touch: () => init.touch(created),
  };
  return created;
}

export function createWork(partition: Partition, record: RawRecord, lane: string | undefined): Work {
  return {
    offset: record.offset,
    isCompleted: false,
    ordinal: 0,
    record,
    sizeBytes: sizeOf(record),
    partition,
    lane,
    next: undefined,
    triesHere: 0,
    firstFailureMs: undefined,
    lastFailureMs: 0,
    claim: undefined,
    resume: undefined,
    delivery: undefined,
    place: -1,
  };
}

/** True from its start until it is settled or waits. */
export function isRunning(work: Work): boolean {
  return work.place >= 0;
}
