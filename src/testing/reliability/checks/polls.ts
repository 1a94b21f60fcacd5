import { type EntryOf, indexAt, type Run, toPartitionKey } from "../run.ts";
import type { Report } from "../violations.ts";
import { describeEffect, describePlace } from "./describe.ts";

type Delivered = EntryOf<"record_data">;

interface Position {
  readonly epoch: number;
  readonly client: string;
  readonly poll: number;
  readonly offset: number;
  /** Index of the record in the final read. */
  readonly index: number;
}

/**
 * Within an assignment offsets strictly increase and pass over no record that exists; a new assignment begins where the
 * group had committed.
 */
export function checkPolls(run: Run, report: Report): void {
  const positions = new Map<string, Position>();
  const committed = new Map<string, { readonly low: number; readonly high: number }>();
  for (const entry of run.history) {
    if (entry.name === "offsets_committed") {
      noteCommit(committed, entry);
      continue;
    }
    if (entry.name !== "record_data") continue;
    const key = `${entry.group} ${toPartitionKey(entry)}`;
    const before = positions.get(key);
    const isSame = before !== undefined && before.epoch === entry.epoch && before.client === entry.client;
    const partition = run.partitions.get(toPartitionKey(entry));
    const records = partition?.records ?? [];
    const next = isSame ? before.index + 1 : indexAt(records, committed.get(key)?.low ?? 0);
    if (isSame) compare(before, entry, records, report);
    else if (records.length > 0) compareStart(entry, records, committed.get(key), report);
    const index = records[next]?.offset === entry.offset ? next : indexAt(records, entry.offset);
    const { epoch, client, poll, offset } = entry;
    positions.set(key, {
      epoch,
      client,
      poll,
      offset,
      index: records[index]?.offset === offset ? index : index - 1,
    });
  }
}

// An answer that never came leaves both readings open.
function noteCommit(
  committed: Map<string, { readonly low: number; readonly high: number }>,
  { group, result, offset, ...place }: EntryOf<"offsets_committed">,
): void {
  if (result === "fail") return;
  const key = `${group} ${toPartitionKey(place)}`;
  const before = committed.get(key);
  committed.set(key, {
    low: result === "ok" ? offset : (before?.low ?? 0),
    high: Math.max(offset, before?.high ?? 0),
  });
}

function compare(
  before: Position,
  entry: Delivered,
  records: readonly { readonly offset: number }[],
  report: Report,
): void {
  const inside = before.poll === entry.poll ? "int-" : "";
  const where = `${describePlace(entry)} after ${before.offset}, epoch ${entry.epoch} of ${entry.client}`;
  if (entry.offset <= before.offset) report("order", `${inside}nonmonotonic-poll`, where);
  else {
    const skipped = records[before.index + 1];
    if (skipped && skipped.offset < entry.offset)
      report("order", `${inside}poll-skip`, `${where}: ${skipped.offset} was passed over`);
  }
}

function compareStart(
  entry: Delivered,
  records: readonly { readonly offset: number }[],
  committed: { readonly low: number; readonly high: number } | undefined,
  report: Report,
): void {
  const { low, high } = committed ?? { low: 0, high: 0 };
  const where = `${describePlace(entry)} is the first of epoch ${entry.epoch} of ${entry.client}`;
  if (entry.offset < low) report("order", "started-below-commit", `${where}, behind ${low}`);
  const first = records[indexAt(records, high)];
  if (first && first.offset < entry.offset)
    report("order", "poll-skip", `${where}: ${first.offset} was passed over`);
}

/** What its group had committed before an assignment is not handled again under it. */
export function checkStarts({ history, effects }: Run, report: Report): void {
  const committed = new Map<string, number>();
  const floors = new Map<string, number>();
  let next = 0;
  const hearEffects = (untilMs: number): void => {
    for (; next < effects.length && (effects[next]?.atMs ?? 0) < untilMs; next++) {
      const effect = effects[next];
      const floor = effect && floors.get(`${effect.client} ${effect.group} ${toPartitionKey(effect.at)}`);
      if (effect && floor !== undefined && effect.at.offset < floor && effect.stage === "main")
        report("order", "started-below-commit", `${describeEffect(effect)}, ${floor} was committed before`);
    }
  };
  for (const entry of history) {
    if (entry.name === "offsets_committed" && entry.result === "ok") {
      const key = `${entry.group} ${toPartitionKey(entry)}`;
      committed.set(key, Math.max(entry.offset, committed.get(key) ?? 0));
    } else if (entry.name === "partitions_assigned") {
      hearEffects(entry.atMs);
      for (const one of entry.partitions) {
        const key = `${entry.group} ${toPartitionKey(one)}`;
        floors.set(`${entry.client} ${key}`, committed.get(key) ?? 0);
      }
    }
  }
  hearEffects(Number.POSITIVE_INFINITY);
}
