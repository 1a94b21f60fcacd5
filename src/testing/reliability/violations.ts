/** What a run must keep. */
export type Invariant =
  /** No acknowledged message is lost. */
  | "nothing-lost"
  /** Nothing is handled or dead-lettered that was not sent as it is; one offset holds one record. */
  | "nothing-invented"
  /** First effects of a key stand in the order in which it was produced; polls pass over no record and do not go back. */
  | "order"
  /** Every record has an effect or an end that somebody decided. */
  | "at-least-once"
  /** One effect for each id inside the dedupe window. */
  | "dedupe"
  /** Nothing of an aborted or open transaction is seen. */
  | "transactions"
  /** A commit covers what is finished, never goes back in an epoch, and never comes from one that is closed. */
  | "commits"
  /** As many attempts as the plan has, never early. */
  | "attempts"
  /** Dead letters are the untouched record with its reasons. */
  | "dead-letters"
  /** Counters and gauges say what happened. */
  | "metrics"
  /** Every effect's span leads to its producer's. */
  | "traces"
  /** Nothing is left behind: rejections, timers, sockets, listeners, heap. */
  | "no-residue"
  /** What is handled again after kills, losses and revokes stays within its bounds. */
  | "repeats";

/** One kind of breach of one invariant. */
export interface Violation {
  readonly invariant: Invariant;
  /** What happened, as Jepsen's Kafka workload names it where it has a name. */
  readonly class: string;
  readonly seed: number;
  readonly total: number;
  /** The first twenty, with their coordinates. */
  readonly examples: readonly string[];
}

export type Report = (invariant: Invariant, violationClass: string, example: string) => void;

export interface ViolationList {
  readonly report: Report;
  all(): readonly Violation[];
}

const maxExamples = 20;

export function createViolationList(seed: number): ViolationList {
  const found = new Map<string, Violation & { total: number; readonly examples: string[] }>();
  return {
    report(invariant, violationClass, example) {
      const name = `${invariant} ${violationClass}`;
      const entry = found.get(name) ?? { invariant, class: violationClass, seed, total: 0, examples: [] };
      found.set(name, entry);
      entry.total++;
      if (entry.examples.length < maxExamples) entry.examples.push(example);
    },
    all: () => [...found.values()],
  };
}
