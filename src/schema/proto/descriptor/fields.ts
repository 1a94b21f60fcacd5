import { limitFault, quote, type SchemaLimits } from "../../limits.ts";
import type {
  ProtoExtend,
  ProtoField,
  ProtoFile,
  ProtoOption,
  ProtoScalar,
  ProtoSimpleType,
  ProtoType,
  ProtoValue,
} from "../model.ts";
import { joinName, maxFieldNumber } from "../text/body.ts";
import { createProtoScanner } from "../text/tokens.ts";
import { type OptionContext, readDescriptorOptions, toOption, word } from "./options.ts";
import type { WireMessage } from "./wire.ts";

/** What is the same for all of one descriptor. */
export interface DescriptorContext extends OptionContext {
  readonly limits: SchemaLimits;
  readonly syntax: ProtoFile["syntax"];
}

/** What a field stands in. */
export interface FieldHome {
  readonly fullName: string;
  /** Entries of maps by complete name, without a leading dot. */
  readonly mapEntries: ReadonlyMap<string, WireMessage>;
  readonly oneofs: readonly string[];
}

/** Fields of FieldDescriptorProto. */
const its = {
  ...{ name: 1, extendee: 2, number: 3, label: 4, type: 5, typeName: 6, defaultValue: 7, options: 8 },
  ...{ oneofIndex: 9, jsonName: 10, proto3Optional: 17 },
};
const groupType = 10;
/** By number of the type; empty where a type name says what it is. */
export const scalarCodes: readonly (ProtoScalar | "")[] = [
  ...(["", "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string"] as const),
  ...(["", "", "bytes", "uint32", "", "sfixed32", "sfixed64", "sint32", "sint64"] as const),
];
const maxNameLength = 1_000;

export function readName(context: DescriptorContext, text: string | undefined, what: string): string {
  if (text !== undefined && text.length <= maxNameLength && /^[A-Za-z_][A-Za-z0-9_]*$/.test(text))
    return text;
  throw context.refuse(`${what} is not ${quote(text ?? "")}.`);
}

export function readDotted(context: DescriptorContext, text: string | undefined, what: string): string {
  const isName = /^\.?[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*){0,100}$/.test(text ?? "");
  if (text !== undefined && text.length <= maxNameLength && isName) return text;
  throw context.refuse(`${what} is not ${quote(text ?? "")}.`);
}

export function readField(context: DescriptorContext, field: WireMessage, home: FieldHome): ProtoField {
  const name = readName(context, field.text(its.name), "The name of a field");
  const number = field.integer(its.number) ?? 0;
  if (number < 1 || number > maxFieldNumber)
    throw context.refuse(`A field number is a whole number from 1 to ${maxFieldNumber}, not ${number}.`);
  const type = readType(context, field, home);
  const oneof = oneofOf(context, field, home);
  const label = type.kind === "map" ? undefined : labelOf(context, field, oneof !== undefined);
  return {
    ...{ name, number },
    ...(label === undefined ? {} : { label }),
    type,
    ...(oneof === undefined ? {} : { oneof }),
    options: readOptions(context, field, name, type),
    at: context.at,
  };
}

/** The label as the text has it: a descriptor says `optional` of every field that is not something else. */
function labelOf(context: DescriptorContext, field: WireMessage, isInOneof: boolean): ProtoField["label"] {
  const code = field.integer(its.label);
  if (code === 2) return "required";
  if (code === 3) return "repeated";
  if (field.isTrue(its.proto3Optional)) return "optional";
  return context.syntax === "proto2" && !isInOneof ? "optional" : undefined;
}

function oneofOf(context: DescriptorContext, field: WireMessage, home: FieldHome): string | undefined {
  const index = field.integer(its.oneofIndex);
  if (index === undefined || field.isTrue(its.proto3Optional)) return undefined;
  const oneof = home.oneofs[index];
  if (oneof === undefined) throw context.refuse(`${quote(home.fullName)} has no oneof ${index}.`);
  return oneof;
}

/** The index of the oneof that stands for the presence of a field, and for nothing in the text. */
export function syntheticOneof(field: WireMessage): number | undefined {
  return field.isTrue(its.proto3Optional) ? field.integer(its.oneofIndex) : undefined;
}

function readType(context: DescriptorContext, field: WireMessage, home: FieldHome): ProtoType {
  const simple = readSimpleType(context, field);
  if (simple.kind === "scalar") return simple;
  if (field.integer(its.type) === groupType)
    return { kind: "group", name: simple.name.slice(simple.name.lastIndexOf(".") + 1) };
  const isAbsolute = simple.name.startsWith(".");
  const fullName = isAbsolute ? simple.name.slice(1) : joinName(home.fullName, simple.name);
  const entry = home.mapEntries.get(fullName);
  return entry === undefined ? simple : readMap(context, entry);
}

function readMap(context: DescriptorContext, entry: WireMessage): ProtoType {
  const fields = entry.messages(2, (one) => [one.integer(its.number), one] as const);
  const part = (wanted: number): ProtoSimpleType => {
    const found = fields.find(([number]) => number === wanted)?.[1];
    if (found === undefined) throw context.refuse("The entry of a map has no key or no value.");
    return readSimpleType(context, found);
  };
  const key = part(1);
  if (key.kind !== "scalar" || ["double", "float", "bytes"].includes(key.name))
    throw context.refuse("The key of a map is an integer, a bool or a string.");
  return { kind: "map", key: key.name, value: part(2) };
}

function readSimpleType(context: DescriptorContext, field: WireMessage): ProtoSimpleType {
  const scalar = scalarCodes[field.integer(its.type) ?? 0];
  if (scalar === undefined) throw context.refuse("A field has a type that does not exist.");
  if (scalar !== "") return { kind: "scalar", name: scalar };
  return { kind: "named", name: readDotted(context, field.text(its.typeName), "The type of a field") };
}

function readOptions(
  context: DescriptorContext,
  field: WireMessage,
  name: string,
  type: ProtoType,
): readonly ProtoOption[] {
  const { at } = context;
  const found = readDescriptorOptions(context, field.bytes(its.options), "FieldOptions");
  const written = field.text(its.defaultValue);
  if (written !== undefined) found.push(toOption(at, ["default"], toDefault(context, written, type)));
  const json = field.text(its.jsonName);
  // Compilers write the JSON name of every field; a text has those that differ from the rule.
  if (json !== undefined && json !== toJsonName(name))
    found.push(toOption(at, ["json_name"], { kind: "string", bytes: Buffer.from(json) }));
  return found;
}

/** The JSON name that a field has when none is written. */
export function toJsonName(name: string): string {
  return name.replace(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}

function toDefault(context: DescriptorContext, written: string, type: ProtoType): ProtoValue {
  if (type.kind !== "scalar" || type.name === "bool") return word(written);
  if (type.name === "string") return { kind: "string", bytes: Buffer.from(written) };
  // Infinities and what is no number are words in a text.
  if (type.name !== "bytes")
    return /[a-df-z]/.test(written) ? word(written) : { kind: "number", text: written };
  // Bytes stand there with the escapes of a literal in a text.
  const token = createProtoScanner(`"${written}"`)();
  if (token.kind !== "string" || token.end !== written.length + 2)
    throw context.refuse("The default of a field is not escaped.");
  return { kind: "string", bytes: token.bytes ?? new Uint8Array() };
}

/** The extensions in one field of a scope, those in a row that extend the same message in one `extend`. */
export function readExtends(
  context: DescriptorContext,
  scope: WireMessage,
  number: number,
  home: FieldHome,
): ProtoExtend[] {
  if (scope.count(number) > context.limits.fields)
    throw context.refuse(`More than ${context.limits.fields} fields extend messages.`, limitFault);
  const found: (ProtoExtend & { fields: ProtoField[] })[] = [];
  scope.messages(number, (field) => {
    const extendee = readDotted(context, field.text(its.extendee), "The name of an extended message");
    const last = found.at(-1);
    const extension = readField(context, field, home);
    if (last?.extendee === extendee) last.fields.push(extension);
    else found.push({ extendee, fields: [extension], at: context.at });
  });
  return found;
}
