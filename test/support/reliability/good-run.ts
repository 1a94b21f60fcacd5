// A run in which everything was kept, as large as asked for: what defects are planted into.
import { headerNames } from "../../../src/core/headers.ts";
import type { Effect } from "../../../src/testing/reliability/effect-log.ts";
import type { FinalOffset, FinalRead, FinalRecord } from "../../../src/testing/reliability/final-read.ts";
import type { HistoryEntry, HistoryRecord, Place } from "../../../src/testing/reliability/history.ts";
import type { FlowPolicy, RunPolicy } from "../../../src/testing/reliability/policy.ts";

type Loose<Type> = { -readonly [Name in keyof Type]: Type[Name] };
export type DraftRecord = Loose<Omit<FinalRecord, "headers">> & { headers: [string, string | null][] };

export interface DraftPartition {
  topic: string;
  partition: number;
  low: number;
  high: number;
  records: DraftRecord[];
}

/** A run that can still be changed. */
export interface Draft {
  readonly history: HistoryEntry[];
  readonly effects: Loose<Effect>[];
  readonly partitions: DraftPartition[];
  readonly committed: FinalOffset[];
  policy: RunPolicy;
}

export const group = "billing";
export const attempts = 3;
const stages = [
  { topic: "orders-retry-1", delayMs: 300 },
  { topic: "orders-retry-2", delayMs: 800 },
];
const plain = { group, order: "key", tries: 8, stages: [] } as const;
const flows: readonly FlowPolicy[] = [
  { group, topic: "orders", order: "key", tries: 1, stages, deadLetter: "orders-dlq" },
  { ...plain, topic: "audit" },
  { ...plain, topic: "ledger" },
];

export const wallAt = (atMs: number): number => 1_000_000 + atMs;

/** The parts of the run under construction. */
interface Build extends Draft {
  now(): number;
  note(client: string, record: HistoryRecord): HistoryEntry;
}

interface Given {
  readonly id: string;
  readonly key: string | null;
  readonly seq: number;
  readonly topic: string;
  readonly partition: number;
  readonly digest: string | null;
  /** Attempt that succeeds; 0: none. */
  readonly succeedsAt: number;
}

export function createGoodRun(count = 300): Draft {
  const build = createBuild();
  sendAll(build, count);
  const partitions = build.partitions.filter(({ topic }) => flows.some((flow) => flow.topic === topic));
  const tasks = new Map(givenOf(count).map((given) => [given.id, given]));
  consume(build, tasks, partitions, "w1", 0, 0.5);
  consume(build, tasks, partitions, "w2", 0.5, 1);
  const { history, effects, partitions: all, committed, policy } = build;
  return { history, effects, partitions: all, committed, policy };
}

function createBuild(): Build {
  let clock = 0;
  const history: HistoryEntry[] = [];
  const names = [...flows.map(({ topic }) => topic), ...stages.map(({ topic }) => topic), "orders-dlq"];
  return {
    history,
    effects: [],
    partitions: names.flatMap((topic) =>
      [0, 1].map((partition) => ({ topic, partition, low: 0, high: 0, records: [] as DraftRecord[] })),
    ),
    committed: [],
    policy: {
      seed: 7,
      flows,
      dedupe: { windowMs: 1e9, scope: "client" },
      isIdempotent: true,
      repeats: { perKill: 10, perLoss: 0, perRevoke: 0 },
      hasTraces: true,
    },
    now: () => clock,
    note(client, record) {
      clock += 1;
      const entry: HistoryEntry = { client, atMs: clock, ...record };
      history.push(entry);
      return entry;
    },
  };
}

const givenCache = new Map<number, readonly Given[]>();

function givenOf(count: number): readonly Given[] {
  const known = givenCache.get(count);
  if (known) return known;
  const seqs = new Map<string, number>();
  const all = Array.from({ length: count }, (_, index): Given => {
    const topic = index % 30 === 29 ? "ledger" : index % 3 === 2 ? "audit" : "orders";
    const number = index % 10;
    const key = index % 40 === 11 || index % 40 === 27 ? null : `${topic}-k${number}`;
    const seq = seqs.get(`${topic} ${key}`) ?? 0;
    seqs.set(`${topic} ${key}`, seq + 1);
    const succeedsAt =
      topic !== "orders" ? 1 : index % 40 === 27 ? 0 : (([1, 2, 0] as const)[number - 7] ?? 1);
    const digest = index % 50 === 17 ? null : `d${index}`;
    return { id: `m${index}`, key, seq, topic, partition: number % 2, digest, succeedsAt };
  });
  givenCache.set(count, all);
  return all;
}

function partitionOf(build: Draft, topic: string, partition: number): DraftPartition {
  const found = build.partitions.find((one) => one.topic === topic && one.partition === partition);
  if (!found) throw new Error(`no ${topic}/${partition}`);
  return found;
}

function sendAll(build: Build, count: number): void {
  build.note("p1", { name: "startup_complete" });
  const transactions = new Set<string>();
  for (const given of givenOf(count)) {
    const { id, key, seq, topic, digest } = given;
    const at = partitionOf(build, topic, given.partition);
    // As compaction and control records leave it.
    if (at.records.length === 3) at.high += 2;
    const place = { topic, partition: at.partition, offset: at.high++ };
    const isIn = topic === "ledger";
    const transaction = isIn ? { transaction: `t${at.partition}` } : {};
    if (isIn) transactions.add(`t${at.partition}`);
    const headers: [string, string | null][] = [
      [headerNames.messageId, id],
      ["tag", "a"],
      ["other", null],
      ["tag", "b"],
    ];
    at.records.push({ offset: place.offset, id, key, digest, headers });
    build.note("p1", { name: "producer_send_success", id, key, seq, digest, ...place, ...transaction });
    build.note("p1", { name: "span", spanId: `p-${id}`, kind: "producer", id, links: [] });
  }
  for (const transaction of transactions)
    build.note("p1", { name: "transaction_ended", transaction, result: "committed" });
  build.note("p1", { name: "shutdown_complete" });
}

/** One member reads its share of every partition, then the retry topics to their ends. */
function consume(
  build: Build,
  tasks: ReadonlyMap<string, Given>,
  sources: readonly DraftPartition[],
  client: string,
  from: number,
  to: number,
): void {
  const epochs = new Map<DraftPartition, number>();
  const all = build.partitions.filter(({ topic }) => topic !== "orders-dlq");
  for (const at of all) epochs.set(at, epochs.size + 1);
  const groupOf = ({ topic }: DraftPartition): string =>
    topic.includes("-retry-") ? `${group}-retry` : group;
  const toList = (ofGroup: string): { topic: string; partition: number; epoch: number }[] =>
    all
      .filter((at) => groupOf(at) === ofGroup)
      .map((at) => ({ topic: at.topic, partition: at.partition, epoch: epochs.get(at) ?? 0 }));
  build.note(client, { name: "startup_complete" });
  for (const ofGroup of [group, `${group}-retry`])
    build.note(client, { name: "partitions_assigned", group: ofGroup, partitions: toList(ofGroup) });
  const read = (at: DraftPartition, start: number, end: number): void => {
    let poll = 0;
    for (let index = start; index < end; index += 5) {
      poll++;
      const records = at.records.slice(index, Math.min(index + 5, end));
      handlePoll(build, tasks, at, records, { client, group: groupOf(at), epoch: epochs.get(at) ?? 0, poll });
    }
  };
  for (const at of sources)
    read(at, Math.floor(at.records.length * from), Math.floor(at.records.length * to));
  const done = build.committed;
  for (const { topic } of stages)
    for (const at of all.filter((one) => one.topic === topic)) {
      const before = done.find((one) => one.topic === topic && one.partition === at.partition)?.offset ?? 0;
      read(
        at,
        at.records.findIndex(({ offset }) => offset >= before),
        at.records.length,
      );
    }
  for (const ofGroup of [group, `${group}-retry`])
    build.note(client, {
      name: "partitions_revoked",
      group: ofGroup,
      lost: false,
      partitions: toList(ofGroup),
    });
  build.note(client, { name: "shutdown_complete" });
}

interface Reader {
  readonly client: string;
  readonly group: string;
  readonly epoch: number;
  readonly poll: number;
}

function handlePoll(
  build: Build,
  tasks: ReadonlyMap<string, Given>,
  at: DraftPartition,
  records: readonly DraftRecord[],
  reader: Reader,
): void {
  if (records.length === 0) return;
  const { topic, partition } = at;
  const { client, ...polled } = reader;
  build.note(client, { name: "records_consumed", ...polled, topic, partition, count: records.length });
  for (const { id, offset } of records)
    build.note(client, { name: "record_data", ...polled, topic, partition, offset, id });
  for (const record of records)
    handle(build, tasks.get(record.id), { topic, partition, offset: record.offset }, record, client);
  const offset = (records.at(-1)?.offset ?? 0) + 1;
  const commit = { group: reader.group, topic, partition, offset };
  build.note(client, { name: "offsets_committed", ...commit, epoch: reader.epoch, result: "ok" });
  const known = build.committed.findIndex((one) => one.topic === topic && one.partition === partition);
  if (known < 0) build.committed.push(commit);
  else build.committed[known] = commit;
}

function handle(
  build: Build,
  given: Given | undefined,
  place: Place,
  record: DraftRecord,
  client: string,
): void {
  if (!given) throw new Error(`nobody sent ${record.id}`);
  const { id, key, seq, digest, succeedsAt } = given;
  const stage = stages.findIndex(({ topic }) => topic === place.topic) + 1;
  const attempt = stage + 1;
  const origin = stage === 0 ? place : readOrigin(record);
  const spanId = `c-${id}-${attempt}`;
  const links = [attempt === 1 ? `p-${id}` : `c-${id}-${attempt - 1}`];
  build.note(client, { name: "span", spanId, kind: "consumer", id, links });
  const due = Number(record.headers.findLast(([name]) => name === headerNames.dueAt)?.[1] ?? 0);
  const startedWallMs = Math.max(wallAt(build.now()), due);
  const pass = {
    group,
    ...place,
    stage: stage === 0 ? "main" : `retry-${stage}`,
    attempt,
    id,
    startedWallMs,
  } as const;
  if (attempt === succeedsAt) {
    const atMs = build.now() + 0.5;
    const done = { client, group, id, key, seq, digest, at: place, origin, stage: pass.stage, attempt };
    build.effects.push({ ...done, spanId, atMs, wallMs: wallAt(atMs), isSure: true });
    build.note(client, { name: "outcome", ...pass, outcome: "processed" });
    return;
  }
  const isLast = attempt === attempts;
  const next = isLast ? "orders-dlq" : (stages[stage]?.topic ?? "");
  handOver(build, record, {
    origin,
    next,
    attempt,
    delayMs: stages[stage]?.delayMs,
    partition: place.partition,
  });
  const name = isLast ? "dead_lettered" : "handed_over";
  build.note(client, { name, group, ...place, to: next, result: "ok" });
  build.note(client, { name: "outcome", ...pass, outcome: isLast ? "dead_lettered" : "retried", next });
}

function readOrigin({ headers }: DraftRecord): Place {
  const read = (name: string): string => headers.findLast(([own]) => own === name)?.[1] ?? "";
  return {
    topic: read(headerNames.originalTopic),
    partition: Number(read(headerNames.originalPartition)),
    offset: Number(read(headerNames.originalOffset)),
  };
}

interface Hop {
  readonly origin: Place;
  readonly next: string;
  readonly attempt: number;
  readonly delayMs: number | undefined;
  readonly partition: number;
}

function handOver(
  build: Build,
  record: DraftRecord,
  { origin, next, attempt, delayMs, partition }: Hop,
): void {
  const at = partitionOf(build, next, partition);
  const failedMs = wallAt(build.now());
  const hop: [string, string][] = [
    [headerNames.group, group],
    [headerNames.attemptCount, String(attempt)],
    [headerNames.lastAttempt, String(failedMs)],
    ...(delayMs === undefined ? [] : [[headerNames.dueAt, String(failedMs + delayMs)] as [string, string]]),
    [headerNames.originalTopic, origin.topic],
    [headerNames.originalPartition, String(origin.partition)],
    [headerNames.originalOffset, String(origin.offset)],
    [headerNames.failureClass, "transient"],
    [headerNames.failureReason, "declined"],
    [headerNames.nullHeaders, '["other"]'],
  ];
  const user = record.headers
    .filter(([name]) => !name.startsWith("keryx-"))
    .map(([name, value]): [string, string | null] => [name, value ?? ""]);
  at.records.push({ ...record, offset: at.high++, headers: [...user, ...hop] });
}

/** What metrics say in the end of the run as it stands. */
export function addMetrics({ history, partitions, committed }: Draft): void {
  const clock = (history.at(-1)?.atMs ?? 0) + 1;
  const counts = new Map<string, { client: string; outcome: string; value: number }>();
  for (const entry of history) {
    if (entry.name !== "outcome") continue;
    const name = `${entry.client} ${entry.outcome}`;
    const known = counts.get(name) ?? { client: entry.client, outcome: entry.outcome, value: 0 };
    known.value++;
    counts.set(name, known);
  }
  const sample = (client: string, metric: string, value: number, labels?: Record<string, string>): void => {
    const at = { client, atMs: clock, name: "metric_sample", metric, value } as const;
    history.push({ ...at, phase: "after", ...(labels ? { labels } : {}) });
  };
  for (const { client, outcome, value } of counts.values())
    sample(client, "outcomes", value, { group, outcome });
  for (const at of committed) {
    const { topic, partition, offset } = at;
    const high = partitions.find((one) => one.topic === topic && one.partition === partition)?.high ?? 0;
    sample("w2", "lag", Math.max(0, high - offset), { group: at.group, topic, partition: String(partition) });
  }
  history.unshift({
    client: "w2",
    atMs: 0,
    name: "metric_sample",
    metric: "timers",
    value: 2,
    phase: "before",
  });
  sample("w2", "timers", 2);
  sample("w2", "unhandled_rejections", 0);
}

export function toFinalRead({ partitions, committed }: Draft): FinalRead {
  return { partitions, committed };
}
