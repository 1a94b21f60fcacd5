import type { CompatibilityLevel } from "../core/event.ts";
import type { Direction } from "./difference.ts";

/** What a level asks. */
export interface LevelScope {
  /** In the order in which a registry reports them: old reads new comes first. None: nothing is asked. */
  readonly directions: readonly Direction[];
  /** Every version, not the newest alone. */
  readonly isTransitive: boolean;
}

const backward: readonly Direction[] = ["backward"];
const forward: readonly Direction[] = ["forward"];
const both: readonly Direction[] = ["forward", "backward"];

/** What each level asks. */
export const levelScopes: Readonly<Record<CompatibilityLevel, LevelScope>> = {
  NONE: { directions: [], isTransitive: false },
  BACKWARD: { directions: backward, isTransitive: false },
  BACKWARD_TRANSITIVE: { directions: backward, isTransitive: true },
  FORWARD: { directions: forward, isTransitive: false },
  FORWARD_TRANSITIVE: { directions: forward, isTransitive: true },
  FULL: { directions: both, isTransitive: false },
  FULL_TRANSITIVE: { directions: both, isTransitive: true },
};

/**
 * Levels from the strongest to the weakest. Levels promise different things, so the order is a choice: both
 * directions before one, then all versions before the newest, then new reads old before old reads new, because
 * old records stay in a topic.
 */
export const levelsByStrength: readonly CompatibilityLevel[] = [
  "FULL_TRANSITIVE",
  "FULL",
  "BACKWARD_TRANSITIVE",
  "FORWARD_TRANSITIVE",
  "BACKWARD",
  "FORWARD",
  "NONE",
];
