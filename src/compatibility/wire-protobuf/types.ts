import { absentValue } from "./defaults.ts";
import type { Judging, Sink } from "./judging.ts";
import type { ProtobufWireKind } from "./kinds.ts";
import { cut, type EnumView, type FieldView, fieldText, type MessageView, type WireType } from "./model.ts";
import { int32Range, isPackable, isWithin, readScalar, varintRange } from "./scalars.ts";

/** A field of both sides, under one number. */
export interface FieldPair {
  readonly writer: FieldView;
  readonly reader: FieldView;
}

/** What becomes of the value of a field. */
export function judgeField(judging: Judging, pair: FieldPair, sink: Sink): void {
  const { writer, reader } = pair;
  const report = (kind: ProtobufWireKind, what: string): void =>
    sink.report(kind, reader.path, `${asWritten(pair)}: ${what}.`);
  const found = judgeType(judging, pair, sink);
  if (found !== undefined) report(found.kind, found.what);
  const isRead = found === undefined || found.kind === "LIST_READ_AS_MAP";
  if (isRead) judgeCardinality(pair, report);
  if (reader.cardinality === "required" && writer.cardinality !== "required")
    report("REQUIRED_MISSING", "records without it are refused");
  const [before, after] = [absentValue(writer), absentValue(reader)];
  if (isRead && before !== undefined && after !== undefined && before !== after)
    report("DEFAULT_CHANGED", `where it is not set, ${before.slice(0, 80)} reads as ${after.slice(0, 80)}`);
}

function asWritten({ writer, reader }: FieldPair): string {
  return `Written as \`${fieldText(writer.field)}\`, read as \`${fieldText(reader.field)}\``;
}

interface Finding {
  readonly kind: ProtobufWireKind;
  readonly what: string;
}

function judgeCardinality(
  { writer, reader }: FieldPair,
  report: (kind: ProtobufWireKind, what: string) => void,
): void {
  const [wasList, isList] = [writer.cardinality === "repeated", reader.cardinality === "repeated"];
  if (wasList === isList) return;
  // What can be read at all is a number on both sides or on none.
  if (isNumber(writer.type))
    report(
      "LIST_CHANGED",
      isList
        ? "a zero that was left out becomes an empty list, and lists of numbers are packed"
        : "lists of numbers are packed, which a reader of one number does not understand",
    );
  else if (wasList)
    report("LIST_CHANGED", "of several values only the last is kept, or all are merged into one");
  else report("SINGLE_READ_AS_LIST", "one value is read as a list of one");
}

function isNumber(type: WireType): boolean {
  return type.kind === "enum" || (type.kind === "scalar" && isPackable(type.name));
}

const otherEncoding: Finding = { kind: "TYPE_CHANGED", what: "the encoding is another one" };

/** What becomes of one value; types inside it are handed to the sink or to the queue. */
function judgeType(judging: Judging, pair: FieldPair, sink: Sink): Finding | undefined {
  const [writer, reader] = [pair.writer.type, pair.reader.type];
  if (writer.kind === "unknown" || reader.kind === "unknown") return judgeUnknown(writer, reader);
  if (writer.kind === "enum" && reader.kind === "enum") return judgeEnums(judging, writer.view, reader.view);
  if (writer.kind === "enum" || reader.kind === "enum") return judgeNumberAndEnum(writer, reader);
  if (writer.kind === "scalar" && reader.kind === "scalar") {
    const reading = readScalar(writer.name, reader.name);
    if (reading === "narrowed")
      return { kind: "TYPE_NARROWED", what: "values that do not fit are cut or change their sign" };
    if (reading === "text") return { kind: "BYTES_READ_AS_STRING", what: "the bytes need not be UTF-8" };
    return reading === "same" ? undefined : otherEncoding;
  }
  if (writer.kind === "scalar" || reader.kind === "scalar") return otherEncoding;
  if (writer.kind === "map" || reader.kind === "map") return judgeMaps(judging, pair, sink);
  if (writer.isGroup !== reader.isGroup)
    return { kind: "TYPE_CHANGED", what: "groups and messages are delimited in different ways" };
  if (judging.isSame(writer.view, reader.view)) {
    judging.visit(writer.view, reader.view);
    return undefined;
  }
  const difference = sink.replaced(writer.view, reader.view, "telling");
  if (difference === undefined) return undefined;
  return { kind: "TYPE_REPLACED", what: `another message, which differs: ${difference}` };
}

function judgeUnknown(writer: WireType, reader: WireType): Finding | undefined {
  if (writer.kind === "unknown" && reader.kind === "unknown" && writer.name === reader.name) return undefined;
  return { kind: "TYPE_CHANGED", what: "one of the types is not to be found" };
}

function judgeEnums(judging: Judging, writer: EnumView, reader: EnumView): Finding | undefined {
  if (judging.isSame(writer, reader)) {
    judging.visitEnums(writer, reader);
    return undefined;
  }
  const missing = judging.missingValue(writer, reader);
  if (missing === undefined) return undefined;
  return {
    kind: "ENUM_REPLACED",
    what: `another enum, without \`${cut(missing.name)} = ${missing.number}\``,
  };
}

/** An enum is an int32 to the encoding; what it holds is known from its values. */
function judgeNumberAndEnum(writer: WireType, reader: WireType): Finding | undefined {
  if (writer.kind === "enum" && reader.kind === "scalar") {
    const range = varintRange(reader.name);
    if (range === undefined) return otherEncoding;
    const { min, max } = writer.view.numbers;
    return min >= range.min && max <= range.max
      ? undefined
      : { kind: "TYPE_NARROWED", what: "values of the enum do not fit" };
  }
  if (writer.kind !== "scalar" || reader.kind !== "enum") return otherEncoding;
  const range = varintRange(writer.name);
  if (range === undefined) return otherEncoding;
  if (!isWithin(range, int32Range))
    return { kind: "TYPE_NARROWED", what: "an enum holds 32 bits with a sign" };
  const { isClosed, numbers } = reader.view;
  if (!isClosed || (writer.name === "bool" && numbers.all.has(0) && numbers.all.has(1))) return undefined;
  return { kind: "VALUE_UNKNOWN", what: "a closed enum drops the numbers that it does not know" };
}

/** A map is a list of messages with the fields key and value; the names of the entries do not matter. */
function judgeMaps(judging: Judging, { writer, reader }: FieldPair, sink: Sink): Finding | undefined {
  if (writer.type.kind === "map" && reader.type.kind === "map") {
    const read = reader.type.view.fields;
    for (const [index, member] of writer.type.view.fields.entries()) {
      const other = read[index];
      if (other !== undefined) judgeField(judging, { writer: member, reader: other }, sink);
    }
    return undefined;
  }
  const [from, to] = [entryView(writer.type), entryView(reader.type)];
  if (from === undefined || to === undefined) return otherEncoding;
  if (!judging.spend(from.fields.length + to.fields.length)) return undefined;
  const difference = sink.replaced(from, to, "free") ?? entryDifference(from, to, reader.type.kind === "map");
  if (difference !== undefined)
    return { kind: "TYPE_CHANGED", what: `the message is not the entry of that map: ${difference}` };
  const isListToMap = reader.type.kind === "map" && writer.cardinality === "repeated";
  return isListToMap ? { kind: "LIST_READ_AS_MAP", what: "the last entry of a key wins" } : undefined;
}

function entryView(type: WireType): MessageView | undefined {
  return type.kind === "map" || (type.kind === "message" && !type.isGroup) ? type.view : undefined;
}

/** What a map has in every entry and a message of its own need not have. */
function entryDifference(from: MessageView, to: MessageView, isMapRead: boolean): string | undefined {
  const members = [from, to].map(({ fields }) => new Map(fields.map((one) => [one.field.number, one])));
  for (const number of [1, 2])
    if (members.some((numbers) => !numbers.has(number))) return `it has no field ${number}`;
  const [written, read] = members.map((numbers) => numbers.get(2));
  const needs =
    read?.type.kind === "message" &&
    read.type.view.fields.some(({ cardinality }) => cardinality === "required");
  return isMapRead && needs && written?.cardinality !== "required"
    ? "without a value, none of what is required in it is there"
    : undefined;
}
