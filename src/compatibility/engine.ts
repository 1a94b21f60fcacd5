import type { CompatibilityLevel } from "../core/event.ts";
import { adviceFor } from "./advice.ts";
import { compareSchemas } from "./compare.ts";
import type { Dialect } from "./dialects.ts";
import type { Direction, PlacedDifference, Verdict } from "./difference.ts";
import { type EarlierVersion, versionsInForce } from "./history.ts";
import { levelScopes, levelsByStrength } from "./levels.ts";
import type { HistoryEntry, ParsedSchema } from "./parsed.ts";
import { judgeWire } from "./wire.ts";

/** May this schema follow those? */
export interface Question {
  /** Registered versions, oldest first; none: everything is compatible. */
  readonly history: readonly HistoryEntry[];
  readonly schema: ParsedSchema;
  readonly level: CompatibilityLevel;
  /** Whose rules; only Protobuf's differ. */
  readonly dialect: Dialect;
  /**
   * The new schema's value of the metadata property that the subject's `compatibilityGroup` names; only versions with
   * the same one count. Empty text: it has none. Absent: the subject has no groups.
   */
  readonly compatibilityGroup?: string;
}

/** Answers both questions: would the registry take the schema, and do bytes keep their meaning. Pure; never throws. */
export function checkCompatibility(question: Question): Verdict {
  const { history, schema, level, dialect, compatibilityGroup } = question;
  const versions = versionsInForce(history, compatibilityGroup);
  const walk = createWalk(versions, schema, dialect);
  const { isCompatible, differences } = walk(level);
  const strongest = isCompatible ? undefined : levelsByStrength.find((one) => walk(one).isCompatible);
  const problems = judgeWire(versions, schema, levelScopes[level]);
  return {
    level,
    dialect: dialect.name,
    ruleSet: dialect.ruleSet,
    registry: {
      compatible: isCompatible,
      differences,
      ...(strongest === undefined ? {} : { strongest }),
    },
    wire: { safe: problems.every(({ severity }) => severity !== "error"), problems },
  };
}

interface Walked {
  readonly isCompatible: boolean;
  readonly differences: readonly PlacedDifference[];
}

/** Walks the versions of a level; every pair is compared once, however many levels are asked. */
function createWalk(
  versions: readonly EarlierVersion[],
  schema: ParsedSchema,
  dialect: Dialect,
): (level: CompatibilityLevel) => Walked {
  const known = new Map<Direction, Map<EarlierVersion, readonly PlacedDifference[]>>([
    ["backward", new Map()],
    ["forward", new Map()],
  ]);
  const against = (version: EarlierVersion, direction: Direction): readonly PlacedDifference[] => {
    const found = known.get(direction)?.get(version);
    if (found !== undefined) return found;
    const differences = compareSchemas(version.schema, schema, direction, dialect).map((difference) => {
      const { advice = adviceFor(difference, direction), ...found } = difference;
      const placed = { ...found, direction, against: version.index };
      return advice === undefined ? placed : { ...placed, advice };
    });
    known.get(direction)?.set(version, differences);
    return differences;
  };
  return (level) => {
    const { directions, isTransitive } = levelScopes[level];
    const passed: (readonly PlacedDifference[])[] = [];
    for (const version of isTransitive ? versions : versions.slice(0, 1)) {
      // Another type of schema is said once, not once for each direction.
      const asked = version.schema.type === schema.type ? directions : directions.slice(-1);
      const found = asked.flatMap((direction) => against(version, direction));
      // What a registry says names the failing version only.
      if (found.some(({ compatible }) => !compatible)) return { isCompatible: false, differences: found };
      passed.push(found);
    }
    return { isCompatible: true, differences: passed.flat() };
  };
}
