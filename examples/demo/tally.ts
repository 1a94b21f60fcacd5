import type { OutcomeLabel, Signal } from "keryx";

/** Counts what the runtime reports, and lets the story wait for it. */
export interface Tally {
  observe(signal: Signal): void;
  /** Records of the story's consumers that ended so. */
  outcomes(label: OutcomeLabel): number;
  createdTopics(): number;
  /** Resolves when `isReached` holds; rejects after 30 seconds with what was waited for. */
  until(what: string, isReached: () => boolean): Promise<void>;
}

export function createTally(onSignal: (signal: Signal) => void): Tally {
  const outcomes = new Map<OutcomeLabel, number>();
  const waiting = new Set<() => void>();
  let created = 0;
  return {
    observe(signal) {
      if (signal.kind === "record.handled")
        outcomes.set(signal.outcome, (outcomes.get(signal.outcome) ?? 0) + 1);
      if (signal.kind === "topic.created") created++;
      onSignal(signal);
      for (const check of waiting) check();
    },
    outcomes: (label) => outcomes.get(label) ?? 0,
    createdTopics: () => created,
    until(what, isReached) {
      return new Promise((resolve, reject) => {
        const check = (): void => {
          if (!isReached()) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting.delete(check);
          const counted = [...outcomes].map(([label, count]) => `${label} ${count}`).join(", ");
          reject(new Error(`Waited 30 s in vain for ${what}; so far: ${counted || "nothing"}`));
        }, 30_000);
        waiting.add(check);
        check();
      });
    },
  };
}
