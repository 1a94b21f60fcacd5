import type {
  ConsumerHealth,
  ConsumerSnapshot,
  ExpectedState,
  HealthState,
  MemberSnapshot,
  PartitionHealth,
  PartitionSnapshot,
} from "../core/health.ts";

/** What one part is found to be at. */
export interface Verdict {
  readonly state: HealthState;
  readonly live: boolean;
  readonly ready: boolean;
  /** The state, with what it is about. */
  readonly summary: string;
}

/** Without progress for longer, with records to read and nothing under way, a partition is stuck. */
const stuckAfterMs = 30_000;
/** Whether a broker would have told of more records is only known so long. */
const newsForMs = 25_000;
const longestRebalanceMs = 60_000;

/** Gravest first: a whole is at what its gravest part is at. */
const gravest: readonly HealthState[] = [
  "failed",
  "blocked",
  "hung",
  "stuck",
  "draining",
  "disconnected",
  "stopped",
  "paused",
  "starting",
  "rebalancing",
  "degraded",
  "running",
  "standby",
];

/** The verdict about a whole: as live and ready as all its parts together. */
export function combine(parts: readonly Verdict[], without: Verdict): Verdict {
  const rank = ({ state, ready }: Verdict): number => gravest.indexOf(state) - (ready ? 0 : 0.5);
  const [worst = without] = [...parts].sort((a, b) => rank(a) - rank(b));
  return { ...worst, live: parts.every(({ live }) => live), ready: parts.every(({ ready }) => ready) };
}

const say = (state: HealthState, about?: string): string =>
  about === undefined ? state : `${state}: ${about}`;

/** As it should be. */
export function fine(state: HealthState, about?: string): Verdict {
  return { state, live: true, ready: true, summary: say(state, about) };
}

/** It will be as it should again. */
export function unready(state: HealthState, about?: string): Verdict {
  return { state, live: true, ready: false, summary: say(state, about) };
}

/** Only a restart helps. */
export function dead(state: HealthState, about: string): Verdict {
  return { state, live: false, ready: false, summary: say(state, about) };
}

/** Stopped because it was asked to. */
export const stoppedOnPurpose: Verdict = {
  state: "stopped",
  live: true,
  ready: false,
  summary: "stopped (expected)",
};

export interface JudgeOptions {
  readonly nowMs: number;
  readonly readyOnStandby: boolean;
}

/** What a consumer is at, compared with what was asked of it. */
export function judgeConsumer(consumer: ConsumerSnapshot, options: JudgeOptions): ConsumerHealth {
  const { group, members } = consumer;
  const verdict = judgeLifecycle(consumer, options);
  const heartbeats = members.flatMap((one) => (one.phase === "joining" ? [] : one.heartbeatMs));
  return {
    group,
    ...verdict,
    expected: toExpected(consumer),
    ...(heartbeats.length > 0 && { heartbeatAgeMs: options.nowMs - Math.min(...heartbeats) }),
    partitions: members.flatMap((one) =>
      one.partitions.map((partition) => toPartitionHealth(partition, one, options.nowMs)),
    ),
  };
}

/** True for a consumer that was asked to end. */
export function isOver({ phase }: Pick<ConsumerSnapshot, "phase">): boolean {
  return phase === "closing" || phase === "closed";
}

function toExpected(consumer: ConsumerSnapshot): ExpectedState {
  if (isOver(consumer)) return "stopped";
  return consumer.isPaused ? "paused" : "running";
}

function judgeLifecycle(consumer: ConsumerSnapshot, options: JudgeOptions): Verdict {
  const { phase, members, startError, group } = consumer;
  if (phase === "closed") return stoppedOnPurpose;
  if (phase === "closing") return unready("draining");
  // Nobody may start it again. What an outage did is no reason for a restart, which would meet it, too.
  if (startError) return startError.retriable ? unready("disconnected", group) : dead("failed", group);
  const isIdle = members.reduce((running, one) => running + countRunning(one), 0) === 0;
  const verdicts = members.map((member) => judgeMember(member, isIdle, options));
  const judged = combine(verdicts, unready("starting"));
  // What is wrong with a member is wrong during a start, too; what is not yet there is only awaited.
  if (phase !== "started" && judged.live) return unready("starting");
  return judged;
}

function judgeMember(member: MemberSnapshot, isIdle: boolean, options: JudgeOptions): Verdict {
  const { phase, sinceMs, heartbeatMs, sessionTimeoutMs, partitions, group } = member;
  const { nowMs, readyOnStandby } = options;
  if (phase === "failed") return dead("failed", group);
  if (phase === "crashed") return unready("disconnected");
  if (phase === "joining") return unready("starting");
  if (phase === "rejoining")
    return nowMs - sinceMs < longestRebalanceMs ? fine("rebalancing") : unready("rebalancing");
  if (nowMs - heartbeatMs > sessionTimeoutMs) return unready("disconnected");
  if (partitions.length === 0) return readyOnStandby ? fine("standby") : unready("standby");
  return combine(
    partitions.map((partition) => judgePartition(partition, isIdle, nowMs)),
    fine("running"),
  );
}

function judgePartition(partition: PartitionSnapshot, isIdle: boolean, nowMs: number): Verdict {
  const { topic, partition: number, causes } = partition;
  if (causes.includes("stopped")) return unready("stopped", `${topic}/${number}`);
  for (const cause of ["registry", "sink", "dedupe"] as const)
    if (causes.includes(cause)) return unready("paused", cause);
  if (causes.includes("operator")) return fine("paused");
  if (causes.includes("breaker")) return fine("degraded");
  return isStuck(partition, isIdle, nowMs) ? dead("stuck", `${topic}/${number}`) : fine("running");
}

/** Brokers that are away cannot make it so: one of them has just said that there is more to read. */
function isStuck(partition: PartitionSnapshot, isIdle: boolean, nowMs: number): boolean {
  const { endSeenMs, waiting, causes, progressMs } = partition;
  if (!isIdle || waiting > 0 || causes.length > 0 || nowMs - endSeenMs > newsForMs) return false;
  return isBehind(partition) && nowMs - progressMs > stuckAfterMs;
}

function isBehind({ end, watermark, committed }: PartitionSnapshot): boolean {
  const done = watermark ?? committed;
  return end !== undefined && done !== undefined && end > done;
}

function toPartitionHealth(
  snapshot: PartitionSnapshot,
  { heartbeatMs, sessionTimeoutMs }: MemberSnapshot,
  nowMs: number,
): PartitionHealth {
  const { group, topic, partition, watermark, committed, end, causes, running, oldestMs } = snapshot;
  const lag =
    end === undefined || committed === undefined ? undefined : end > committed ? end - committed : 0n;
  const isMeasured =
    lag !== undefined && lag > 0n && causes.length === 0 && nowMs - heartbeatMs <= sessionTimeoutMs;
  return {
    group,
    topic,
    partition,
    paused: causes,
    running,
    ...(watermark !== undefined && { watermark }),
    ...(lag !== undefined && { lag }),
    ...(isMeasured && { progressAgeMs: nowMs - snapshot.progressMs }),
    ...(oldestMs !== undefined && { oldestAgeMs: nowMs - oldestMs }),
  };
}

function countRunning({ partitions }: MemberSnapshot): number {
  return partitions.reduce((sum, { running }) => sum + running, 0);
}
