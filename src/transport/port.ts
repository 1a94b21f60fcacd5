import type { OutgoingRecord, RawRecord, TopicPartition, TopicPartitionOffset } from "../core/record.ts";

/** What a Kafka client can and cannot do. A feature whose capability is missing is refused at start by name. */
export interface Capabilities {
  readonly client: string;
  readonly idempotent: boolean;
  readonly partitionPause: boolean;
  readonly commitMetadata: boolean;
  /** A revoke is awaited before the member rejoins. */
  readonly awaitedRevoke: boolean;
  readonly codecs: readonly Compression[];
}

export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";
export type Acks = 0 | 1 | "all";

export interface PortProducerOptions {
  readonly acks: Acks;
  readonly idempotent: boolean;
  readonly compression: Compression;
  /** Broker-side wait for replicas, milliseconds. */
  readonly requestTimeoutMs: number;
}

/** Where one record of a sent batch landed; -1n when the broker did not tell. */
export interface RecordMeta {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * Sends batches exactly once each: no linger, no retries, no order of its own. Those are the producer's.
 * A failure is a KeryxError: `retriable` says whether the same batch may be tried again. The adapter
 * refreshes its metadata after a request timeout or a leadership error, before it rejects.
 */
export interface PortProducer {
  connect(): Promise<void>;
  /** Results stand in the order of the records. Rejects with one error for the whole batch. */
  send(batch: readonly OutgoingRecord[]): Promise<readonly RecordMeta[]>;
  /** Partition count of a topic, from metadata. @throws `topic_missing` */
  partitionsOf(topic: string): Promise<number>;
  /** The broker that a record would go to, as far as is known at this moment. Absent: nothing is known of any. */
  leaderOf?(record: OutgoingRecord): number | undefined;
  close(): Promise<void>;
}

/** Fetched records, in order. A client may make each as it is taken: what waits then costs its bytes and no objects. */
export interface RecordQueue {
  /** Of all records that were in it at first. */
  readonly bytes: number;
  size(): number;
  peek(): RawRecord | undefined;
  shift(): RawRecord | undefined;
}

/** Records of one partition, as fetched. Handlers never run inside the callback: admit and return. */
export interface PortBatch extends TopicPartition {
  /** Empty when the fetch covered nothing but control records, aborted transactions or compacted offsets. */
  readonly records: RecordQueue;
  /** Offset behind the last record of the partition that may be read: open transactions end it. */
  readonly highWatermark: bigint;
  /** Offset behind the last record that the fetch covered, control records and compacted ones included. */
  readonly nextOffset: bigint;
  /** The assignment it belongs to; numbered per process, never reused. */
  readonly epoch: number;
  /**
   * Moves the fetch position behind `offset`; records after it are fetched again. Commits nothing. A batch without
   * records needs no call.
   */
  resolve(offset: bigint): void;
}

export interface PortAssignment extends TopicPartition {
  readonly epoch: number;
  /** Where reading begins; absent where the assignment is only named. */
  readonly offset?: bigint;
  /** What was committed with that offset. */
  readonly metadata?: string;
}

export interface RebalanceHandlers {
  /** Called before the first fetch of a new assignment, everything paused. Resolve when ready to receive. */
  assigned(partitions: readonly PortAssignment[]): void | Promise<void>;
  /** Awaited before the member rejoins: drain, commit, close the epoch. */
  revoked(partitions: readonly PortAssignment[]): Promise<void>;
  /** The assignment is gone already: no commit is possible. */
  lost(partitions: readonly PortAssignment[]): void;
}

export interface PortConsumerOptions {
  readonly group: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Longest wait of a fetch for new data; more than 250 is taken as 250. */
  readonly maxWaitMs: number;
  readonly maxBytesPerPartition: number;
  /** Where a partition starts that has no committed offset. */
  readonly from: "earliest" | "latest";
}

export interface PortOffset extends TopicPartitionOffset {
  readonly metadata?: string;
}

export type ConsumerEvent =
  | { readonly kind: "joined"; readonly memberId: string }
  | { readonly kind: "rejoining" }
  | { readonly kind: "heartbeat" }
  | { readonly kind: "fetch" }
  | { readonly kind: "crash"; readonly error: unknown; readonly willRestart: boolean }
  | { readonly kind: "stalled"; readonly ageMs: number }
  /** The position was no longer (or not yet) in the log: reading goes on at its first offset. */
  | { readonly kind: "out_of_range"; readonly partition: TopicPartition }
  /** A batch that cannot be decompressed or taken apart: its partition stands still and is tried again now and then. */
  | { readonly kind: "unreadable"; readonly at: TopicPartitionOffset; readonly error: unknown };

export interface PortConsumer {
  /** Subscribes, joins the group and starts fetching. Resolves when the group was joined. */
  start(
    topics: readonly string[],
    handle: (batch: PortBatch) => void | Promise<void>,
    rebalance: RebalanceHandlers,
    onEvent?: (event: ConsumerEvent) => void,
  ): Promise<void>;
  /**
   * One request. Rejects with a retriable KeryxError on a passing failure; with `fenced` when the epoch is over.
   * Offsets of another epoch than `epoch` are refused with `fenced` before anything is sent.
   */
  commit(offsets: readonly PortOffset[], epoch: number): Promise<void>;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Fetches next from `offset`. */
  seek(to: TopicPartitionOffset): void;
  assignment(): readonly PortAssignment[];
  /** Stops fetching and leaves the group. The last commit comes before it. */
  close(): Promise<void>;
}

export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
}

export interface NewTopic {
  readonly topic: string;
  /** Absent: the broker's default. */
  readonly partitions?: number;
  readonly replicationFactor?: number;
  readonly config?: Readonly<Record<string, string>>;
}

export interface PortAdmin {
  /** Those of `topics` that exist. */
  describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]>;
  /** Effective configuration of a topic by name. */
  describeConfig(topic: string): Promise<ReadonlyMap<string, string>>;
  /** Creates topics and waits until each partition has a leader. One that exists already is left as it is. */
  createTopics(topics: readonly NewTopic[]): Promise<readonly string[]>;
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** First and end offsets per partition. */
  offsets(
    topic: string,
  ): Promise<readonly { readonly partition: number; readonly low: bigint; readonly high: bigint }[]>;
  /** Committed offsets of a group, on all topics where none are named; partitions without a commit are left out. */
  groupOffsets(group: string, topics?: readonly string[]): Promise<readonly PortOffset[]>;
  /** Commits for a group that has no members. @throws `fenced` when it has some */
  commitOffsets(group: string, offsets: readonly PortOffset[]): Promise<void>;
  close(): Promise<void>;
}

/** A Kafka client behind Keryx' own words. No type or error of a client library leaves its adapter. */
export interface KafkaPort {
  readonly capabilities: Capabilities;
  /** Checks that a broker answers. @throws `broker_unreachable`, `auth_failed`, `tls_failed` */
  ping(): Promise<{ readonly brokers: number; readonly controller: number | null }>;
  producer(options: PortProducerOptions): PortProducer;
  consumer(options: PortConsumerOptions): PortConsumer;
  admin(): PortAdmin;
  /**
   * Reads a partition range outside any group and without committing, in order: for replay and inspection.
   * `to` is exclusive. Resolves with the offset behind which nothing was found: `to`, or one before it where the broker
   * that leads the partition does not know of more yet, or an open transaction holds it back.
   */
  read(
    from: TopicPartitionOffset,
    to: bigint,
    each: (record: RawRecord) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<bigint>;
  close(): Promise<void>;
}
