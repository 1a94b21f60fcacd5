import type { CompatibilityLevel } from "../core/event.ts";

/** `backward`: the new schema reads what the old one wrote; `forward`: the other way round. */
export type Direction = "backward" | "forward";

/** One thing in which two schemas differ, by the rules of the target registry. */
export interface Difference {
  /** A name of the registry's engine, for example `FIELD_REMOVED`. */
  readonly kind: string;
  /** Avro: a JSON pointer in the reader. Protobuf: `#/Message/number`. */
  readonly path: string;
  /** The engine's own words for Avro, a sentence of ours for Protobuf. */
  readonly message: string;
  readonly compatible: boolean;
}

/** A difference with the pair it was found in. */
export interface PlacedDifference extends Difference {
  readonly direction: Direction;
  /** Index of the older schema in the history that was given. */
  readonly against: number;
  /** What to do instead; absent for compatible differences. */
  readonly advice?: string;
}

/** A change that leaves bytes readable but without their meaning, or not readable at all. */
export interface WireProblem {
  /** A name of ours, for example `NUMBER_NOT_RESERVED`. */
  readonly kind: string;
  readonly path: string;
  readonly message: string;
  readonly advice: string;
}

export interface PlacedWireProblem extends WireProblem {
  readonly direction: Direction;
  readonly against: number;
  /** A warning does not make the verdict unsafe. */
  readonly severity: "error" | "warning";
}

/** A problem as the comparison of one pair finds it. */
export type FoundWireProblem = Omit<PlacedWireProblem, "direction" | "against">;

/** Both answers to one question, never one in the place of the other. */
export interface Verdict {
  readonly level: CompatibilityLevel;
  /** As it was asked for, for example `confluent-8`. */
  readonly dialect: string;
  readonly ruleSet: RuleSetName;
  readonly registry: {
    readonly compatible: boolean;
    /** In the order of the registry's engine; compatible ones included. */
    readonly differences: readonly PlacedDifference[];
    /** The strongest level that would take the change; absent when the asked one does. */
    readonly strongest?: CompatibilityLevel;
  };
  readonly wire: { readonly safe: boolean; readonly problems: readonly PlacedWireProblem[] };
}

/** Releases of the registry whose Protobuf rules are the same. */
export type RuleSetName = "A" | "B" | "C" | "D";
