import { scalarCodes, toJsonName } from "../descriptor/fields.ts";
import type { ProtoExtend, ProtoField, ProtoOption } from "../model.ts";
import { escapeBytes } from "../print/options.ts";
import { joinName } from "../text/body.ts";
import { textOf } from "../text/reader.ts";
import { demandType, type EncodeContext } from "./options.ts";
import { toInteger } from "./values.ts";
import { type WireParts, writeFlag, writeInteger, writeMessage, writeText } from "./write.ts";

export interface FieldPlace {
  /** Full name of the message, or the package. */
  readonly scope: string;
  readonly oneof?: number | undefined;
  readonly extendee?: string;
}

const groupCode = 10;
const messageCode = 11;
const enumCode = 14;
const labels = { optional: 1, required: 2, repeated: 3 };

/** As a FieldDescriptorProto. */
export function encodeField(context: EncodeContext, field: ProtoField, place: FieldPlace): WireParts {
  const { type, label = "optional" } = field;
  const { scope, oneof, extendee } = place;
  const written = (name: string): ProtoOption | undefined =>
    field.options.find(
      (one) => one.name.length === 1 && one.name[0]?.name === name && !one.name[0].isExtension,
    );
  const ownOptions = field.options.filter(
    (one) => one !== written("default") && one !== written("json_name"),
  );
  const json = written("json_name")?.value;
  const isPresent = context.schema.file.syntax === "proto3" && field.label === "optional";
  return [
    ...writeText(1, field.name),
    ...writeText(2, extendee),
    ...writeInteger(3, field.number),
    ...writeInteger(4, type.kind === "map" ? labels.repeated : labels[label]),
    ...encodeType(context, field, scope),
    ...writeText(7, defaultOf(written("default"), type)),
    ...writeMessage(8, context.encodeOptions("FieldOptions", ownOptions, scope), false),
    ...writeInteger(9, oneof),
    ...writeText(10, json?.kind === "string" ? textOf(json.bytes) : toJsonName(field.name)),
    ...writeFlag(17, isPresent),
  ];
}

function encodeType(context: EncodeContext, { name, type, at }: ProtoField, scope: string): WireParts {
  switch (type.kind) {
    case "scalar":
      return writeInteger(5, scalarCodes.indexOf(type.name));
    case "map":
      return [...writeInteger(5, messageCode), ...writeText(6, `.${joinName(scope, mapEntryName(name))}`)];
    case "group":
      return [...writeInteger(5, groupCode), ...writeText(6, `.${joinName(scope, type.name)}`)];
    default: {
      const found = demandType(context, { name: type.name, scope, at });
      const code = found.kind === "enum" ? enumCode : messageCode;
      return [...writeInteger(5, code), ...writeText(6, found.fullName)];
    }
  }
}

/** `first_name` → `FirstNameEntry` */
export function mapEntryName(field: string): string {
  const camel = field.replace(/(?:^|_)+([^_]?)/g, (_, letter: string) => letter.toUpperCase());
  return `${camel}Entry`;
}

/** The default value as a descriptor has it: bytes escaped, whole numbers in decimal. */
function defaultOf(option: ProtoOption | undefined, type: ProtoField["type"]): string | undefined {
  const value = option?.value;
  if (value?.kind === "identifier") return value.text;
  if (value?.kind === "number") return String(toInteger(value.text) ?? Number(value.text));
  if (value?.kind !== "string") return undefined;
  return type.kind === "scalar" && type.name === "bytes" ? escapeBytes(value.bytes) : textOf(value.bytes);
}

/** The extensions of a scope, each as a field of it. */
export function encodeExtensions(
  context: EncodeContext,
  {
    number,
    scope,
    list,
  }: { readonly number: number; readonly scope: string; readonly list: readonly ProtoExtend[] },
): WireParts {
  return list.flatMap(({ extendee, fields, at }) => {
    const { fullName } = demandType(context, { name: extendee, scope, at });
    return fields.flatMap((field) =>
      writeMessage(number, encodeField(context, field, { scope, extendee: fullName })),
    );
  });
}
