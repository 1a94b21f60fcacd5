import type { BatchHandler, BatchOptions } from "./batch.ts";
import type { EventType, TopicDefinition } from "./event.ts";
import type { Handler, Middleware, TombstoneHandler } from "./handler.ts";
import type { AppHealth } from "./health.ts";
import type { ReplayOptions, ReplayResult } from "./replay.ts";

/** Options of one send. */
export interface SendOptions {
  /** User headers; names that start with `keryx-` are refused. */
  readonly headers?: Readonly<Record<string, string | Uint8Array>>;
  /** Default: inherited from the handler under way, else the message's own id. */
  readonly correlationId?: string;
  /** Default: the id of the message under way, else none. */
  readonly causationId?: string;
  /** Record timestamp, epoch milliseconds. Default: now. */
  readonly timestampMs?: number;
  /** Gives up waiting; a record that already left may still arrive. */
  readonly signal?: AbortSignal;
}

/** Where a sent record landed. */
export interface SendResult {
  readonly topic: string;
  /** -1 when the broker acknowledged without telling, as with `offset`. */
  readonly partition: number;
  /** -1n when the broker acknowledged without telling (acks 0, or a repeat of an idempotent send). */
  readonly offset: bigint;
  /** The dedupe id of the record: the declared one, else a generated UUIDv7. */
  readonly messageId: string;
}

/** Counters of one producer since its start. */
export interface ProducerStats {
  /** Records handed to `send`. */
  readonly sent: number;
  /** Records that the broker acknowledged. */
  readonly produced: number;
  /** Records whose send was rejected. */
  readonly failed: number;
  /** Records waiting or under way. */
  readonly inFlight: number;
  /** Produce requests made. */
  readonly batches: number;
}

/** Publishes the events of one topic. */
export interface TopicProducer {
  /**
   * Connects and registers the topic's schemas; otherwise the first send does.
   * @throws KeryxError `topic_missing`, `broker_unreachable`, `auth_failed`, `registry_unreachable`, `schema_incompatible`, …
   */
  start(): Promise<void>;
  /**
   * Publishes one event; resolves when the broker acknowledged it. Waits while the queue is full.
   * @throws KeryxError `encode_failed`, `missing_key`, `missing_id`, `header_invalid`, `send_timeout`, `send_failed`,
   * `record_too_large`, `aborted`, `closed`, or as `start`
   */
  send<Value, Init>(event: EventType<Value, Init>, value: Init, options?: SendOptions): Promise<SendResult>;
  /** Publishes a record with a null value for `key`. @throws as `send` */
  tombstone(key: string, options?: SendOptions): Promise<SendResult>;
  /** Resolves when everything sent so far is settled. */
  flush(): Promise<void>;
  /** Counters since the producer was made. */
  stats(): ProducerStats;
}

/** How a consumer keeps order: per key, per partition, or not at all. */
export type OrderMode = "key" | "partition" | "none";

/** How one consumer reads and what it does when a handler fails. Times are milliseconds. */
export interface ConsumerOptions {
  /** Consumer group. Required. */
  readonly group: string;
  /** Records in flight at once, per consumer. Default 64. */
  readonly concurrency?: number;
  /** Default `key`. */
  readonly order?: OrderMode;
  /**
   * Keeps order on failure, too, for events that do not declare it themselves: a record that fails is tried again in its
   * place, not on retry topics, and nothing of its key overtakes it. Default false.
   */
  readonly ordered?: boolean;
  /**
   * Tries on the source topic itself before the plan goes on. Default: 1 where a failed record goes on to a retry or
   * dead-letter topic; 8 where order is declared, dead letters are off, or the topic has no policy.
   */
  readonly here?: {
    readonly tries?: number;
    readonly baseMs?: number;
    readonly factor?: number;
    readonly maxMs?: number;
    readonly jitter?: "full" | "none";
  };
  /** When every attempt failed. Default `deadLetter`; `stop` where order is declared. */
  readonly exhausted?: "deadLetter" | "stop" | "discard";
  /** A record whose event has no handler. Default `deadLetter`. */
  readonly onUnhandled?: "deadLetter" | "skip";
  /** Create missing topics at start: source, retry and dead-letter ones. Default false: the start is refused. */
  readonly createTopics?: boolean;
  /** Names of retry and dead-letter topics: per topic (default) or per topic and group. */
  readonly naming?: "topic" | "group";
  /** Overrides the schema's retry delays (reported as a warning). Milliseconds. */
  readonly retryDelaysMs?: readonly number[];
  /** Where a group without committed offsets begins. Default `earliest`. */
  readonly from?: "earliest" | "latest";
  /** Dedupe by message id: in memory (default) or off. */
  readonly dedupe?: "memory" | "off";
  /**
   * Dead letters carry the stack of the last error, masked like its message, in `keryx-failure-stack`. Default false:
   * stacks name files of the service to whoever may read the topic.
   */
  readonly failureStack?: boolean;
  /**
   * Names under which dead letters say why. Default `["keryx"]`; with `"spring"` also those that Spring for Apache
   * Kafka reads (`kafka_dlt-original-topic` and so on), for teams with services of both kinds.
   */
  readonly headers?: readonly ("keryx" | "spring")[];
  /**
   * Longest metadata of a commit, in bytes: there a consumer keeps which records above the committed offset are done, so
   * that a crash behind one stuck record repeats a handful. Default 4096, what brokers keep unless their
   * `offset.metadata.max.bytes` says otherwise; one that keeps less is found out. 0 switches it off: then nothing is
   * admitted further than 1,000 records above one that is stuck, and a crash repeats those. At least 512 otherwise.
   */
  readonly offsetMapMaxBytes?: number;
  /** A dedupe id is remembered for so long. Default 24 hours. */
  readonly dedupeTtlMs?: number;
  /**
   * When the store that remembers ids does not answer: `pause` (default) holds the partition until it does, `process`
   * goes on without it, so that repeats have their effect again, `fail` stops the partition.
   */
  readonly onStoreDown?: "pause" | "process" | "fail";
  /** Default 60 s; then the delivery's signal is aborted. */
  readonly handlerTimeoutMs?: number;
  /** How long a rebalance waits for running handlers; no heartbeat is sent meanwhile. Default 10 s. */
  readonly drainTimeoutMs?: number;
  /**
   * How long `close` waits for running handlers; then their signals are aborted, and 2 s later their records are left to
   * the next owner. Default 25 s: with the commit and what follows it fits into the 40 s that a platform should grant.
   */
  readonly closeTimeoutMs?: number;
  /** Default 5 s. */
  readonly commitTimeoutMs?: number;
  /** Default 30 s. */
  readonly sessionTimeoutMs?: number;
  /** Default 60 s. */
  readonly rebalanceTimeoutMs?: number;
  /** Errors that make a retry useless: dead-lettered at once. Asked along the chain of causes, before `retriable`. */
  readonly nonRetriable?: (error: unknown) => boolean;
  /** Errors that are worth a retry whatever their code says. */
  readonly retriable?: (error: unknown) => boolean;
  /** Steps around every handler, outermost first; the shipped ones keep their own order inside them. */
  readonly middleware?: readonly Middleware[];
}

/** Reads topics as one consumer group and hands each event to its handler. */
export interface Consumer {
  /** Adds the handler of an event; one per event, before `start`. */
  on<Value, Init>(event: EventType<Value, Init>, handler: Handler<Value>): Consumer;
  /**
   * Adds a handler of an event that takes its records in batches, instead of one by one. Its topic is read with one lane
   * for each partition, whatever `order` says.
   * @throws KeryxError `usage`, `config_invalid`
   */
  onBatch<Value, Init>(
    event: EventType<Value, Init>,
    handler: BatchHandler<Value>,
    options?: BatchOptions,
  ): Consumer;
  /** Adds steps around the handler of one event, inside those of the consumer, before `start`. */
  use<Value, Init>(
    event: EventType<Value, Init>,
    ...middlewares: readonly Middleware<NoInfer<Value>>[]
  ): Consumer;
  /** Adds the handler of null values on a topic. */
  onTombstone(topic: string, handler: TombstoneHandler): Consumer;
  /** Names a topic with all its declared events, so that an event without handler is known by name. */
  topic(topic: TopicDefinition): Consumer;
  /**
   * Resolves when start-up checks have passed and the group was joined.
   * @throws KeryxError `start_refused` with all that is wrong, `broker_unreachable`, `auth_failed`, `not_authorized`
   */
  start(): Promise<void>;
  /** Starts no handler and fetches nothing until `resume`; those that run go on, and the member stays in its group. */
  pause(): void;
  /** Goes on where `pause` stopped. */
  resume(): void;
  /** Drains, commits, leaves the group. Safe to call twice. */
  close(): Promise<void>;
}

/** A running application: what generated producers and consumers stand on. */
export interface App {
  /** The generic producer, for events chosen at run time. */
  readonly producer: {
    send<Value, Init>(event: EventType<Value, Init>, value: Init, options?: SendOptions): Promise<SendResult>;
    flush(): Promise<void>;
  };
  /** The producer of a topic: one per topic and app, so that order per key holds whoever sends. @throws KeryxError `closed` */
  topicProducer(topic: TopicDefinition): TopicProducer;
  /** A new consumer, still without handlers. @throws KeryxError `config_invalid`, `closed` */
  consumer(options: ConsumerOptions): Consumer;
  /**
   * Puts dead letters back to the failing group's first retry topic. A dry run by default.
   * @throws KeryxError `topic_missing`, `usage`, `config_invalid`; what ended the run early is known by its id
   */
  replay(options: ReplayOptions): Promise<ReplayResult>;
  /** What the app and its consumers are at, and whether it is live and ready, as `/health` shows it. */
  health(): AppHealth;
  /** Drains producers and consumers, each within its time-out, commits, leaves, closes connections. Safe to call twice. */
  close(): Promise<void>;
}
