import { limitFault, quote } from "../../limits.ts";
import type { TextSpan } from "../../text-span.ts";
import type {
  ProtoEnum,
  ProtoEnumValue,
  ProtoExtend,
  ProtoField,
  ProtoMessage,
  ProtoOneof,
  ProtoOption,
  ProtoRange,
  ProtoScalar,
  ProtoSimpleType,
  ProtoType,
} from "../model.ts";
import { checkFields } from "./checks.ts";
import { type ProtoReader, readBracketOptions, readOptionStatement, textOf } from "./reader.ts";

/** What a definition stands in. Groups of an `extend` define their message there. */
export interface ProtoScope {
  /** Full name of the enclosing message or package; empty text: none. */
  readonly fullName: string;
  readonly depth: number;
  readonly messages: ProtoMessage[];
  /** Names of messages and enums taken already. */
  readonly names: Set<string>;
  readonly visibility?: "export" | "local";
}

export const maxFieldNumber = 536_870_911;
export const maxEnumNumber = 2_147_483_647;
export const minEnumNumber = -2_147_483_648;
const scalars: ReadonlySet<string> = new Set<ProtoScalar>([
  ...(["double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64"] as const),
  ...(["fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes"] as const),
]);

export function joinName(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

function claim(reader: ProtoReader, scope: ProtoScope, name: string): string {
  if (scope.names.has(name)) throw reader.fail(`${quote(joinName(scope.fullName, name))} is defined twice.`);
  scope.names.add(name);
  return joinName(scope.fullName, name);
}

/** `message Name { … }`, the reader standing behind `message`. */
export function readMessage(reader: ProtoReader, scope: ProtoScope, first: TextSpan): ProtoMessage {
  const name = reader.identifier("The name of a message");
  return readMessageBody(reader, scope, first, { name, fullName: claim(reader, scope, name) });
}

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K] };

function readMessageBody(
  reader: ProtoReader,
  scope: ProtoScope,
  first: TextSpan,
  identity: { readonly name: string; readonly fullName: string },
): ProtoMessage {
  if (scope.depth > reader.limits.depth)
    throw reader.refuse(`Messages are nested more than ${reader.limits.depth} deep.`, limitFault);
  const message: Omit<Writable<ProtoMessage>, "visibility"> = {
    ...identity,
    ...{ fields: [], oneofs: [], messages: [], enums: [], extends: [] },
    ...{ extensionRanges: [], reservedRanges: [], reservedNames: [], options: [] },
    at: first,
  };
  const { messages } = message;
  const inner = { fullName: identity.fullName, depth: scope.depth + 1, messages, names: new Set<string>() };
  reader.expect("{");
  while (!reader.skip("}")) readMember(reader, inner, message);
  message.at = reader.since(first);
  checkFields(message, reader.limits, reader.refuse);
  return scope.visibility === undefined ? message : { ...message, visibility: scope.visibility };
}

type OpenMessage = Omit<Writable<ProtoMessage>, "visibility">;

function readMember(reader: ProtoReader, scope: ProtoScope, message: OpenMessage): void {
  const first = reader.token();
  if (reader.skip(";")) return;
  const definition = readDefinition(reader, scope);
  if (definition?.kind === "message") message.messages.push(definition.value);
  else if (definition?.kind === "enum") message.enums.push(definition.value);
  else if (definition?.kind === "extend") message.extends.push(definition.value);
  else if (reader.skip("option")) message.options.push(readOptionStatement(reader));
  else if (reader.skip("oneof")) readOneof(reader, scope, message, first);
  else if (reader.skip("reserved")) readReserved(reader, message, 1, maxFieldNumber);
  else if (reader.skip("extensions")) {
    readRanges(reader, message.extensionRanges, 1, maxFieldNumber);
    reader.expect(";");
  } else message.fields.push(readField(reader, scope));
}

export type ProtoDefinition =
  | { readonly kind: "message"; readonly value: ProtoMessage }
  | { readonly kind: "enum"; readonly value: ProtoEnum }
  | { readonly kind: "extend"; readonly value: ProtoExtend };

/** What may stand in a file and in a message alike; undefined when something else does. */
export function readDefinition(reader: ProtoReader, scope: ProtoScope): ProtoDefinition | undefined {
  const first = reader.token();
  // A type may be called `export` or `local`, but no type stands before these two words.
  const isVisible = reader.is("export") || reader.is("local");
  if (isVisible && ["message", "enum"].includes(reader.ahead().text)) {
    const visibility = reader.next().text === "export" ? "export" : "local";
    return readDefinition(reader, { ...scope, visibility });
  }
  if (reader.skip("message")) return { kind: "message", value: readMessage(reader, scope, first) };
  if (reader.skip("enum")) return { kind: "enum", value: readEnum(reader, scope, first) };
  if (reader.skip("extend")) return { kind: "extend", value: readExtend(reader, scope, first) };
  return undefined;
}

function readOneof(reader: ProtoReader, scope: ProtoScope, message: OpenMessage, first: TextSpan): void {
  const name = reader.identifier("The name of a oneof");
  const options: ProtoOption[] = [];
  reader.expect("{");
  while (!reader.skip("}")) {
    if (reader.skip(";")) continue;
    if (reader.skip("option")) options.push(readOptionStatement(reader));
    else message.fields.push({ ...readField(reader, scope), oneof: name });
  }
  const oneof: ProtoOneof = { name, options, at: reader.since(first) };
  message.oneofs.push(oneof);
}

const labels = ["optional", "required", "repeated"] as const;

function readField(reader: ProtoReader, scope: ProtoScope): ProtoField {
  const first = reader.token();
  const label = labels.find(reader.is);
  if (label !== undefined) reader.next();
  if (reader.skip("group")) return readGroup(reader, scope, first, label);
  const type = readType(reader);
  const name = reader.identifier("The name of a field");
  reader.expect("=");
  const number = reader.integer("A field number", 1, maxFieldNumber);
  const options = readBracketOptions(reader);
  reader.expect(";");
  const at = reader.since(first);
  // Spelled out twice, because every field of every schema passes here and spreading takes a fifth of the time.
  return label === undefined
    ? { name, number, type, options, at }
    : { name, number, label, type, options, at };
}

function readGroup(
  reader: ProtoReader,
  scope: ProtoScope,
  first: TextSpan,
  label: ProtoField["label"],
): ProtoField {
  const name = reader.identifier("The name of a group");
  reader.expect("=");
  const number = reader.integer("A field number", 1, maxFieldNumber);
  const options = readBracketOptions(reader);
  const fullName = claim(reader, scope, name);
  scope.messages.push(readMessageBody(reader, scope, first, { name, fullName }));
  const type = { kind: "group", name } as const;
  const field = { name: name.toLowerCase(), number, type, options, at: reader.since(first) };
  return label === undefined ? field : { ...field, label };
}

function readType(reader: ProtoReader): ProtoType {
  if (!reader.is("map") || reader.ahead().text !== "<") return readSimpleType(reader);
  reader.next();
  reader.expect("<");
  const key = readSimpleType(reader);
  const isKey = key.kind === "scalar" && !["double", "float", "bytes"].includes(key.name);
  if (!isKey) throw reader.fail("The key of a map is an integer, a bool or a string.");
  reader.expect(",");
  const value = readSimpleType(reader);
  reader.expect(">");
  return { kind: "map", key: key.name, value };
}

function readSimpleType(reader: ProtoReader): ProtoSimpleType {
  const name = reader.dotted("A type");
  return isScalar(name) ? { kind: "scalar", name } : { kind: "named", name };
}

function isScalar(name: string): name is ProtoScalar {
  return scalars.has(name);
}

function readEnum(reader: ProtoReader, scope: ProtoScope, first: TextSpan): ProtoEnum {
  const name = reader.identifier("The name of an enum");
  const fullName = claim(reader, scope, name);
  const body = {
    values: [] as ProtoEnumValue[],
    reservedRanges: [] as ProtoRange[],
    reservedNames: [] as string[],
    options: [] as ProtoOption[],
  };
  reader.expect("{");
  while (!reader.skip("}")) {
    if (reader.skip(";")) continue;
    // A value may be called `option` or `reserved`; then an equals sign follows.
    const isValue = reader.ahead().text === "=";
    if (!isValue && reader.skip("option")) body.options.push(readOptionStatement(reader));
    else if (!isValue && reader.skip("reserved")) readReserved(reader, body, minEnumNumber, maxEnumNumber);
    else body.values.push(readEnumValue(reader));
    if (body.values.length > reader.limits.symbols)
      throw reader.refuse(`${quote(fullName)} has more than ${reader.limits.symbols} values.`, limitFault);
  }
  const visibility = scope.visibility === undefined ? {} : { visibility: scope.visibility };
  return { name, fullName, ...body, ...visibility, at: reader.since(first) };
}

function readEnumValue(reader: ProtoReader): ProtoEnumValue {
  const first = reader.token();
  const name = reader.identifier("The name of a value");
  reader.expect("=");
  const number = reader.integer("The number of a value", minEnumNumber, maxEnumNumber);
  const options = readBracketOptions(reader);
  reader.expect(";");
  return { name, number, options, at: reader.since(first) };
}

/** `reserved 1, 3 to 5, 9 to max;` or `reserved "a", "b";`, in editions `reserved a, b;` */
function readReserved(
  reader: ProtoReader,
  target: { readonly reservedRanges: ProtoRange[]; readonly reservedNames: string[] },
  min: number,
  max: number,
): void {
  const { kind } = reader.token();
  if (kind === "string" || kind === "identifier") {
    do {
      target.reservedNames.push(
        kind === "string" ? textOf(reader.string("A name")) : reader.identifier("A name"),
      );
    } while (reader.skip(","));
  } else readRanges(reader, target.reservedRanges, min, max);
  reader.expect(";");
}

function readRanges(reader: ProtoReader, ranges: ProtoRange[], min: number, max: number): void {
  const ends: (readonly [number, number])[] = [];
  do {
    const from = reader.integer("A number", min, max);
    const to = !reader.skip("to") ? from : reader.skip("max") ? max : reader.integer("A number", from, max);
    ends.push([from, to]);
  } while (reader.skip(","));
  // Options stand behind the last range and hold for all of the statement.
  const options = readBracketOptions(reader);
  for (const [from, to] of ends) ranges.push({ from, to, options });
}

function readExtend(reader: ProtoReader, scope: ProtoScope, first: TextSpan): ProtoExtend {
  const extendee = reader.dotted("The name of a message");
  const fields: ProtoField[] = [];
  reader.expect("{");
  while (!reader.skip("}")) if (!reader.skip(";")) fields.push(readField(reader, scope));
  if (fields.length > reader.limits.fields)
    throw reader.refuse(`An extend has more than ${reader.limits.fields} fields.`, limitFault);
  return { extendee, fields, at: reader.since(first) };
}
