import { headerNames } from "../../core/headers.ts";
import { toRetryGroup } from "../../core/topic-names.ts";
import type { Effect } from "./effect-log.ts";
import type { FinalPartition, FinalRead, FinalRecord } from "./final-read.ts";
import { type HistoryEntry, type Place, sortByTime } from "./history.ts";
import type { FlowPolicy, RunPolicy } from "./policy.ts";

export type EntryOf<Name extends HistoryEntry["name"]> = HistoryEntry & { readonly name: Name };
export type Send = EntryOf<"producer_send_success"> | EntryOf<"producer_send_error">;

/** A record on a retry topic, a dead-letter topic or a parking place. */
export interface HandedOver {
  readonly kind: "retry" | "dead-letter" | "parked";
  /** Number of the retry stage; 0 for the others. */
  readonly stage: number;
  readonly at: Place;
  readonly record: FinalRecord;
}

/** One group on one topic, with all that was seen of it. */
export interface Flow extends FlowPolicy {
  /** By id, each in the order of time. */
  readonly effects: ReadonlyMap<string, readonly Effect[]>;
  readonly handedOver: readonly HandedOver[];
  readonly deadIds: ReadonlySet<string>;
  /** On a retry topic and not committed there, or parked. */
  readonly pendingIds: ReadonlySet<string>;
  /** Skipped or discarded because somebody said so; ids and `toPlaceKey`. */
  readonly ended: ReadonlySet<string>;
  readonly dedupedIds: ReadonlySet<string>;
}

/** What the checks look at. Everything stands in the order of time. */
export interface Run {
  readonly policy: RunPolicy;
  readonly history: readonly HistoryEntry[];
  readonly effects: readonly Effect[];
  readonly flows: readonly Flow[];
  readonly sends: ReadonlyMap<string, readonly Send[]>;
  readonly partitions: ReadonlyMap<string, FinalPartition>;
  readonly finalRead: FinalRead;
  readonly killed: ReadonlySet<string>;
  /** Topics whose deliveries were recorded, by group. */
  readonly polledGroups: ReadonlySet<string>;
}

export function toPartitionKey({ topic, partition }: Pick<Place, "topic" | "partition">): string {
  return `${topic}/${partition}`;
}

export function toPlaceKey({ topic, partition, offset }: Place): string {
  return `${topic}/${partition}/${offset}`;
}

/** Index of the first record at or behind an offset. */
export function indexAt(records: readonly { readonly offset: number }[], offset: number): number {
  let [low, high] = [0, records.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function findRecord({ partitions }: Run, place: Place): FinalRecord | undefined {
  const records = partitions.get(toPartitionKey(place))?.records ?? [];
  const found = records[indexAt(records, place.offset)];
  return found?.offset === place.offset ? found : undefined;
}

/** The last header of a name. */
export function headerOf({ headers }: Pick<FinalRecord, "headers">, name: string): string | undefined {
  return headers.findLast(([own]) => own === name)?.[1] ?? undefined;
}

/** A header that is a whole number. */
export function integerOf(record: Pick<FinalRecord, "headers">, name: string): number | undefined {
  const text = headerOf(record, name);
  return text !== undefined && /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined;
}

export function originOf(record: Pick<FinalRecord, "headers">): Place | undefined {
  const topic = headerOf(record, headerNames.originalTopic);
  const partition = integerOf(record, headerNames.originalPartition);
  const offset = integerOf(record, headerNames.originalOffset);
  return topic === undefined || partition === undefined || offset === undefined
    ? undefined
    : { topic, partition, offset };
}

export function buildRun(
  history: readonly HistoryEntry[],
  effectLog: readonly Effect[],
  finalRead: FinalRead,
  policy: RunPolicy,
): Run {
  const entries = sortByTime(history);
  const effects = sortByTime(effectLog);
  const sends = new Map<string, Send[]>();
  const [killed, polledGroups] = [new Set<string>(), new Set<string>()];
  for (const entry of entries) {
    if (entry.name === "producer_send_success" || entry.name === "producer_send_error")
      pushTo(sends, entry.id, entry);
    else if (entry.name === "fault_start" && entry.fault === "kill" && entry.target !== undefined)
      killed.add(entry.target);
    else if (entry.name === "record_data") polledGroups.add(entry.group);
  }
  return {
    policy,
    history: entries,
    effects,
    flows: policy.flows.map((flow) => buildFlow(flow, entries, effects, finalRead)),
    sends,
    partitions: new Map(finalRead.partitions.map((one) => [toPartitionKey(one), one])),
    finalRead,
    killed,
    polledGroups,
  };
}

export function pushTo<Key, Item>(map: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}

function buildFlow(
  flow: FlowPolicy,
  history: readonly HistoryEntry[],
  effects: readonly Effect[],
  finalRead: FinalRead,
): Flow {
  const byId = new Map<string, Effect[]>();
  for (const effect of effects)
    if (effect.group === flow.group && effect.origin.topic === flow.topic) pushTo(byId, effect.id, effect);
  const handedOver = findHandedOver(flow, finalRead);
  const retryGroup = toRetryGroup(flow.group);
  const committed = new Map(
    finalRead.committed
      .filter(({ group }) => group === retryGroup)
      .map((one) => [toPartitionKey(one), one.offset]),
  );
  const isPending = ({ kind, at }: HandedOver): boolean =>
    kind === "parked" || (kind === "retry" && at.offset >= (committed.get(toPartitionKey(at)) ?? 0));
  const idsOf = (list: readonly HandedOver[]): Set<string> => new Set(list.map(({ record }) => record.id));
  return {
    ...flow,
    effects: byId,
    handedOver,
    deadIds: idsOf(handedOver.filter(({ kind }) => kind === "dead-letter")),
    pendingIds: idsOf(handedOver.filter(isPending)),
    ...findEnded(flow, history),
  };
}

function findHandedOver(flow: FlowPolicy, { partitions }: FinalRead): readonly HandedOver[] {
  const found: HandedOver[] = [];
  for (const { topic, partition, records } of partitions) {
    const stage = flow.stages.findIndex((one) => one.topic === topic) + 1;
    const kind =
      stage > 0
        ? "retry"
        : topic === flow.deadLetter
          ? "dead-letter"
          : topic === flow.parked
            ? "parked"
            : undefined;
    if (kind === undefined) continue;
    for (const record of records)
      if (isOf(flow, record))
        found.push({ kind, stage, at: { topic, partition, offset: record.offset }, record: toNamed(record) });
  }
  return found;
}

// What has no id of its own is known by where it was first read.
function toNamed(record: FinalRecord): FinalRecord {
  const origin = headerOf(record, headerNames.messageId) === undefined ? originOf(record) : undefined;
  return origin ? { ...record, id: toPlaceKey(origin) } : record;
}

// Groups may share retry and dead-letter topics, and topics their dead letters.
function isOf({ group, topic }: FlowPolicy, record: FinalRecord): boolean {
  const owner = headerOf(record, headerNames.group);
  const source = headerOf(record, headerNames.originalTopic);
  return (owner === undefined || owner === group) && (source === undefined || source === topic);
}

function findEnded(
  { group, topic, stages, decisions = ["skipped", "discarded"] }: FlowPolicy,
  history: readonly HistoryEntry[],
): Pick<Flow, "ended" | "dedupedIds"> {
  const topics = new Set([topic, ...stages.map((stage) => stage.topic)]);
  const [ended, dedupedIds] = [new Set<string>(), new Set<string>()];
  for (const entry of history) {
    if (entry.name !== "outcome" || entry.group !== group || !topics.has(entry.topic)) continue;
    if (entry.outcome === "deduped" && entry.id !== undefined) dedupedIds.add(entry.id);
    const isDecided = decisions.some((decision) => decision === entry.outcome);
    if (!isDecided || entry.reason === "other-group") continue;
    if (entry.id !== undefined) ended.add(entry.id);
    if (entry.topic === topic) ended.add(toPlaceKey(entry));
  }
  return { ended, dedupedIds };
}
