import type { EventType } from "../../core/event.ts";
import { type TopicNaming, toDeadLetterTopic, toRetryTopic } from "../../core/topic-names.ts";

/** How one group handles one source topic. */
export interface FlowPolicy {
  readonly group: string;
  readonly topic: string;
  readonly order: "key" | "partition" | "none";
  /** Tries on the source topic. */
  readonly tries: number;
  /** Retry topics in order; with any of them, keys that fail give up their order. */
  readonly stages: readonly { readonly topic: string; readonly delayMs: number }[];
  readonly deadLetter?: string | undefined;
  /** Topic of parked records. */
  readonly parked?: string | undefined;
  /** Ends that handlers and options may choose. Default: both. */
  readonly decisions?: readonly ("skipped" | "discarded")[];
  /** Classes of failures that the run's messages have; others in dead letters are wrong. Default: any. */
  readonly failureClasses?: readonly string[];
  /** Sends that the history does not know are not taken for inventions: other tools write to the topic, too. */
  readonly isShared?: boolean;
}

/** What a run was promised: the checker neither excuses nor accuses beyond it. */
export interface RunPolicy {
  /** What repeats the run; stands in every violation. */
  readonly seed: number;
  readonly flows: readonly FlowPolicy[];
  /** Repeats of an id inside the window count, per process or, with a shared store, per group. Absent: dedupe is off. */
  readonly dedupe?: { readonly windowMs: number; readonly scope: "client" | "group" } | undefined;
  /** One send lies at one offset. */
  readonly isIdempotent: boolean;
  /** Most records that may be handled again after each of these. */
  readonly repeats: {
    readonly perKill: number;
    /** Per partition that was lost without a chance to finish. */
    readonly perLoss: number;
    /** Per partition that was revoked gracefully; 0 where handlers fit the drain. */
    readonly perRevoke: number;
    /** Surplus copies on retry and dead-letter topics in the whole run. Absent: not judged. */
    readonly copies?: number;
  };
  /** Share of a delay by which clocks may differ. Default 0.05. */
  readonly clockTolerance?: number;
  /** Every effect has a span that leads to its producer's. */
  readonly hasTraces?: boolean;
  /** Heap that may stay after quiescence. Default 20 MiB. */
  readonly maxHeapGrowthBytes?: number;
  /** Records by which the lag gauge may differ: one poll. Default 0. */
  readonly lagTolerance?: number;
}

/** What an event's own policy promises a group; a consumer's options may promise something else. */
export function toFlowPolicy<Value, Init>(
  { topic, policy }: EventType<Value, Init>,
  group: string,
  naming: TopicNaming = { naming: "topic" },
): FlowPolicy {
  const { ordered, retry, deadLetter } = policy;
  const delaysMs = ordered ? [] : retry.delaysMs;
  const hasLetters = deadLetter !== "" && !ordered;
  return {
    group,
    topic,
    order: "key",
    tries: hasLetters ? 1 : 8,
    stages: delaysMs.map((delayMs, index) => ({ topic: toRetryTopic(topic, index + 1, naming), delayMs })),
    ...(hasLetters ? { deadLetter: toDeadLetterTopic(topic, deadLetter, naming) } : {}),
  };
}

/** Every topic that a run of these flows writes to or reads: what its final read covers. */
export function topicsOf(flows: readonly FlowPolicy[]): readonly string[] {
  const names = flows.flatMap(({ topic, stages, deadLetter, parked }) => [
    topic,
    ...stages.map((stage) => stage.topic),
    ...[deadLetter ?? [], parked ?? []].flat(),
  ]);
  return [...new Set(names)];
}
