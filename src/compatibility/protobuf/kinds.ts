import type { Dialect } from "../dialects.ts";
import type { Difference } from "../difference.ts";

/** Every kind of difference between two Protobuf schemas, with the rule sets in which it is incompatible. */
const incompatibleIn = {
  PACKAGE_CHANGED: "CD",
  MESSAGE_ADDED: "",
  MESSAGE_REMOVED: "ABCD",
  MESSAGE_MOVED: "A",
  ENUM_ADDED: "",
  ENUM_REMOVED: "",
  ENUM_CONST_ADDED: "",
  ENUM_CONST_CHANGED: "",
  ENUM_CONST_REMOVED: "",
  FIELD_ADDED: "",
  FIELD_REMOVED: "",
  FIELD_NAME_CHANGED: "",
  FIELD_KIND_CHANGED: "ABCD",
  FIELD_SCALAR_KIND_CHANGED: "ABCD",
  FIELD_NAMED_TYPE_CHANGED: "ABCD",
  FIELD_NUMERIC_LABEL_CHANGED: "ABCD",
  FIELD_STRING_OR_BYTES_LABEL_CHANGED: "",
  REQUIRED_FIELD_ADDED: "ABCD",
  REQUIRED_FIELD_REMOVED: "ABCD",
  ONEOF_ADDED: "",
  ONEOF_REMOVED: "",
  ONEOF_FIELD_ADDED: "",
  ONEOF_FIELD_REMOVED: "ABCD",
  ONEOF_FIELD_MOVED_TO_TOP_LEVEL: "",
  MULTIPLE_FIELDS_MOVED_TO_ONEOF: "ABCD",
  FIELD_MOVED_TO_EXISTING_ONEOF: "CD",
} as const;

export type ProtobufKind = keyof typeof incompatibleIn;

export const protobufKinds: readonly ProtobufKind[] = Object.keys(incompatibleIn) as ProtobufKind[];

/** Takes what a rule finds; the dialect says how bad it is. */
export type Report = (kind: ProtobufKind, path: string, message: string) => void;

export function buildDifference(
  kind: ProtobufKind,
  path: string,
  message: string,
  dialect: Dialect,
): Difference {
  return { kind, path, message, compatible: !incompatibleIn[kind].includes(dialect.ruleSet) };
}
