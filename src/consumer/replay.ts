import type { ReplayOptions, ReplayResult } from "../core/app.ts";
import type { Clock } from "../core/clock.ts";
import { sleep } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import { headerInteger, headerNames, headerText, toHeader } from "../core/headers.ts";
import type { Header, OutgoingRecord, RawRecord } from "../core/record.ts";
import { toCoordinates } from "../core/record.ts";
import type { Observe } from "../core/signals.ts";
import { type TopicNaming, toDeadLetterTopic, toRetryTopic } from "../core/topic-names.ts";
import type { KafkaPort } from "../transport/port.ts";
import { hopHeaderNames, readHistory } from "./hand-over/hop-headers.ts";
import type { Sink } from "./hand-over/sink.ts";
import { createSink } from "./hand-over/sink.ts";

/** What a replay stands on. */
export interface ReplayDeps {
  readonly transport: KafkaPort;
  readonly observe: Observe;
  readonly clock: Clock;
  /** Events that the app knows: they tell a dead-letter topic that is not `<topic>-dlq`. */
  readonly events?: readonly EventType[];
  /** As in the consumer's options. Default `topic`. */
  readonly naming?: "topic" | "group";
}

/** A replay never floods the handlers that failed before: so many records at most in a second. */
const maxPerSecond = 1_000;

/**
 * Puts dead letters back to the failing group's first retry topic, due at once. Records of other groups and
 * other topics, of producers and of foreign tools are passed over. Each run covers a range fixed at its start.
 *
 * @throws KeryxError `topic_missing` when the dead-letter topic does not exist, or when the group has no retry
 * topic that would read the records: no other target is safe for the topic's other groups.
 */
export async function replay(deps: ReplayDeps, options: ReplayOptions): Promise<ReplayResult> {
  const { transport, clock } = deps;
  const naming = { group: options.group, naming: deps.naming ?? "topic" };
  const target = toRetryTopic(options.topic, 1, naming);
  const targetPartitions = await requireTarget(transport, target);
  const isDryRun = options.dryRun ?? true;
  const sink = createSink(transport, clock);
  const run: Run = {
    deps,
    options,
    target,
    targetPartitions,
    sink,
    isDryRun,
    replayId: crypto.randomUUID(),
    waitForTurn: createPace(clock),
    count: { planned: 0, sent: 0, skipped: 0 },
  };
  try {
    for (const deadLetters of toDeadLetterTopics(deps.events ?? [], options.topic, naming))
      await replayTopic(run, deadLetters);
  } finally {
    await sink.close();
  }
  return { ...run.count };
}

interface Run {
  readonly deps: ReplayDeps;
  readonly options: ReplayOptions;
  readonly target: string;
  readonly targetPartitions: number;
  readonly sink: Sink;
  readonly isDryRun: boolean;
  readonly replayId: string;
  readonly waitForTurn: () => Promise<void>;
  readonly count: { planned: number; sent: number; skipped: number };
}

function toDeadLetterTopics(events: readonly EventType[], topic: string, naming: TopicNaming): Set<string> {
  const own = events.filter((event) => event.topic === topic && event.policy.deadLetter !== "");
  const declared = own.length > 0 ? own.map(({ policy }) => policy.deadLetter) : [undefined];
  return new Set(declared.map((name) => toDeadLetterTopic(topic, name, naming)));
}

async function requireTarget(transport: KafkaPort, target: string): Promise<number> {
  const admin = transport.admin();
  try {
    const [found] = await admin.describeTopics([target]);
    if (found) return found.partitions;
  } finally {
    await admin.close();
  }
  throw new KeryxError("topic_missing", `There is no ${target} to replay into`, {
    help: "Dead letters go back through the group's first retry topic, so that other groups see nothing. Give the event a retry delay and start its consumer; for an ordered event, publish it anew instead.",
  });
}

async function replayTopic(run: Run, topic: string): Promise<void> {
  const { transport } = run.deps;
  const { fromOffsets, toOffsets } = run.options;
  const admin = transport.admin();
  const ranges = await admin.offsets(topic).finally(() => admin.close());
  for (const { partition, low, high } of ranges) {
    const from = maxOf(low, fromOffsets?.[partition] ?? low);
    const to = minOf(high, toOffsets?.[partition] ?? high);
    if (from < to)
      await transport.read({ topic, partition, offset: from }, to, (record) => replayOne(run, record));
  }
}

async function replayOne(run: Run, record: RawRecord): Promise<void> {
  const { options, target, count, isDryRun, deps } = run;
  if (!isOwn(record, options)) {
    count.skipped++;
    return;
  }
  count.planned++;
  if (!isDryRun) {
    await run.waitForTurn();
    await run.sink.send(toReplayed(run, record));
    count.sent++;
  }
  deps.observe({ kind: "replay.record", from: toCoordinates(record), to: target, dryRun: isDryRun });
}

// Only what this group's consumer dead-lettered from this topic: anything else never was its to handle.
function isOwn({ headers }: RawRecord, { topic, group }: ReplayOptions): boolean {
  return (
    headerText(headers, headerNames.side) !== "producer" &&
    headerText(headers, headerNames.group) === group &&
    headerText(headers, headerNames.originalTopic) === topic
  );
}

const kept: ReadonlySet<string> = new Set([
  headerNames.originalTopic,
  headerNames.originalPartition,
  headerNames.originalOffset,
  headerNames.originalTimestamp,
  headerNames.originalTimestampType,
  headerNames.event,
  headerNames.schemaId,
  headerNames.schemaSubject,
  headerNames.nullHeaders,
]);

const replayNames: ReadonlySet<string> = new Set([
  headerNames.replayId,
  headerNames.replayCount,
  headerNames.replayedFrom,
]);

// Key, value and user headers as they are; the origin stays, the history of attempts starts anew.
function toReplayed(
  { deps, options, target, targetPartitions, replayId }: Run,
  record: RawRecord,
): OutgoingRecord {
  const { partition } = readHistory(record, 1).origin;
  const now = deps.clock.now();
  const carried = record.headers
    .filter(([name]) => (!hopHeaderNames.has(name) || kept.has(name)) && !replayNames.has(name))
    .map(([name, value]): Header => [name, value ?? new Uint8Array(0)]);
  const stamped: readonly (readonly [string, string | number])[] = [
    [headerNames.version, 1],
    [headerNames.group, options.group],
    [headerNames.stage, "retry-1"],
    [headerNames.attemptCount, 0],
    [headerNames.dueAt, now],
    [headerNames.previous, toCoordinates(record)],
    [headerNames.replayId, replayId],
    [headerNames.replayCount, (headerInteger(record.headers, headerNames.replayCount) ?? 0) + 1],
    [headerNames.replayedFrom, toCoordinates(record)],
  ];
  return {
    topic: target,
    ...(partition < targetPartitions ? { partition } : {}),
    key: record.key,
    value: record.value,
    headers: [...carried, ...stamped.map(([name, value]) => toHeader(name, String(value)))],
  };
}

function createPace(clock: Clock): () => Promise<void> {
  let second = 0;
  let used = 0;
  return async () => {
    const now = clock.now();
    if (now - second >= 1_000 || now < second) {
      second = now;
      used = 0;
    }
    if (++used <= maxPerSecond) return;
    await sleep(clock, second + 1_000 - now);
    second = clock.now();
    used = 1;
  };
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
