import { encodingText } from "../../../src/schema/avro/encoding-text.ts";
import { fieldSlots, matches, matchingBranch } from "../../../src/schema/avro/match.ts";
import type { AvroEnum, AvroRecord, AvroType, AvroUnion } from "../../../src/schema/avro/model.ts";
import { unionShape } from "../../../src/schema/avro/shape.ts";
import { literal, stringLiteral } from "../literal.ts";
import { type Codecs, capital, helper, kindAt, property, reader as readerFunction, use } from "./context.ts";
import { defaultText } from "./defaults.ts";
import { blocks, readField, readText, scalarRead } from "./read.ts";
import { minBytes } from "./scalars.ts";
import { skipText } from "./skip.ts";
import { typeName, typeText } from "./types.ts";

/** One earlier writer under resolution: functions of pairs of records, which end the recursion of recursive schemas. */
interface Resolution {
  readonly codecs: Codecs;
  readonly suffix: string;
  readonly pairs: Map<AvroRecord, Map<AvroRecord, string>>;
}

/** Name of the function that reads what an earlier schema wrote; undefined where the two do not resolve at all. */
export function resolveWriter(
  codecs: Codecs,
  writer: AvroType,
  reader: AvroRecord,
  suffix: string,
): string | undefined {
  if (writer.kind !== "record" || !matches(writer, reader) || missingField(writer, reader) !== undefined)
    return undefined;
  return resolveRecord({ codecs, suffix, pairs: new Map() }, writer, reader);
}

/** An expression that reads what `writer` wrote as a value of `reader`; the rules are those of `serde/avro-resolve`. */
function resolveText(at: Resolution, writer: AvroType, reader: AvroType, hinted: string): string {
  const { codecs } = at;
  if (encodingText(writer) === encodingText(reader)) return readText(codecs, reader, hinted.slice(4));
  if (writer.kind === "union") return resolveWriterUnion(at, writer, reader, hinted);
  if (reader.kind === "union") return resolveReaderUnion(at, writer, reader, hinted);
  if (!matches(writer, reader)) return unresolved(codecs, writer, reader);
  if (writer.kind === "record" && reader.kind === "record")
    return missingField(writer, reader) === undefined
      ? `${resolveRecord(at, writer, reader)}(r)`
      : unresolved(codecs, writer, reader);
  if (writer.kind === "enum" && reader.kind === "enum") return resolveEnum(codecs, writer, reader);
  if (writer.kind === "array" && reader.kind === "array") {
    const item = resolveText(at, writer.items, reader.items, `${hinted}Item`);
    return itemsText(at, reader, hinted, minBytes(writer.items), `items.push(${item});`);
  }
  if (writer.kind === "map" && reader.kind === "map") {
    const item = resolveText(at, writer.values, reader.values, `${hinted}Item`);
    const key = `${use(codecs, "readKey")}(r)`;
    const add = `${use(codecs, "setOwn")}(items, ${key}, ${item});`;
    return itemsText(at, reader, hinted, minBytes(writer.values) + 1, add);
  }
  return resolveScalar(codecs, writer, reader);
}

function unresolved(codecs: Codecs, writer: AvroType, reader: AvroType): string {
  const what = `the writer's ${nameOf(writer)} cannot be read as ${nameOf(reader)}`;
  return `${use(codecs, "unresolved")}(${stringLiteral(what)})`;
}

function nameOf(type: AvroType): string {
  return "name" in type ? `${type.kind} ${type.name}` : type.kind;
}

const numbers: Readonly<Partial<Record<AvroType["kind"], string>>> = {
  int: "readInt",
  long: "readLong",
  float: "readFloat",
};

function resolveScalar(codecs: Codecs, writer: AvroType, reader: AvroType): string {
  const number = numbers[writer.kind];
  if (number === undefined || (reader.kind !== "float" && reader.kind !== "double"))
    // The other promotions keep the bytes: an int is written as a long is, and text as bytes are.
    return "name" in reader ? readText(codecs, reader, "") : scalarRead(codecs, reader);
  const read = `${use(codecs, number)}(r)`;
  const value = writer.kind === "long" ? `Number(${read})` : read;
  return reader.kind === "float" ? `Math.fround(${value})` : value;
}

function resolveEnum(codecs: Codecs, writer: AvroEnum, reader: AvroEnum): string {
  const known = new Set(reader.symbols);
  const table = writer.symbols.map((symbol) => (known.has(symbol) ? symbol : (reader.default ?? null)));
  return `${use(codecs, "readResolvedEnum")}(r, ${literal(table)})`;
}

function resolveWriterUnion(at: Resolution, writer: AvroUnion, reader: AvroType, hinted: string): string {
  const { codecs } = at;
  const name = helper(codecs, hinted, (own) => {
    const cases = writer.branches.flatMap((branch, index) => [
      `  case ${index}:`,
      `    return ${resolveText(at, branch, reader, `${own}Branch${index}`)};`,
    ]);
    return readerFunction(
      codecs,
      own,
      typeText(codecs.scope, reader, "value"),
      [
        `switch (${use(codecs, "readIndex")}(r)) {`,
        ...cases,
        "  default:",
        `    throw ${use(codecs, "refuse")}(r, "a union has no branch of that index");`,
        "}",
      ],
      false,
    );
  });
  return `${name}(r)`;
}

function resolveReaderUnion(at: Resolution, writer: AvroType, reader: AvroUnion, hinted: string): string {
  const index = matchingBranch(writer, reader);
  const branch = reader.branches[index];
  if (branch === undefined) return unresolved(at.codecs, writer, reader);
  const read = resolveText(at, writer, branch, hinted);
  const shape = unionShape(reader);
  if (shape.kind !== "tagged" || branch.kind === "null") return read;
  return `{ kind: ${kindAt(shape, index)}, value: ${read} }`;
}

function itemsText(
  { codecs }: Resolution,
  reader: AvroType & { kind: "array" | "map" },
  hinted: string,
  least: number,
  add: string,
): string {
  const name = helper(codecs, hinted, (own) =>
    readerFunction(
      codecs,
      own,
      typeText(codecs.scope, reader, "value"),
      blocks(codecs, reader, least, add),
      false,
    ),
  );
  return `${name}(r)`;
}

/** A field that the reader wants, has no default for, and that the writer does not have. */
function missingField(writer: AvroRecord, reader: AvroRecord): string | undefined {
  const filled = new Set(fieldSlots(writer, reader));
  return reader.fields.find((field, slot) => !filled.has(slot) && field.default === undefined)?.name;
}

/** The function of a pair of records: the writer's fields in its order, then the reader's value. */
function resolveRecord(at: Resolution, writer: AvroRecord, reader: AvroRecord): string {
  const { codecs, suffix } = at;
  const byReader = at.pairs.get(writer) ?? new Map<AvroRecord, string>();
  at.pairs.set(writer, byReader);
  const known = byReader.get(reader);
  if (known !== undefined) return known;
  const place = codecs.helpers.length;
  const name = codecs.scope.unique(`read${typeName(reader)}${suffix}`);
  byReader.set(reader, name);
  const slots = fieldSlots(writer, reader);
  const reads = writer.fields.map((field, index) => {
    const target = reader.fields[slots[index] ?? -1];
    const hinted = `${name}${capital(field.name)}`;
    if (target === undefined) return skipText(codecs, field.type, `skip${hinted.slice(4)}`);
    const isSame = encodingText(field.type) === encodingText(target.type);
    const value = isSame
      ? readField(codecs, reader, target)
      : resolveText(at, field.type, target.type, hinted);
    // No Avro name holds a `$`, so the local hides nothing.
    return `const $${target.name} = ${value};`;
  });
  const filled = new Set(slots);
  const members = reader.fields.map((field, slot) => {
    if (filled.has(slot)) return `  ${property(field)}: $${field.name},\n`;
    if (field.default === undefined) throw new Error("a field without a value was not refused before");
    return `  ${property(field)}: ${defaultText(codecs.scope, field.type, field.default)},\n`;
  });
  const body = [
    `${use(codecs, "enter")}(r);`,
    ...reads.filter((line) => line !== ""),
    `${use(codecs, "leave")}(r);`,
    members.length === 0 ? "return {};" : `return {\n${members.join("")}};`,
  ];
  codecs.helpers.splice(
    place,
    0,
    readerFunction(codecs, name, typeText(codecs.scope, reader, "value"), body, false),
  );
  return name;
}
