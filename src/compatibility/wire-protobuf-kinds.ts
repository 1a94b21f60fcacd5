import type { FoundWireProblem } from "./difference.ts";

export interface WireKind {
  readonly severity: "error" | "warning";
  readonly meaning: string;
  readonly advice: string;
}

const error = (meaning: string, advice: string): WireKind => ({ severity: "error", meaning, advice });
const warning = (meaning: string, advice: string): WireKind => ({ severity: "warning", meaning, advice });

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

/** What can happen to Protobuf bytes, and what to do instead; `docs/reference/compatibility.md` prints this table. */
export const protobufWireKinds: Readonly<Record<ProtobufWireKind, WireKind>> = {
  NUMBER_NOT_RESERVED: error(
    "A field is gone and its number is not reserved, so the next field may take it and read old bytes.",
    "Reserve the number and the name.",
  ),
  NUMBER_REUSED: error(
    "A field has a number that was reserved or set aside for extensions: bytes of another field may lie under it.",
    "Use a new number.",
  ),
  RESERVATION_REMOVED: error(
    "Numbers that were reserved can be taken again.",
    "Keep the reservation for as long as old records may come back.",
  ),
  EXTENSION_RANGE_REMOVED: error(
    "Numbers that belonged to extensions can be taken by fields.",
    "Keep the range, or reserve what you take out of it.",
  ),
  NAME_MOVED: error(
    "A field keeps its name and has another number: what was written is silently dropped.",
    "Keep the number, or use a new number under a new name and reserve the old ones.",
  ),
  TYPE_CHANGED: error(
    "The bytes of one type mean something else, or nothing, as the other type.",
    "Use a new number for the new type and reserve the old one.",
  ),
  TYPE_NARROWED: error(
    "Same encoding, but values that do not fit are cut or change their sign.",
    "Keep the wider type.",
  ),
  BYTES_READ_AS_STRING: error(
    "Bytes need not be UTF-8; readers refuse or replace what is not.",
    "Keep bytes, or use a new number for the string.",
  ),
  TYPE_REPLACED: error(
    "A field has another message type, whose fields do not mean the same.",
    "Keep the message type, or use a new number.",
  ),
  ENUM_REPLACED: error(
    "A field has another enum, whose numbers do not mean the same.",
    "Keep the enum, or use a new number.",
  ),
  LIST_CHANGED: error(
    "One value and a list of values are encoded differently for numbers, and a list read as one value keeps only its last.",
    "Keep the label; use a new number for the other form.",
  ),
  REQUIRED_MISSING: error(
    "The reader refuses records without the field, and the writer may leave it out.",
    "Make it optional and check it in code.",
  ),
  DEFAULT_CHANGED: error(
    "A default is not in the bytes: a field that was left out now reads as another value.",
    "Keep the default.",
  ),
  FIELDS_JOINED: error(
    "Fields that could be set together share a oneof: only the last one in the bytes is kept.",
    "Leave the fields where they are; build the oneof from new numbers.",
  ),
  VALUE_MOVED: error(
    "An enum value keeps its name and has another number.",
    "Keep the enum value under its number; add a new value instead.",
  ),
  VALUE_NOT_RESERVED: error(
    "An enum value is gone and its number is not reserved.",
    "Keep the enum value, or reserve its number and name.",
  ),
  VALUE_REUSED: error("An enum value has a number that was reserved.", "Use a new number."),
  VALUE_UNKNOWN: error(
    "A closed enum (proto2) does not know a number that is written: the field reads as not set, that is as its default.",
    "Keep the enum value; let all readers know a new value before it is written, or make the enum open.",
  ),
  NOT_JUDGED: error(
    "The schemas are so large or so entangled that the comparison was given up.",
    "Split the schema into files that can be judged.",
  ),
  SINGLE_READ_AS_LIST: warning(
    "One string, byte sequence or message is read as a list of one; an empty one that was not written, as an empty list.",
    "Expect lists of one in old records.",
  ),
  LIST_READ_AS_MAP: warning(
    "Entries that are read as a map lose their order, and all but the last of the same key.",
    "Make sure that no key was ever written twice.",
  ),
  MESSAGE_REMOVED: warning(
    "The message is gone: records of that type, where there are any, can no longer be read with the new schema.",
    "Keep the message and mark it deprecated while its records can come back.",
  ),
};

/** A problem of a kind, at a place, with what was found there. */
export function wireProblem(kind: ProtobufWireKind, path: string, message: string): FoundWireProblem {
  const { severity, advice } = protobufWireKinds[kind];
  return { kind, path, message, advice, severity };
}
