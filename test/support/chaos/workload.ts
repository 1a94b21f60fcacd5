import type { TestServers } from "keryx/testing";

/** Servers of a run; with the embedded ones' verbs where they are embedded. */
export interface ChaosServers {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly embedded?: TestServers;
}

export interface ChaosResult {
  /** What was measured, by what it is called. */
  readonly figures: Readonly<Record<string, number | string>>;
  /** Broken promises, and whatever made the run prove nothing. Empty: all was kept. */
  readonly problems: readonly string[];
}

/** A load with trouble, and what is held through it. */
export interface ChaosWorkload {
  readonly name: string;
  /** What is shown, for a table. */
  readonly shows: string;
  /** What each scale stands for. */
  readonly scales: Readonly<Record<Scale, string>>;
  /** Events a second, where another machine may choose others. */
  readonly perSecond?: Readonly<Record<Scale, number>>;
  run(servers: ChaosServers, seed: number, scale: Scale, perSecond?: number): Promise<ChaosResult>;
}

/** `small` is part of every run of the tests, `full` what the promises are stated for. */
export type Scale = "small" | "full";

/** A problem where something that must have happened did not. */
export function unless(holds: boolean, problem: string): readonly string[] {
  return holds ? [] : [problem];
}
