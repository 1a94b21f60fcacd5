import { quote, schemaError } from "../../limits.ts";
import type { TextSpan } from "../../text-span.ts";
import type { ProtoField, ProtoOption, ProtoValue, ProtoValueField } from "../model.ts";
import {
  createExtensionFinder,
  type FindExtensionByName,
  type KnownField,
  type OptionShape,
  optionShape,
  shapeOfField,
  typeOfField,
} from "../option-shapes.ts";
import type { ProtoSchema } from "../schema.ts";
import { encodeScalar } from "./values.ts";
import { tag, type WireParts, writeMessage } from "./write.ts";

/** What is the same for all of one descriptor. */
export interface EncodeContext {
  readonly schema: ProtoSchema;
  readonly encodeOptions: EncodeOptions;
}

/** @param type simple name of the options' message, for example `FieldOptions` */
export type EncodeOptions = (type: string, options: readonly ProtoOption[], scope: string) => WireParts;

/** The type that a name means, its full name with a leading dot. @throws KeryxError `schema_invalid` */
export function demandType(
  { schema }: Pick<EncodeContext, "schema">,
  { name, scope, at }: { readonly name: string; readonly scope: string; readonly at: TextSpan },
): { readonly kind: "message" | "enum"; readonly fullName: string } {
  const found = schema.resolve(name, scope);
  if (found === undefined) throw schemaError(`The type ${quote(name)} is not defined.`, at, []);
  return { kind: found.kind, fullName: `.${found.type.fullName}` };
}

interface Encoding {
  readonly extension: FindExtensionByName;
  readonly scope: string;
}

/** Writes options by the descriptions of their messages, the extensions that the file reaches among them. */
export function createOptionEncoder(schema: ProtoSchema): EncodeOptions {
  const extension = createExtensionFinder(schema);
  return (type, options, scope) => {
    if (options.length === 0) return [];
    const shape = optionShape(type);
    if (shape === undefined) return [];
    const encoding: Encoding = { extension, scope };
    return options.flatMap(({ name, value }) => encodePath(encoding, shape, name, value));
  };
}

/** `(a.b).c = value`: each part but the last is a message around the next. */
function encodePath(
  encoding: Encoding,
  shape: OptionShape,
  [part, ...others]: ProtoOption["name"],
  value: ProtoValue,
): WireParts {
  const known = part && findField(encoding, shape, part);
  if (known === undefined) return [];
  if (others.length === 0) return encodeValue(encoding, known, value);
  const inner = shapeOfField(known);
  if (inner === undefined) return [];
  const parts = encodePath(encoding, inner, others, value);
  return parts.length === 0 ? [] : wrap(known.field, parts);
}

function findField(
  { extension, scope }: Encoding,
  { message, lookUp, path }: OptionShape,
  { name, isExtension }: { readonly name: string; readonly isExtension: boolean },
): KnownField | undefined {
  if (isExtension) return extension(name, scope);
  const field = message.fields.find((one) => one.name === name || isGroup(one, name));
  return field && { field, lookUp, scope: message.fullName, path };
}

/** Text forms name a group by its message. */
function isGroup({ type }: ProtoField, name: string): boolean {
  return type.kind === "group" && type.name === name;
}

function wrap({ number, type }: ProtoField, parts: WireParts): WireParts {
  return type.kind === "group" ? [tag(number, 3), ...parts, tag(number, 4)] : writeMessage(number, parts);
}

function encodeValue(encoding: Encoding, known: KnownField, value: ProtoValue): WireParts {
  if (value.kind === "list") return value.items.flatMap((item) => encodeValue(encoding, known, item));
  const { field } = known;
  const { type, number } = field;
  if (type.kind === "scalar") return encodeScalar(number, type.name, value);
  if (type.kind === "map") return value.kind === "message" ? encodeEntry(encoding, known, value.fields) : [];
  if (value.kind === "message") {
    const shape = shapeOfField(known);
    return shape === undefined ? [] : wrap(field, encodeFields(encoding, shape, value.fields));
  }
  const found = typeOfField(known);
  if (found?.kind !== "enum") return [];
  const named = value.kind === "identifier" && found.type.values.find(({ name }) => name === value.text);
  return named === false || named === undefined
    ? []
    : encodeScalar(number, "int32", { kind: "number", text: `${named.number}` });
}

function encodeFields(encoding: Encoding, shape: OptionShape, fields: readonly ProtoValueField[]): WireParts {
  return fields.flatMap((one) => {
    const known = findField(encoding, shape, one);
    return known === undefined ? [] : encodeValue(encoding, known, one.value);
  });
}

/** One entry of a map, which a text writes as a message with `key` and `value`. */
function encodeEntry(encoding: Encoding, known: KnownField, fields: readonly ProtoValueField[]): WireParts {
  const { field } = known;
  const { type } = field;
  if (type.kind !== "map") return [];
  const part = (name: string, number: number, partType: ProtoField["type"]): WireParts => {
    const written = fields.find((one) => one.name === name)?.value;
    if (written === undefined) return [];
    return encodeValue(encoding, { ...known, field: { ...field, number, type: partType } }, written);
  };
  return writeMessage(field.number, [
    ...part("key", 1, { kind: "scalar", name: type.key }),
    ...part("value", 2, type.value),
  ]);
}
