import type { Direction, FoundWireProblem } from "../difference.ts";

interface Row {
  readonly severity: FoundWireProblem["severity"];
  /** What to do to the newer schema: it reads what the older one wrote, or it writes what the older one reads. */
  readonly advice: Readonly<Record<Direction, string>>;
}

const error = (backward: string, forward: string): Row => ({
  severity: "error",
  advice: { backward, forward },
});
const warning = (backward: string, forward = backward): Row => ({
  severity: "warning",
  advice: { backward, forward },
});

const newField = "put the new type into a new field with a default";
const oldField = "Keep writing the old type; put the new one into a new field beside it.";

/** Names of ours. */
export type AvroWireKind =
  | "TYPE_CHANGED"
  | "PRECISION_LOST"
  | "BYTES_READ_AS_TEXT"
  | "LOGICAL_TYPE_CHANGED"
  | "DECIMAL_SCALE_CHANGED"
  | "DECIMAL_PRECISION_LOWERED"
  | "NAME_CHANGED"
  | "NAMESPACE_CHANGED"
  | "FIXED_SIZE_CHANGED"
  | "FIELD_WITHOUT_DEFAULT"
  | "FIELD_AMBIGUOUS"
  | "ENUM_SYMBOL_REMOVED"
  | "ENUM_SYMBOL_READ_AS_DEFAULT"
  | "UNION_BRANCH_REMOVED";

const rows: Readonly<Record<AvroWireKind, Row>> = {
  TYPE_CHANGED: error(`Keep the type, or ${newField}.`, oldField),
  PRECISION_LOST: error(`Keep the wider type, or ${newField}.`, oldField),
  BYTES_READ_AS_TEXT: error(
    "Keep `bytes`: not all bytes are text.",
    "Keep writing `string`: not all bytes are text.",
  ),
  LOGICAL_TYPE_CHANGED: error(`Keep the logical type, or ${newField}.`, oldField),
  DECIMAL_SCALE_CHANGED: error(`Keep the scale, which is not in the bytes, or ${newField}.`, oldField),
  DECIMAL_PRECISION_LOWERED: error(
    "Keep the precision, or raise it.",
    "Keep the precision until every reader takes more digits.",
  ),
  NAME_CHANGED: error(
    "Keep the name, or list the old full name in the type's `aliases`.",
    "Keep the name: old readers know no alias for a new one.",
  ),
  NAMESPACE_CHANGED: warning(
    "Keep the namespace, or list the old full name in the type's `aliases`; consumers on avsc need `ignoreNamespaces: true`.",
    "Keep the namespace; consumers on avsc need `ignoreNamespaces: true`.",
  ),
  FIXED_SIZE_CHANGED: error(
    "Keep the size; put the new size into a new fixed type and field with a default.",
    "Keep the size; put the new size into a new fixed type and field, and go on writing the old one.",
  ),
  FIELD_WITHOUT_DEFAULT: error(
    "Give the field a default, or the old name as an alias if it is a rename.",
    "Keep the field: the old reader has no default for it.",
  ),
  FIELD_AMBIGUOUS: error(
    "Remove the alias that collides with another field's name.",
    "Give the field a name that no alias of the old reader has.",
  ),
  ENUM_SYMBOL_REMOVED: error(
    "Keep the enum value, or give the enum a default that is one of its own.",
    "Give the enum a default in one release, and write the new value only after all readers have it.",
  ),
  ENUM_SYMBOL_READ_AS_DEFAULT: warning(
    "Keep the enum value where it must be told from the default.",
    "Write the new value only where old readers may take it for the default.",
  ),
  UNION_BRANCH_REMOVED: error(
    "Keep every branch that was ever written.",
    "Do not write a new branch to old readers; put it into a new field.",
  ),
};

/** Every kind of problem, for checking that none is untested. */
export const avroWireKinds: readonly string[] = Object.keys(rows);

export function avroWireProblem(
  kind: AvroWireKind,
  place: { readonly path: string; readonly message: string },
  direction: Direction,
): FoundWireProblem {
  const { severity, advice } = rows[kind];
  return { kind, ...place, advice: advice[direction], severity };
}
