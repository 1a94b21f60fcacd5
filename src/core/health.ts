import type { KeryxError } from "./errors.ts";
import type { TopicPartition } from "./record.ts";
import type { PauseCause } from "./signals.ts";

/** What an app or a consumer is at. */
export type HealthState =
  | "starting"
  | "running"
  | "standby"
  | "rebalancing"
  | "degraded"
  | "paused"
  | "disconnected"
  | "draining"
  | "stopped"
  | "blocked"
  | "stuck"
  | "hung"
  | "failed";

/** What its owner asked of it: stopped on purpose is healthy, stopped by accident is not. */
export type ExpectedState = "running" | "paused" | "stopped";

/** One assigned partition. */
export interface PartitionHealth extends TopicPartition {
  /** The group that reads it: retry topics are read under a group of their own. */
  readonly group: string;
  /** Lowest offset that is not done; absent before anything was read. */
  readonly watermark?: bigint;
  /** End offset minus committed offset, as of the last answer of the broker. */
  readonly lag?: bigint;
  /** Why it is paused; empty: it is not. */
  readonly paused: readonly PauseCause[];
  /** Records whose handlers run. */
  readonly running: number;
  /** Since its last completion or commit, in milliseconds; measured only while there is lag and nothing pauses it. */
  readonly progressAgeMs?: number;
  /** Since the delivery of its oldest unfinished record, in milliseconds. */
  readonly oldestAgeMs?: number;
}

/** Health of one consumer, its retry topics included. */
export interface ConsumerHealth {
  readonly group: string;
  readonly state: HealthState;
  /** `state` with what it is about, for example `paused: registry` or `stopped: orders/3`. */
  readonly summary: string;
  readonly expected: ExpectedState;
  readonly live: boolean;
  readonly ready: boolean;
  /** Since the last heartbeat that a broker answered, in milliseconds. */
  readonly heartbeatAgeMs?: number;
  readonly partitions: readonly PartitionHealth[];
}

/** Health of an app: what it is at, compared with what was asked of it. */
export interface AppHealth {
  /** False: only a restart helps. Never false because brokers or registry are away. */
  readonly live: boolean;
  /** True: it does what it is there for, or waits for it as it should. */
  readonly ready: boolean;
  /** The gravest of all its parts. */
  readonly state: HealthState;
  /** `state` with what it is about. */
  readonly summary: string;
  readonly expected: ExpectedState;
  readonly consumers: readonly ConsumerHealth[];
  /** What was found wrong with the settings, and stays so. */
  readonly warnings: readonly string[];
}

/** A partition as the engine sees it now. Times are the clock's. */
export interface PartitionSnapshot extends TopicPartition {
  readonly group: string;
  readonly watermark: bigint | undefined;
  readonly committed: bigint | undefined;
  /** Behind its last record that may be read. */
  readonly end: bigint | undefined;
  /** When a broker last said where it ends. */
  readonly endSeenMs: number;
  readonly causes: readonly PauseCause[];
  readonly running: number;
  /** Records that wait for a time of their own. */
  readonly waiting: number;
  /** Last completion, commit, resume or assignment, or when it last fell behind. */
  readonly progressMs: number;
  /** Delivery of its oldest unfinished record. */
  readonly oldestMs: number | undefined;
}

/** A group member as its client shows it. */
export interface MemberSnapshot {
  readonly group: string;
  readonly phase: "joining" | "joined" | "rejoining" | "crashed" | "failed";
  readonly sinceMs: number;
  readonly heartbeatMs: number;
  readonly sessionTimeoutMs: number;
  readonly partitions: readonly PartitionSnapshot[];
}

/** A consumer from its making to its end. */
export interface ConsumerSnapshot {
  readonly group: string;
  readonly phase: "new" | "starting" | "started" | "closing" | "closed";
  readonly isPaused: boolean;
  /** Why its last start failed, until it is started again. */
  readonly startError?: KeryxError;
  readonly members: readonly MemberSnapshot[];
}

/** What health is judged from, beside the signals. */
export interface AppSnapshot {
  readonly phase: "open" | "closing" | "closed";
  readonly consumers: readonly ConsumerSnapshot[];
}
