import type { DescField, DescMessage } from "@bufbuild/protobuf";

const proto2 = 998;
const proto3 = 999;
const implicit = 2;

/** Well-known types that are messages of two numbers. */
const times: ReadonlySet<string> = new Set(["google.protobuf.Timestamp", "google.protobuf.Duration"]);

const wrappers: ReadonlySet<string> = new Set(
  "Bool Bytes Double Float Int32 Int64 String UInt32 UInt64"
    .split(" ")
    .map((stem) => `google.protobuf.${stem}Value`),
);

/** A Timestamp or Duration: the runtime reads and writes them. */
export function isTime(message: DescMessage): boolean {
  return times.has(message.typeName);
}

/** A wrapper type, such as google.protobuf.StringValue. */
export function isWrapper(message: DescMessage): boolean {
  return wrappers.has(message.typeName);
}

/** Every message that a root can hold, itself first. */
export function reachableFrom(root: DescMessage): readonly DescMessage[] {
  const found = new Set([root]);
  // A set goes on over what is added meanwhile.
  for (const message of found)
    for (const field of message.fields) if (field.message !== undefined) found.add(field.message);
  return [...found];
}

/**
 * Why a message is encoded by protobuf-es and not by straight-line code; undefined when it is not. What it can reach
 * counts, because one codec writes all of it. `known` are the paths of the project's own files.
 */
export function fallbackReason(root: DescMessage, known: ReadonlySet<string>): string | undefined {
  for (const message of reachableFrom(root)) {
    const reason = reasonOf(message, known);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function reasonOf(message: DescMessage, known: ReadonlySet<string>): string | undefined {
  const { typeName } = message;
  if (isTime(message) || isWrapper(message)) return undefined;
  if (typeName.startsWith("google.protobuf.")) return `it can hold a ${typeName}`;
  if (!known.has(message.file.proto.name))
    return `${typeName} is declared outside the schemas of this project`;
  if (message.file.edition === proto2) return `${typeName} is proto2`;
  if (message.proto.extensionRange.length > 0) return `${typeName} may be extended`;
  for (const field of message.fields) {
    const reason = fieldReason(message, field, known);
    if (reason !== undefined) return `${typeName}.${field.name} ${reason}`;
  }
  return undefined;
}

function fieldReason(message: DescMessage, field: DescField, known: ReadonlySet<string>): string | undefined {
  const isScalar = field.fieldKind === "scalar" || field.fieldKind === "enum";
  const isEdition = message.file.edition !== proto3;
  if (isEdition && isScalar && field.presence !== implicit && field.oneof === undefined)
    return "has explicit presence in an edition";
  if (field.enum !== undefined && !field.enum.open) return "is a closed enum";
  if (field.enum !== undefined && !known.has(field.enum.file.proto.name))
    return "is an enum that is declared outside the schemas of this project";
  if ("delimitedEncoding" in field && field.delimitedEncoding) return "has the delimited encoding";
  if ("utf8Validation" in field && !field.utf8Validation && holdsText(field)) return "takes invalid UTF-8";
  return undefined;
}

const stringType = 9;

function holdsText(field: DescField): boolean {
  return field.scalar === stringType || (field.fieldKind === "map" && field.mapKey === stringType);
}
