import type { Direction, FoundWireProblem } from "../difference.ts";

export interface WireKind {
  readonly severity: "error" | "warning";
  /** What happens to the bytes. */
  readonly meaning: string;
  /** What to do to the newer schema: it reads what the older one wrote, or it writes what the older one reads. */
  readonly advice: Readonly<Record<Direction, string>>;
}

const kind = (
  severity: WireKind["severity"],
  meaning: string,
  backward: string,
  forward = backward,
): WireKind => ({ severity, meaning, advice: { backward, forward } });
const newField = "go on writing the old field and add one with a new number";

export type ProtobufWireKind =
  | "NUMBER_NOT_RESERVED"
  | "NUMBER_REUSED"
  | "RESERVATION_REMOVED"
  | "EXTENSION_RANGE_REMOVED"
  | "NAME_MOVED"
  | "TYPE_CHANGED"
  | "TYPE_NARROWED"
  | "BYTES_READ_AS_STRING"
  | "TYPE_REPLACED"
  | "ENUM_REPLACED"
  | "LIST_CHANGED"
  | "REQUIRED_MISSING"
  | "DEFAULT_CHANGED"
  | "FIELDS_JOINED"
  | "VALUE_MOVED"
  | "VALUE_NOT_RESERVED"
  | "VALUE_REUSED"
  | "VALUE_UNKNOWN"
  | "NOT_JUDGED"
  | "SINGLE_READ_AS_LIST"
  | "LIST_READ_AS_MAP"
  | "MESSAGE_REMOVED";

/** What can happen to Protobuf bytes, and what to do instead; `docs/reference/compatibility.md` shows this table. */
export const protobufWireKinds: Readonly<Record<ProtobufWireKind, WireKind>> = {
  NUMBER_NOT_RESERVED: kind(
    "error",
    "A field is gone and its number is not reserved: the next field may take it and read old bytes.",
    "Reserve the number and the name.",
  ),
  NUMBER_REUSED: kind(
    "error",
    "A field has a number that was reserved or belonged to extensions: bytes of another field may lie under it.",
    "Use a new number.",
  ),
  RESERVATION_REMOVED: kind(
    "error",
    "Numbers that were reserved can be taken again.",
    "Keep the reservation for as long as old records may come back.",
  ),
  EXTENSION_RANGE_REMOVED: kind(
    "error",
    "Numbers that belonged to extensions can be taken by fields.",
    "Keep the range, or reserve what you take out of it.",
  ),
  NAME_MOVED: kind(
    "error",
    "A field keeps its name and has another number: what was written is dropped without a word.",
    "Keep the number, or use a new number under a new name and reserve the old ones.",
    "Keep the number that old readers look for.",
  ),
  TYPE_CHANGED: kind(
    "error",
    "The bytes of one type mean something else, or nothing, as the other type.",
    "Use a new number for the new type and reserve the old one.",
    `Keep the type: ${newField}.`,
  ),
  TYPE_NARROWED: kind(
    "error",
    "The same encoding, but values that do not fit are cut or change their sign.",
    "Keep the wider type.",
    "Keep the type that old readers have, until none of them is left.",
  ),
  BYTES_READ_AS_STRING: kind(
    "error",
    "Bytes need not be UTF-8; readers refuse or replace what is not.",
    "Keep `bytes`, or use a new number for the string.",
    "Keep `string`: old readers refuse what is not text.",
  ),
  TYPE_REPLACED: kind(
    "error",
    "A field has another message type, whose fields do not mean the same.",
    "Keep the message type, or use a new number.",
    `Keep the message type: ${newField}.`,
  ),
  ENUM_REPLACED: kind(
    "error",
    "A field has another enum, whose numbers do not mean the same.",
    "Keep the enum, or use a new number.",
    `Keep the enum: ${newField}.`,
  ),
  LIST_CHANGED: kind(
    "error",
    "Lists of numbers are packed, unlike one number; of a list that is read as one value, only the last is kept.",
    "Keep the label; use a new number for the other form.",
    `Keep the label: ${newField}.`,
  ),
  REQUIRED_MISSING: kind(
    "error",
    "The reader refuses records without the field, and the writer may leave it out.",
    "Make it optional and check it in code.",
    "Keep writing the field, as `required`: old readers insist on it.",
  ),
  DEFAULT_CHANGED: kind(
    "error",
    "A default is not in the bytes: a field that was left out reads as another value.",
    "Keep the default.",
  ),
  FIELDS_JOINED: kind(
    "error",
    "Fields that can be set together are read into one oneof: only the last one in the bytes is kept.",
    "Leave the fields where they are; build the oneof from new numbers.",
    "Leave the oneof whole: old readers take one of its members.",
  ),
  VALUE_MOVED: kind(
    "error",
    "An enum value keeps its name and has another number.",
    "Keep the enum value under its number.",
  ),
  VALUE_NOT_RESERVED: kind(
    "error",
    "An enum value is gone and its number is not reserved.",
    "Keep the enum value, or reserve its number and name.",
  ),
  VALUE_REUSED: kind("error", "An enum value has a number that was reserved.", "Use a new number."),
  VALUE_UNKNOWN: kind(
    "error",
    "A closed enum does not know a number that is written: the field reads as not set, that is as its default.",
    "Keep the enum value.",
    "Write the new value only when every reader knows it.",
  ),
  NOT_JUDGED: kind(
    "error",
    "The schemas are so large or so entangled that the comparison was given up.",
    "Split the schema into files that can be judged.",
  ),
  SINGLE_READ_AS_LIST: kind(
    "warning",
    "One string, byte sequence or message is read as a list of one; where none was written, as an empty list.",
    "Expect lists of one in old records.",
    "Old readers see lists of one.",
  ),
  LIST_READ_AS_MAP: kind(
    "warning",
    "Entries that are read as a map lose their order, and all but the last of the same key.",
    "Make sure that no key was ever written twice.",
    "Write no key twice.",
  ),
  MESSAGE_REMOVED: kind(
    "warning",
    "The message is gone: its records, where there are any, cannot be read with the new schema.",
    "Keep the message and mark it `deprecated` while its records can come back.",
  ),
};

/** What was found, where, and in which direction. */
export function wireProblem(
  found: ProtobufWireKind,
  { path, message }: { readonly path: string; readonly message: string },
  direction: Direction,
): FoundWireProblem {
  const { severity, advice } = protobufWireKinds[found];
  return { kind: found, path, message, advice: advice[direction], severity };
}
