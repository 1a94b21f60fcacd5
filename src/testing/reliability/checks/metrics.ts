import { type EntryOf, pushTo, type Run, toPartitionKey } from "../run.ts";
import type { Report } from "../violations.ts";

type Sample = EntryOf<"metric_sample">;

/** After quiescence counters equal what happened, and the lag gauge what is left. */
export function checkMetrics(run: Run, report: Report): void {
  const { history, finalRead, partitions, policy } = run;
  const counts = countOutcomes(history);
  for (const sample of history) {
    if (sample.name !== "metric_sample" || sample.phase !== "after") continue;
    if (sample.metric === "outcomes") {
      let expected = 0;
      for (const { like, count } of counts) if (isCounted(like, sample)) expected += count;
      if (sample.value !== expected)
        report("metrics", "counter", `${describe(sample)}, ${expected} happened`);
    } else if (sample.metric === "lag") {
      const { group, topic = "", partition = "0" } = sample.labels ?? {};
      const at = { topic, partition: Number(partition) };
      const key = toPartitionKey(at);
      const offset = finalRead.committed.find(
        (one) => one.group === group && toPartitionKey(one) === key,
      )?.offset;
      const { low = 0, high = 0 } = partitions.get(key) ?? {};
      const lag = high - Math.max(offset ?? 0, low);
      if (Math.abs(lag - sample.value) > (policy.lagTolerance ?? 0))
        report("metrics", "lag", `${describe(sample)}, ${lag} are left`);
    }
  }
}

interface Count {
  readonly like: EntryOf<"outcome">;
  count: number;
}

function countOutcomes(history: Run["history"]): readonly Count[] {
  const counts = new Map<string, Count>();
  for (const entry of history) {
    if (entry.name !== "outcome") continue;
    const name = `${entry.client} ${entry.group} ${entry.topic} ${entry.outcome}`;
    const known = counts.get(name);
    if (known) known.count++;
    else counts.set(name, { like: entry, count: 1 });
  }
  return [...counts.values()];
}

function isCounted(entry: EntryOf<"outcome">, { client, labels = {} }: Sample): boolean {
  if (entry.client !== client) return false;
  const { outcome, group, topic } = labels;
  return (
    (outcome === undefined || outcome === entry.outcome) &&
    (group === undefined || group === entry.group) &&
    (topic === undefined || topic === entry.topic)
  );
}

const counted: ReadonlySet<string> = new Set(["timers", "sockets", "listeners"]);
const mebibyte = 1_048_576;

/** Nothing is left behind once the load is gone. */
export function checkResidue({ history, policy }: Run, report: Report): void {
  const { maxHeapGrowthBytes = 20 * mebibyte } = policy;
  const before = new Map<string, number>();
  const after = new Map<string, Sample[]>();
  for (const entry of history) {
    if (entry.name !== "metric_sample") continue;
    const name = `${entry.client} ${entry.metric}`;
    if (entry.phase === "before") before.set(name, entry.value);
    else pushTo(after, name, entry);
  }
  for (const [name, samples] of after)
    for (const sample of samples) {
      const { metric, value } = sample;
      if (metric === "unhandled_rejections" && value > 0)
        report("no-residue", "unhandled-rejection", describe(sample));
      const level = before.get(name);
      if (level === undefined) continue;
      if (counted.has(metric) && value > level)
        report("no-residue", metric, `${describe(sample)}, ${level} before`);
      if (metric === "heap_bytes" && value > level + maxHeapGrowthBytes)
        report("no-residue", "heap", `${describe(sample)}, ${level} before`);
    }
}

function describe({ client, metric, labels, value }: Sample): string {
  return `${metric}${labels ? JSON.stringify(labels) : ""} of ${client} is ${value}`;
}
