import type { Place } from "../history.ts";
import { type EntryOf, indexAt, type Run, toPartitionKey } from "../run.ts";
import type { Report } from "../violations.ts";
import { describePlace } from "./describe.ts";
import { createPlaces } from "./places.ts";

type Commit = EntryOf<"offsets_committed">;

/** A commit covers only what is finished, never goes back inside an epoch, and none comes from an epoch that is closed. */
export function checkCommits(run: Run, report: Report): void {
  const finished = createFinished(run);
  const checkedTo = new Map<string, number>();
  const highest = new Map<string, number>();
  const closedAtMs = new Map<string, number>();
  const checkEpoch = (entry: Commit): void => {
    if (entry.epoch === undefined) return;
    const epoch = `${entry.client} ${entry.group} ${toPartitionKey(entry)} ${entry.epoch}`;
    const where = `${describePlace(entry)} by epoch ${entry.epoch} of ${entry.client}`;
    // Where it is known when it was asked for, asking is wrong already, whatever fenced it.
    const isJudged = entry.result === "ok" || entry.startedAtMs !== undefined;
    if (isJudged && (closedAtMs.get(epoch) ?? Number.POSITIVE_INFINITY) < (entry.startedAtMs ?? entry.atMs))
      report("commits", "closed-epoch", where);
    if (entry.result !== "ok") return;
    const before = highest.get(epoch) ?? 0;
    if (entry.offset < before) report("commits", "moved-back", `${where} after ${before}`);
    highest.set(epoch, Math.max(before, entry.offset));
  };
  const check = (entry: Commit): void => {
    const key = `${entry.group} ${toPartitionKey(entry)}`;
    const records = run.partitions.get(toPartitionKey(entry))?.records ?? [];
    const from = checkedTo.get(key) ?? 0;
    for (let index = indexAt(records, from); index < records.length; index++) {
      const offset = records[index]?.offset ?? 0;
      if (offset >= entry.offset) break;
      const place = { topic: entry.topic, partition: entry.partition, offset };
      if (!finished.has(entry.group, place))
        report(
          "commits",
          "above-unfinished",
          `${describePlace(entry)} by ${entry.client} covers ${describePlace(place)}`,
        );
    }
    checkedTo.set(key, Math.max(from, entry.offset));
  };
  for (const entry of run.history) {
    finished.hear(entry);
    if (entry.name === "offsets_committed") {
      checkEpoch(entry);
      if (entry.result === "ok") check(entry);
    }
    if (entry.name === "partitions_revoked")
      for (const one of entry.partitions)
        closedAtMs.set(`${entry.client} ${entry.group} ${toPartitionKey(one)} ${one.epoch}`, entry.atMs);
  }
}

interface Finished {
  /** Entries come in the order of time. */
  hear(entry: Run["history"][number]): void;
  has(group: string, place: Place): boolean;
}

/** Records whose outcome was final by the time that was heard last. */
function createFinished(run: Run): Finished {
  const final = createPlaces();
  const acknowledged = createPlaces();
  // Where hand-overs were not recorded, the worker's word counts.
  const isTrusting = !run.history.some(({ name }) => isHandOver(name));
  let effectIndex = 0;
  const hearEffects = (untilMs: number): void => {
    for (; effectIndex < run.effects.length; effectIndex++) {
      const effect = run.effects[effectIndex];
      if (!effect || effect.atMs > untilMs) break;
      if (effect.isSure) final.add(effect.group, effect.at);
    }
  };
  return {
    hear(entry) {
      hearEffects(entry.atMs);
      if (entry.name === "outcome") {
        const { outcome, next, group } = entry;
        if (ends.has(outcome)) final.add(group, entry);
        const isAway = outcome === "dead_lettered" || (outcome === "retried" && next !== undefined);
        if (isAway && (isTrusting || acknowledged.has(group, entry))) final.add(group, entry);
      } else if (entry.name === "handed_over" || entry.name === "dead_lettered" || entry.name === "parked") {
        if (entry.result === "ok") acknowledged.add(entry.group, entry);
      }
    },
    has: final.has,
  };
}

const ends: ReadonlySet<string> = new Set(["processed", "skipped", "deduped", "discarded"]);

function isHandOver(name: string): boolean {
  return name === "handed_over" || name === "dead_lettered" || name === "parked";
}
