import type { Observe, Signal } from "../core/signals.ts";
import { type CountName, countLabels, type Labels, toIncrements } from "./count-rules.ts";

/** One combination of labels and its value. */
export interface Series {
  readonly metric: CountName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counters over signals. */
export interface Counts {
  /** To be given to `connect`. Hears everything, routine included. */
  readonly observe: Observe;
  /** The sum of a metric over all series that carry these labels. */
  total<Name extends CountName>(metric: Name, labels?: Partial<Labels<Name>>): number;
  /** Every series that was ever counted, and the gauges of this moment. */
  series(): readonly Series[];
}

/** What a label becomes when it has taken too many values, or none. */
const overflow = "_other";
const unknown = "_unknown";
/** Names of events may come out of other people's schemas, and topics may be one for each customer. */
const boundLabels: ReadonlySet<string> = new Set(["topic", "event", "code", "class", "where"]);
const maxValues = 500;

/** Counts what operators watch. Pure: an adapter for a metrics library reads the series. */
export function createCounts(): Counts {
  const table = createTable();
  const gauges = createGauges(table);
  return {
    observe: (signal) => {
      for (const { metric, labels, by } of toIncrements(signal)) table.add(metric, labels, by);
      gauges.hear(signal);
    },
    total: (metric, labels = {}) =>
      table
        .series()
        .filter((one) => one.metric === metric && matches(one.labels, labels))
        .reduce((sum, { value }) => sum + value, 0),
    series: table.series,
  };
}

function matches(
  all: Readonly<Record<string, string>>,
  some: Readonly<Record<string, string | undefined>>,
): boolean {
  return Object.entries(some).every(([name, value]) => value === undefined || all[name] === value);
}

interface Table {
  add(metric: CountName, labels: Readonly<Record<string, string | undefined>>, by: number): void;
  /** Undefined: the series ends. */
  set(metric: CountName, labels: Readonly<Record<string, string>>, value: number | undefined): void;
  series(): readonly Series[];
}

function createTable(): Table {
  const all = new Map<
    string,
    { metric: CountName; labels: Readonly<Record<string, string>>; value: number }
  >();
  const seen = new Map<string, Set<string>>();

  const bound = (label: string, value: string | undefined): string => {
    if (value === undefined || value === "") return unknown;
    if (!boundLabels.has(label)) return value;
    const values = seen.get(label) ?? new Set();
    seen.set(label, values);
    if (!values.has(value) && values.size >= maxValues) return overflow;
    values.add(value);
    return value;
  };
  const find = (metric: CountName, given: Readonly<Record<string, string | undefined>>) => {
    const labels = Object.fromEntries(countLabels[metric].map((name) => [name, bound(name, given[name])]));
    const key = [metric, ...Object.values(labels)].join("\u0000");
    const found = all.get(key) ?? { metric, labels, value: 0 };
    all.set(key, found);
    return { key, found };
  };

  return {
    add(metric, labels, by) {
      find(metric, labels).found.value += by;
    },
    set(metric, labels, value) {
      const { key, found } = find(metric, labels);
      // Partitions of different topics cannot be told together.
      if (value === undefined || found.labels["topic"] === overflow) all.delete(key);
      else found.value = value;
    },
    series: () => Array.from(all.values(), (one) => ({ ...one })),
  };
}

/** What stands at a value now, and goes with its assignment. */
function createGauges({ add, set }: Table): { hear(signal: Signal): void } {
  const paused = new Map<string, Set<string>>();
  const toKey = ({ group, topic, partition }: { group: string; topic: string; partition: number }): string =>
    [group, topic, partition].join("\u0000");
  const drop = (key: string, group: string, cause: string): void => {
    if (paused.get(key)?.delete(cause)) add("pausedPartitions", { group, cause }, -1);
  };
  return {
    hear(signal) {
      if (signal.kind === "partition.lag") {
        const { group, topic, partition, lag } = signal;
        set("lag", { group, topic, partition: String(partition) }, Number(lag));
      } else if (signal.kind === "partition.paused") {
        const key = toKey(signal);
        const causes = paused.get(key) ?? new Set();
        paused.set(key, causes);
        if (causes.has(signal.cause)) return;
        causes.add(signal.cause);
        add("pausedPartitions", { group: signal.group, cause: signal.cause }, 1);
      } else if (signal.kind === "partition.resumed") drop(toKey(signal), signal.group, signal.cause);
      else if (signal.kind === "partition.revoked") {
        const key = toKey(signal);
        // An assignment that ends forgets its pauses without a word.
        for (const cause of [...(paused.get(key) ?? [])]) drop(key, signal.group, cause);
        paused.delete(key);
        set(
          "lag",
          { group: signal.group, topic: signal.topic, partition: String(signal.partition) },
          undefined,
        );
      }
    },
  };
}
