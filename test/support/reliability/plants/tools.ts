// Defects for the checker: each changes a good run in one way, and says what must be found in it.
import type { Effect } from "../../../../src/testing/reliability/effect-log.ts";
import type { HistoryEntry, HistoryRecord, Place } from "../../../../src/testing/reliability/history.ts";
import type { Invariant } from "../../../../src/testing/reliability/violations.ts";
import type { Draft, DraftPartition, DraftRecord } from "../good-run.ts";
import { wallAt } from "../good-run.ts";

type Loose<Type> = { -readonly [Name in keyof Type]: Type[Name] };
export type Named<Name extends HistoryRecord["name"]> = Loose<HistoryEntry & { readonly name: Name }>;

export interface Plant {
  readonly name: string;
  readonly plant: (draft: Draft) => void;
  /** The invariant that must be named, with its class. */
  readonly finds: readonly (readonly [Invariant, string])[];
  /** Others that the same defect breaks. */
  readonly besides?: readonly Invariant[];
  /** Is done when the metrics stand already. */
  readonly isLate?: boolean;
}

export const isAt = (place: Place, other: Place): boolean =>
  place.topic === other.topic && place.partition === other.partition && place.offset === other.offset;

export function all<Name extends HistoryRecord["name"]>(draft: Draft, name: Name): Named<Name>[] {
  return draft.history.filter((entry) => entry.name === name) as Named<Name>[];
}

export function must<Item>(item: Item | undefined, what: string): Item {
  if (item === undefined) throw new Error(`the good run has no ${what}`);
  return item;
}

export function remove<Item>(list: Item[], isMeant: (item: Item) => boolean): void {
  const before = list.length;
  for (let index = list.length - 1; index >= 0; index--) {
    const item = list[index];
    if (item !== undefined && isMeant(item)) list.splice(index, 1);
  }
  if (list.length === before) throw new Error("the defect changed nothing");
}

export const partitionOf = (draft: Draft, topic: string, partition: number): DraftPartition =>
  must(
    draft.partitions.find((at) => at.topic === topic && at.partition === partition),
    topic,
  );

/** An effect of the source topic by a client, the nth. */
export function effectOf(draft: Draft, topic: string, client: string, nth = 0, partition = 0): Loose<Effect> {
  const found = draft.effects.filter(
    (one) =>
      one.at.topic === topic && one.at.partition === partition && one.client === client && one.key !== null,
  );
  return must(found.at(nth), `effect on ${topic} by ${client}`);
}

/** Takes away that a record was handled. */
export function unhandle(draft: Draft, at: Place): void {
  remove(draft.effects, (effect) => isAt(effect.at, at));
  remove(draft.history, (entry) => entry.name === "outcome" && isAt(entry, at));
}

export const letterOf = (draft: Draft, isMeant: (record: DraftRecord) => boolean = () => true): DraftRecord =>
  must(
    draft.partitions
      .filter(({ topic }) => topic === "orders-dlq")
      .flatMap(({ records }) => records)
      .find(isMeant),
    "dead letter",
  );

export const setHeader = (record: DraftRecord, name: string, value: string | null): void => {
  const header = must(
    record.headers.find(([own]) => own === name),
    name,
  );
  header[1] = value;
};

export const dropHeader = (record: DraftRecord, name: string): void =>
  remove(record.headers, ([own]) => own === name);

export const insertAfter = (draft: Draft, entry: HistoryEntry, added: HistoryEntry): void => {
  draft.history.splice(draft.history.indexOf(entry) + 1, 0, added);
};

/** The deliveries of one poll in the middle of an assignment. */
export function pollOf(draft: Draft, topic: string): Named<"record_data">[] {
  return all(draft, "record_data").filter(
    (one) => one.topic === topic && one.partition === 0 && one.client === "w1" && one.poll === 2,
  );
}

export const commitAt = (draft: Draft, client: string, topic: string): Named<"offsets_committed"> =>
  must(
    all(draft, "offsets_committed").findLast(
      (one) => one.client === client && one.topic === topic && one.partition === 0,
    ),
    "commit",
  );

export const outcomeAt = (draft: Draft, at: Place): Named<"outcome"> =>
  must(
    all(draft, "outcome").find((entry) => isAt(entry, at)),
    "outcome",
  );

export const kill = (draft: Draft, target: string): void => {
  const atMs = must(
    all(draft, "shutdown_complete").find(({ client }) => client === target),
    "shutdown",
  ).atMs;
  remove(draft.history, (entry) => entry.client === target && entry.atMs >= atMs - 2);
  draft.history.push({ client: "harness", atMs, name: "fault_start", fault: "kill", target });
  draft.history.sort((a, b) => a.atMs - b.atMs);
};

// One of several headers of a name.
export function dropOne(record: DraftRecord, name: string): void {
  const index = record.headers.findIndex(([own]) => own === name);
  record.headers.splice(index, 1);
}

/** The next owner handles the last records of a killed one again, which had not committed them. */
export function repeatLast(draft: Draft, count: number): void {
  const { epoch } = commitAt(draft, "w2", "audit");
  const last = draft.effects.filter(
    ({ at, client }) => at.topic === "audit" && at.partition === 0 && client === "w1",
  );
  const again = last.slice(-count);
  const from = must(again[0], "effect").at.offset;
  for (const commit of all(draft, "offsets_committed"))
    if (commit.client === "w1" && commit.topic === "audit" && commit.partition === 0)
      commit.offset = Math.min(commit.offset, from);
  const first = must(
    all(draft, "record_data").find(
      ({ client, topic, partition }) => client === "w2" && topic === "audit" && partition === 0,
    ),
    "delivery",
  );
  // What had begun in front of the first delivery of the next owner.
  const assigned = draft.history.indexOf(first);
  const added = again.flatMap((effect): HistoryEntry[] => {
    const pass = outcomeAt(draft, effect.at);
    const client = "w2";
    const { atMs } = first;
    draft.effects.push({ ...effect, client, atMs, wallMs: wallAt(atMs) });
    return [
      { ...first, ...effect.at, id: effect.id, poll: 0, epoch: epoch ?? 0 },
      { ...pass, client, atMs },
    ];
  });
  draft.history.splice(assigned, 0, ...added);
}
