import type { EventType } from "./event.ts";

/** Which dead letters `replay` puts back, and how. Times are epoch milliseconds. */
export interface ReplayOptions {
  /** The source topic whose dead letters are replayed. */
  readonly topic: string;
  /** The consumer group that failed: its own first retry topic receives the records. */
  readonly group: string;
  /** Default true: count only. */
  readonly dryRun?: boolean;
  /**
   * Name of the run, a UUID. Default: a new one. A run that was interrupted goes on where it stood when it is called
   * again with the same id and the same options; brokers remember that for a week by default.
   */
  readonly replayId?: string;
  /** First offset to replay, per partition of the dead-letter topic (inclusive). Default: the beginning. */
  readonly fromOffsets?: Readonly<Record<number, bigint>>;
  /** First offset not to replay, per partition. Default: the end when the run began. */
  readonly toOffsets?: Readonly<Record<number, bigint>>;
  /** Only what was dead-lettered at this time or later. */
  readonly fromMs?: number;
  /** Only what was dead-lettered before this time. */
  readonly toMs?: number;
  /** Only records with this key: its text (UTF-8) or its bytes. */
  readonly key?: string | Uint8Array;
  /** Only failures of this class or these classes, for example `transient`. */
  readonly failureClass?: string | readonly string[];
  /** Only events of this type or these types, for example `order.placed`. */
  readonly event?: string | readonly string[];
  /** Replays the parked topic instead: records that three replays did not help. Default false. */
  readonly parked?: boolean;
  /**
   * Records sent in a second at most. Default 1,000, less than one consumer gets done with handlers of 50 ms: a replay
   * must not starve what arrives meanwhile, nor flood what failed before.
   */
  readonly maxPerSecond?: number;
  /** Another topic to replay into; `allowTargets` has to name it too. Its other readers see the records as well. */
  readonly target?: string;
  /** Topics that `target` may be. Default: none. */
  readonly allowTargets?: readonly string[];
  /** Decodes each value by the schema that the app has now, and sends only those that can be read. Default false. */
  readonly checkValues?: boolean;
  /**
   * Mends values: gets each, decoded, and returns or promises what is to be sent in its place, complete, or undefined to leave it as
   * it is. What is sent is encoded by the event's schema of today and marked `keryx-replay-edited`; what cannot be read
   * or encoded is rejected, as with `checkValues`. In a dry run it is called too.
   */
  readonly edit?: (value: unknown, about: { readonly event: EventType; readonly from: string }) => unknown;
  /** Events of the topic. Default: those that the app's producers and consumers were told of. */
  readonly events?: readonly EventType[];
  /** As the group's consumer has it. Default: the app's setting. */
  readonly naming?: "topic" | "group";
  /** May create the parked topic. Default: the app's setting. */
  readonly createTopics?: boolean;
  /** Ends the run early; what was sent until then is remembered under its id. */
  readonly signal?: AbortSignal;
}

/** Offsets of one partition of a dead-letter topic. */
export interface ReplayRange {
  readonly topic: string;
  readonly partition: number;
  /** The first that this call looked at. */
  readonly from: bigint;
  /** The first behind the run: where a later run begins that is to leave this one's records out. */
  readonly to: bigint;
}

/** What a replay did, or in a dry run would do, in records. A run that goes on counts what was left. */
export interface ReplayResult {
  /** Dead letters of the topic and group that the filters take. */
  readonly planned: number;
  /** Put back; 0 in a dry run. */
  readonly sent: number;
  /** Of another group or topic, dead-lettered by a producer, or left out by a filter. */
  readonly skipped: number;
  /** Of those planned: cannot be read by the current schema, and were not sent. Only with `checkValues` or `edit`. */
  readonly rejected: number;
  /** Of those planned: sent with another value, or to be. */
  readonly edited: number;
  /** Of those planned, by failure class. */
  readonly byClass: ReadonlyMap<string, number>;
  /** Of those planned, by event type. */
  readonly byEvent: ReadonlyMap<string, number>;
  /** Of those planned, by the time since they were dead-lettered. */
  readonly byAge: {
    readonly underHour: number;
    readonly underDay: number;
    readonly underWeek: number;
    readonly older: number;
  };
  readonly replayId: string;
  /** Whether an earlier call with this id had begun the run. */
  readonly resumed: boolean;
  readonly target: string;
  readonly ranges: readonly ReplayRange[];
}
