import { headroom, type MessageWriter, refuseField, wrongType } from "./message-writer.ts";
import { createWords } from "./scratch.ts";
import { roomFor } from "./slab.ts";
import { putNativeText, shortText } from "./text.ts";
import { putVarint, putVarint64, putZigZag64 } from "./varint.ts";

const words = /* @__PURE__ */ createWords();

/** A field that the schema does not know: its number, wire type, and what stood behind its tag. */
export interface UnknownField {
  readonly no: number;
  readonly wireType: number;
  readonly data: Uint8Array;
}

/**
 * `string`. The loop is for the many texts that are shorter than what a native call costs. Here as in all functions that
 * write a value, `tag` is the last byte of its field's tag, and mostly the only one. Inside a packed list, which has no
 * tags, it is the byte that stands there: one test for "no tag" less in every field.
 */
export function putText(writer: MessageWriter, from: number, tag: number, value: string, at: string): number {
  const { bytes } = writer;
  bytes[from] = tag;
  if (typeof value === "string" && value.length <= shortText) {
    let position = from + 1;
    bytes[position++] = value.length;
    let index = 0;
    for (; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) break;
      bytes[position++] = code;
    }
    if (index === value.length) return position;
  }
  return putAnyText(writer, from + 1, value, at);
}

function putAnyText(writer: MessageWriter, from: number, value: string, at: string): number {
  if (typeof value !== "string") throw wrongType(writer, at, "a string", value);
  const position = roomFor(writer, from, 3 * value.length + 5 + headroom);
  const end = putNativeText(writer.bytes, position, value, 1);
  if (end < 0) throw refuseField(writer, at, "a lone surrogate", "invalid-text");
  return end;
}

/** `bytes` */
export function putBytes(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: Uint8Array,
  at: string,
): number {
  if (!(value instanceof Uint8Array)) throw wrongType(writer, at, "a Uint8Array", value);
  const position = roomFor(writer, from, value.length + 6 + headroom);
  const { bytes } = writer;
  bytes[position] = tag;
  const start = putVarint(bytes, position + 1, value.length);
  bytes.set(value, start);
  return start + value.length;
}

/** `bool` */
export function putBool(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: boolean,
  at: string,
): number {
  if (typeof value !== "boolean") throw wrongType(writer, at, "a boolean", value);
  const { bytes } = writer;
  bytes[from] = tag;
  bytes[from + 1] = value ? 1 : 0;
  return from + 2;
}

/** `int32` and enums */
export function putInt32(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: number,
  at: string,
): number {
  if ((value | 0) !== value) throw wrongType(writer, at, "an int32", value);
  const { bytes } = writer;
  bytes[from] = tag;
  if (value >= 0) return putVarint(bytes, from + 1, value);
  // As if it had 64 bits.
  return putVarint64(bytes, from + 1, value, -1);
}

/** `uint32` */
export function putUint32(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: number,
  at: string,
): number {
  if (value >>> 0 !== value) throw wrongType(writer, at, "a uint32", value);
  const { bytes } = writer;
  bytes[from] = tag;
  return putVarint(bytes, from + 1, value);
}

/** `sint32` */
export function putSint32(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: number,
  at: string,
): number {
  if ((value | 0) !== value) throw wrongType(writer, at, "an int32", value);
  return putUint32(writer, from, tag, ((value << 1) ^ (value >> 31)) >>> 0, at);
}

/** `fixed32` */
export function putFixed32(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: number,
  at: string,
): number {
  if (value >>> 0 !== value) throw wrongType(writer, at, "a uint32", value);
  writer.bytes[from] = tag;
  writer.view.setUint32(from + 1, value, true);
  return from + 5;
}

/** `sfixed32` */
export function putSfixed32(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: number,
  at: string,
): number {
  if ((value | 0) !== value) throw wrongType(writer, at, "an int32", value);
  return putFixed32(writer, from, tag, value >>> 0, at);
}

/** `int64` */
export function putInt64(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: bigint,
  at: string,
): number {
  if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value)
    throw wrongType(writer, at, "an int64", value);
  return putHalves(writer, from, tag, value);
}

/** `uint64` */
export function putUint64(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: bigint,
  at: string,
): number {
  if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value)
    throw wrongType(writer, at, "a uint64", value);
  return putHalves(writer, from, tag, value);
}

/** `sint64` */
export function putSint64(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: bigint,
  at: string,
): number {
  if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value)
    throw wrongType(writer, at, "an int64", value);
  const { long, halves, low } = words;
  long[0] = value;
  writer.bytes[from] = tag;
  return putZigZag64(writer.bytes, from + 1, halves[low] ?? 0, halves[1 - low] ?? 0);
}

/** Writes the lower 64 bits of a number as a varint. */
function putHalves({ bytes }: MessageWriter, from: number, tag: number, value: bigint): number {
  const { long, halves, low } = words;
  long[0] = value;
  bytes[from] = tag;
  return putVarint64(bytes, from + 1, halves[low] ?? 0, halves[1 - low] ?? 0);
}

/** `fixed64` */
export function putFixed64(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: bigint,
  at: string,
): number {
  if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value)
    throw wrongType(writer, at, "a uint64", value);
  writer.bytes[from] = tag;
  writer.view.setBigUint64(from + 1, value, true);
  return from + 9;
}

/** `sfixed64` */
export function putSfixed64(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: bigint,
  at: string,
): number {
  if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value)
    throw wrongType(writer, at, "an int64", value);
  writer.bytes[from] = tag;
  writer.view.setBigInt64(from + 1, value, true);
  return from + 9;
}

/** `float`; a number that would become infinite is refused. */
export function putFloat(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: number,
  at: string,
): number {
  if (typeof value !== "number") throw wrongType(writer, at, "a number", value);
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
    throw refuseField(writer, at, "the number is too large for a float");
  writer.bytes[from] = tag;
  writer.view.setFloat32(from + 1, value, true);
  return from + 5;
}

/** `double` */
export function putDouble(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: number,
  at: string,
): number {
  if (typeof value !== "number") throw wrongType(writer, at, "a number", value);
  writer.bytes[from] = tag;
  writer.view.setFloat64(from + 1, value, true);
  return from + 9;
}

/** Fields that an older schema did not know, as they came. */
export function putUnknown(writer: MessageWriter, from: number, fields: readonly UnknownField[]): number {
  let position = from;
  for (const { no, wireType, data } of fields) {
    if (!(data instanceof Uint8Array)) throw wrongType(writer, "$unknown", "a Uint8Array", data);
    const room = roomFor(writer, position, data.length + 5);
    const start = putVarint(writer.bytes, room, ((no << 3) | wireType) >>> 0);
    writer.bytes.set(data, start);
    position = start + data.length;
  }
  return position;
}

/** A list to write. */
export function listOfField<T>(writer: MessageWriter, list: readonly T[], at: string): readonly T[] {
  if (!Array.isArray(list)) throw wrongType(writer, at, "a list", list);
  return list;
}

/** A map to write. */
export function mapOfField<T extends object>(writer: MessageWriter, map: T, at: string): T {
  if (typeof map !== "object" || map === null) throw wrongType(writer, at, "an object", map);
  return map;
}

const integerForm = /^-?\d{1,20}$/;

/** A map's key as the number that the schema wants; anything else is refused when it is written. */
export function keyNumber(key: string): number {
  return integerForm.test(key) ? Number(key) : Number.NaN;
}

/** A long number that is text in TypeScript. */
export function longOf(writer: MessageWriter, text: string, at: string): bigint {
  if (typeof text !== "string" || !integerForm.test(text)) throw wrongType(writer, at, "an integer", text);
  return BigInt(text);
}

/** A map's key as the boolean that the schema wants. */
export function keyBoolean(writer: MessageWriter, key: string, at: string): boolean {
  if (key !== "true" && key !== "false") throw refuseField(writer, at, "the key is no boolean");
  return key === "true";
}
