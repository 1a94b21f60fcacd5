import type { ProtoScalar } from "../../../src/schema/proto/model.ts";

/** A .proto file that can be changed. Types are named without the package. */
export interface CaseFile {
  syntax: "proto2" | "proto3" | "editions";
  package: string;
  /** Definitions of an imported file of the same package. */
  imported: CaseScope;
  messages: CaseMessage[];
  enums: CaseEnum[];
  /** As an imported message sees it: all lists are those of the import. */
  isImport?: boolean;
}

export interface CaseScope {
  messages: CaseMessage[];
  enums: CaseEnum[];
}

export interface CaseMessage extends CaseScope {
  name: string;
  fields: CaseField[];
  reserved: CaseRange[];
  reservedNames: string[];
  extensions: CaseRange[];
}

/** Both ends belong to it. */
export interface CaseRange {
  from: number;
  to: number;
}

export type CaseType =
  | { kind: "scalar"; name: Scalar }
  | { kind: "enum" | "message"; name: string }
  | { kind: "map"; key: Scalar; value: Exclude<CaseType, { kind: "map" }> };

export interface CaseField {
  name: string;
  number: number;
  label: "" | "optional" | "required" | "repeated";
  type: CaseType;
  oneof?: string;
  default?: string;
  /** As a group is encoded; in editions only. */
  isDelimited?: boolean;
}

export interface CaseEnum {
  name: string;
  values: { name: string; number: number }[];
  reserved: CaseRange[];
  isClosed?: boolean;
}

export type Scalar = ProtoScalar;
export const scalars: readonly Scalar[] = [
  ...(["double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64"] as const),
  ...(["fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes"] as const),
];

/** Every message of a scope with the name that others use for it. */
export function messagesOf(
  scope: CaseScope,
  prefix = "",
): { message: CaseMessage; path: string; holder: CaseScope }[] {
  return scope.messages.flatMap((message) => {
    const path = `${prefix}${message.name}`;
    return [{ message, path, holder: scope }, ...messagesOf(message, `${path}.`)];
  });
}

/** Every enum of a scope with the name that others use for it. */
export function enumsOf(scope: CaseScope, prefix = ""): { type: CaseEnum; path: string }[] {
  return [
    ...scope.enums.map((type) => ({ type, path: `${prefix}${type.name}` })),
    ...scope.messages.flatMap((message) => enumsOf(message, `${prefix}${message.name}.`)),
  ];
}

/** Messages of the file and of the one that it imports. */
export function allMessages(file: CaseFile): ReturnType<typeof messagesOf> {
  return [...messagesOf(file), ...messagesOf(file.imported)];
}

export function allEnums(file: CaseFile): ReturnType<typeof enumsOf> {
  return [...enumsOf(file), ...enumsOf(file.imported)];
}

/** The file as a message of it sees it: what is imported sees only itself. The lists are those of the file. */
export function seenFrom(file: CaseFile, message: CaseMessage): CaseFile {
  const isImported = messagesOf(file.imported).some((one) => one.message === message);
  return isImported
    ? { ...file, ...file.imported, imported: { messages: [], enums: [] }, isImport: true }
    : file;
}

/** The messages and enums that a field names. */
export function namesIn({ type }: Pick<CaseField, "type">): readonly string[] {
  if (type.kind === "scalar") return [];
  return type.kind === "map" ? namesIn({ type: type.value }) : [type.name];
}
