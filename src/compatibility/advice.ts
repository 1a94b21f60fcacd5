import type { Difference, Direction } from "./difference.ts";

/** What to do instead: when the new schema must read old data, and when old readers must read new data. */
interface Advice {
  readonly backward: string;
  /** An old reader is deployed and cannot be mended, so this, too, is about the new schema. */
  readonly forward: string;
}

const keepWriting = "and keep filling the old field, which old readers go on reading.";
const newNumber = "Add a field with a new number";

const rows: Readonly<Record<string, Advice>> = {
  // Avro
  NAME_MISMATCH: {
    backward: "Keep the old name, or list the old full name under `aliases` of the new one.",
    forward: "Keep the old name: an alias in the new schema is unknown to readers that are already deployed.",
  },
  TYPE_MISMATCH: {
    backward:
      "Only widen (int to long to float to double) or change between string and bytes; for anything else add a new field with a default.",
    forward:
      "Write a type that the old reader can widen; for anything else leave the field and add a new one beside it.",
  },
  READER_FIELD_MISSING_DEFAULT_VALUE: {
    backward:
      "Give the added field a default; if it is an old field with a new name, list the old name as its alias.",
    forward: "Keep the field: the old reader has no default to put in its place.",
  },
  MISSING_ENUM_SYMBOLS: {
    backward: "Keep every symbol, or give the enum a default that is one of its own symbols.",
    forward:
      "First release a default of the enum; write the new symbols only when every reader has that release.",
  },
  FIXED_SIZE_MISMATCH: {
    backward:
      "Keep the size; for another size define a new fixed type and use it in a new field with a default.",
    forward: `Keep the size; use another size only in a new fixed type and a new field, ${keepWriting}`,
  },
  MISSING_UNION_BRANCH: {
    backward: "Keep every branch that was ever written.",
    forward: "Put values of the new branch into a new field: old readers cannot read them in this one.",
  },
  // Protobuf
  PACKAGE_CHANGED: {
    backward: "Keep the package; another package is another subject, best on a topic of its own.",
    forward: "Keep the package; another package is another subject, best on a topic of its own.",
  },
  MESSAGE_REMOVED: {
    backward: "Keep the message and mark it `deprecated`, even when its fields moved elsewhere.",
    forward: "Declare the added message in a file of its own and import it, or agree on BACKWARD.",
  },
  MESSAGE_MOVED: {
    backward: "Keep the messages of the file in their order and add new ones at the end.",
    forward: "Keep the messages of the file in their order.",
  },
  FIELD_KIND_CHANGED: {
    backward: `${newNumber}; reserve the old number and name once nobody writes the old field.`,
    forward: `${newNumber}, ${keepWriting}`,
  },
  FIELD_SCALAR_KIND_CHANGED: {
    backward: `Stay within the types that share an encoding, or leave the field: ${lower(newNumber)}.`,
    forward: `Stay within the types that share an encoding; else leave the field: ${lower(newNumber)}, ${keepWriting}`,
  },
  FIELD_NUMERIC_LABEL_CHANGED: {
    backward: "Keep the label; for a list add a `repeated` field with a new number.",
    forward: `Keep the label; for a list add a \`repeated\` field with a new number, ${keepWriting}`,
  },
  FIELD_NAMED_TYPE_CHANGED: {
    backward:
      "Keep the name of the message below its package, or use a new field; where an import differs, mend the nested difference or stay with the import's old version.",
    forward:
      "Keep the name of the message below its package, or use a new field; where an import differs, mend the nested difference or stay with the import's old version.",
  },
  REQUIRED_FIELD_ADDED: {
    backward: "Make the field optional and let the code that reads it insist.",
    forward: "Keep writing the field: old readers refuse records without it.",
  },
  REQUIRED_FIELD_REMOVED: {
    backward: "Keep the field until no reader requires it any more.",
    forward: "Make the added field optional: the rules want a required field on both sides.",
  },
  ONEOF_FIELD_REMOVED: {
    backward: "Keep the member inside its oneof and mark it `deprecated`.",
    forward: "Put the added field outside the oneof, or agree on BACKWARD.",
  },
  MULTIPLE_FIELDS_MOVED_TO_ONEOF: {
    backward: "Leave the fields where they are and build the oneof from fields with new numbers.",
    forward: "Leave the oneof whole: old readers rely on at most one of its members being set.",
  },
  FIELD_MOVED_TO_EXISTING_ONEOF: {
    backward: "Leave the field outside and add a member with a new number.",
    forward: "Leave the member inside its oneof.",
  },
  // Both
  SCHEMA_TYPE_CHANGED: {
    backward: "Use a new subject, best with a new topic: one subject keeps one format.",
    forward: "Use a new subject, best with a new topic: one subject keeps one format.",
  },
  EXCEPTION: {
    backward: "Remove the alias that collides with the name of another field.",
    forward: "Remove the alias that collides with the name of another field.",
  },
};

const table: ReadonlyMap<string, Advice> = new Map(Object.entries(rows));

/** Kinds of difference that have advice, for checking that none is forgotten. */
export const advisedKinds: readonly string[] = [...table.keys()];

// A reader's enum field that the writer lacks fails under this kind; the engine says no more.
const absentEnum = "reader type: ENUM not compatible with writer type: RECORD";

/** What to do instead of an incompatible change; undefined for a compatible one. */
export function adviceFor(difference: Difference, direction: Direction): string | undefined {
  const { kind, message, compatible } = difference;
  if (compatible) return undefined;
  if (kind === "TYPE_MISMATCH" && message === absentEnum)
    return direction === "backward"
      ? "Give the field itself a default: the default of its enum does not fill a missing field."
      : "Keep the field: the old reader has no default to put in its place.";
  return table.get(kind)?.[direction];
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
