import type { Stage } from "./handler.ts";
import type { TopicPartition } from "./record.ts";

/** Coordinates and identity of a record in a signal. Never a payload. */
export interface RecordRef extends TopicPartition {
  readonly offset: bigint;
  readonly group: string;
  readonly stage: Stage;
  readonly attempt: number;
  readonly event?: string | undefined;
  readonly messageId?: string | undefined;
}

/** How a pass over a record ended; also the metric label. */
export type OutcomeLabel =
  | "processed"
  | "skipped"
  | "deduped"
  | "retried"
  | "dead_lettered"
  | "discarded"
  | "held"
  | "stopped"
  | "abandoned";

/** Why a partition is paused. */
export type PauseCause =
  | "buffer"
  | "window"
  | "delay"
  | "registry"
  | "sink"
  | "dedupe"
  | "stopped"
  | "breaker"
  | "operator";

/**
 * Why the metadata of a commit says nothing of records that are done: another program wrote it, a newer release did,
 * it is damaged, it stands with another offset, its log is no more, or the broker keeps no text of that length.
 */
export type MapFault = "foreign" | "newer" | "corrupt" | "misaligned" | "other-log" | "too-large";

/** Everything the runtime says about itself. Logs, metrics and traces are folds over this union. */
export type Signal =
  | { readonly kind: "app.started"; readonly clientId: string }
  | { readonly kind: "app.closed"; readonly clientId: string }
  | { readonly kind: "config.warning"; readonly message: string }
  | {
      readonly kind: "schema.registered";
      readonly subject: string;
      readonly id: number;
      readonly isNew: boolean;
    }
  | {
      readonly kind: "schema.level_differs";
      readonly subject: string;
      readonly wanted: string;
      readonly found: string;
    }
  | {
      readonly kind: "registry.request_failed";
      readonly url: string;
      readonly status?: number;
      readonly attempt: number;
      readonly willRetry: boolean;
    }
  | { readonly kind: "schema.cache"; readonly hit: boolean }
  | { readonly kind: "topic.created"; readonly topic: string; readonly partitions: number }
  | {
      readonly kind: "record.sent";
      readonly topic: string;
      readonly event?: string;
      readonly messageId?: string;
    }
  | {
      readonly kind: "record.produced";
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly event?: string;
      readonly messageId?: string;
    }
  | {
      readonly kind: "record.send_failed";
      readonly topic: string;
      readonly event?: string;
      readonly messageId?: string;
      readonly error: unknown;
      readonly deadLettered: boolean;
    }
  | {
      readonly kind: "batch.sent";
      readonly topic: string;
      readonly records: number;
      readonly durationMs: number;
      readonly attempt: number;
    }
  | { readonly kind: "record.received"; readonly record: RecordRef }
  | {
      readonly kind: "record.handled";
      readonly record: RecordRef;
      readonly outcome: OutcomeLabel;
      readonly reason?: string | undefined;
      readonly durationMs: number;
      readonly error?: unknown;
      readonly failureClass?: string | undefined;
      readonly next?: { readonly topic: string; readonly dueAtMs?: number } | undefined;
    }
  | { readonly kind: "record.decode_failed"; readonly record: RecordRef; readonly reason: string }
  | {
      readonly kind: "partition.assigned";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly epoch: number;
    }
  | {
      readonly kind: "partition.revoked";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly epoch: number;
      readonly lost: boolean;
      /** Records whose handlers had not ended: they are handled again by the next owner. */
      readonly unfinished: number;
    }
  | {
      readonly kind: "partition.paused";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly cause: PauseCause;
    }
  | {
      readonly kind: "partition.resumed";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly cause: PauseCause;
    }
  | {
      readonly kind: "partition.stopped";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly failureClass: string;
      readonly error?: unknown;
    }
  | {
      readonly kind: "offsets.committed";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
    }
  | { readonly kind: "offsets.commit_failed"; readonly group: string; readonly error: unknown }
  | {
      readonly kind: "offsets.dropped";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly epoch: number;
      readonly why: "commit" | "completion" | "batch";
    }
  | {
      /** The broker no longer holds the position of a group: reading went on at the log's start. */
      readonly kind: "offsets.reset";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
    }
  | {
      /**
       * What a commit told of records that are done beside its offset could not be used, or not be kept: after the
       * next crash they are handled again.
       */
      readonly kind: "offsets.map_dropped";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly why: MapFault;
    }
  | {
      /** The store that remembers ids did not answer, and the record went on without it. */
      readonly kind: "dedupe.bypassed";
      readonly record: RecordRef;
      readonly error: unknown;
    }
  | {
      /** A handler outlived its deadline and has not settled; its lane waits. */
      readonly kind: "handler.overdue";
      readonly record: RecordRef;
      readonly timeoutMs: number;
    }
  | {
      /** A handler that had outlived its deadline ended. */
      readonly kind: "handler.settled";
      readonly record: RecordRef;
    }
  | { readonly kind: "consumer.joined"; readonly group: string }
  | {
      /** A member gives its partitions up and joins again. */ readonly kind: "consumer.rebalancing";
      readonly group: string;
    }
  | {
      /** Routine. A broker answered a heartbeat. */ readonly kind: "consumer.heartbeat";
      readonly group: string;
    }
  | {
      /** Routine. How far the committed offset lies behind the end, as of the last answer of a broker. */
      readonly kind: "partition.lag";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly lag: bigint;
    }
  | { readonly kind: "consumer.stalled"; readonly group: string; readonly ageMs: number }
  | {
      readonly kind: "consumer.crashed";
      readonly group: string;
      readonly error: unknown;
      readonly willRestart: boolean;
    }
  | {
      readonly kind: "connection.failed";
      readonly component: "producer" | "consumer" | "admin";
      readonly error: unknown;
    }
  | {
      /** Brokers answer again. */ readonly kind: "connection.restored";
      readonly component: "producer" | "consumer" | "admin";
    }
  | { readonly kind: "registry.recovered"; readonly url: string }
  | {
      /** The probes answer at this address. */ readonly kind: "health.listening";
      readonly host: string;
      readonly port: number;
    }
  | {
      /** What the probes say changed. */
      readonly kind: "health.changed";
      readonly live: boolean;
      readonly ready: boolean;
      readonly summary: string;
    }
  | {
      readonly kind: "replay.started";
      readonly replayId: string;
      readonly topic: string;
      readonly group: string;
      readonly target: string;
      readonly dryRun: boolean;
      /** An earlier call with this id had begun the run. */
      readonly resumed: boolean;
    }
  | {
      readonly kind: "replay.record";
      readonly replayId: string;
      /** Coordinates of the dead letter. */
      readonly from: string;
      readonly to: string;
      readonly dryRun: boolean;
      readonly outcome: "planned" | "sent" | "rejected";
      /** Its value was replaced. */
      readonly edited: boolean;
      /** Why the current schema cannot read it. */
      readonly reason?: string;
    }
  /** A line of the log could not be written, or waited behind too many others. Told to no log. */
  | { readonly kind: "log.dropped" }
  | {
      readonly kind: "internal.error";
      readonly where: string;
      readonly error: unknown;
      /** Something outside failed, and the work goes on; absent: a defect, after which the app is no longer live. */
      readonly isPassing?: true;
    };

/** Hears what the runtime says of itself. Called often and in the middle of the work: return at once, never throw. */
export interface Observe {
  (signal: Signal): void;
  /**
   * False: records that are received and processed as they should be are not listened to, and nobody need say so.
   * Absent: everything is heard.
   */
  readonly hearsRoutine?: boolean;
}

/** Hands each signal to every fold; a fold that throws never disturbs the engine or the others. */
export function fanOut(folds: readonly Observe[]): Observe {
  const observe = (signal: Signal): void => {
    for (const fold of folds) {
      try {
        // An asynchronous function does for TypeScript, and its rejection would end the process.
        const returned: unknown = fold(signal);
        if (returned instanceof Promise) returned.catch(() => {});
      } catch {
        // Observing must never change what is observed; there is nobody left to tell.
      }
    }
  };
  return Object.assign(observe, { hearsRoutine: folds.some(({ hearsRoutine }) => hearsRoutine !== false) });
}
