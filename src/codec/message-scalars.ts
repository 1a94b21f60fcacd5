import { type MessageWriter, putTag, refuseField, wrongType } from "./message-writer.ts";
import { putString } from "./text.ts";
import { putVarint, putVarint64 } from "./varint.ts";

/** A field that the schema does not know: its number, wire type, and what stood behind its tag. */
export interface UnknownField {
  readonly no: number;
  readonly wireType: number;
  readonly data: Uint8Array;
}

/** `string` */
export function putText(writer: MessageWriter, from: number, tag: number, value: string, at: string): number {
  if (typeof value !== "string") throw wrongType(writer, at, "a string", value);
  const position = putTag(writer, from, tag, 3 * value.length + 5);
  const end = putString(writer.bytes, position, value, 1);
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
  const position = putTag(writer, from, tag, value.length + 5);
  const start = putVarint(writer.bytes, position, value.length);
  writer.bytes.set(value, start);
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
  const position = putTag(writer, from, tag, 1);
  writer.bytes[position] = value ? 1 : 0;
  return position + 1;
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
  const position = putTag(writer, from, tag, 10);
  if (value >= 0) return putVarint(writer.bytes, position, value);
  // As if it had 64 bits.
  return putVarint64(writer.bytes, position, value, -1);
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
  const position = putTag(writer, from, tag, 5);
  return putVarint(writer.bytes, position, value);
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
  const position = putTag(writer, from, tag, 4);
  writer.view.setUint32(position, value, true);
  return position + 4;
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
  return putEight(writer, placeSigned(writer, from, tag, value, at));
}

/** `uint64` */
export function putUint64(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: bigint,
  at: string,
): number {
  return putEight(writer, placeUnsigned(writer, from, tag, value, at));
}

/** `sint64` */
export function putSint64(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: bigint,
  at: string,
): number {
  const position = placeSigned(writer, from, tag, value, at);
  const { view } = writer;
  const low = view.getInt32(position, true);
  const high = view.getInt32(position + 4, true);
  const sign = high >> 31;
  return putVarint64(writer.bytes, position, (low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
}

/** `fixed64` */
export function putFixed64(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: bigint,
  at: string,
): number {
  return placeUnsigned(writer, from, tag, value, at) + 8;
}

/** `sfixed64` */
export function putSfixed64(
  writer: MessageWriter,
  from: number,
  tag: number,
  value: bigint,
  at: string,
): number {
  return placeSigned(writer, from, tag, value, at) + 8;
}

/** Puts the eight bytes of a number where it will stand: the cheapest way from a bigint to its halves. */
function placeEight(writer: MessageWriter, from: number, tag: number, value: bigint, at: string): number {
  if (typeof value !== "bigint") throw wrongType(writer, at, "a bigint", value);
  const position = putTag(writer, from, tag, 10);
  writer.view.setBigInt64(position, value, true);
  return position;
}

function placeSigned(writer: MessageWriter, from: number, tag: number, value: bigint, at: string): number {
  const position = placeEight(writer, from, tag, value, at);
  if (BigInt.asIntN(64, value) !== value) throw wrongType(writer, at, "an int64", value);
  return position;
}

function placeUnsigned(writer: MessageWriter, from: number, tag: number, value: bigint, at: string): number {
  const position = placeEight(writer, from, tag, value, at);
  if (BigInt.asUintN(64, value) !== value) throw wrongType(writer, at, "a uint64", value);
  return position;
}

/** Makes a varint of eight bytes. */
function putEight({ bytes, view }: MessageWriter, position: number): number {
  return putVarint64(bytes, position, view.getInt32(position, true), view.getInt32(position + 4, true));
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
  const position = putTag(writer, from, tag, 4);
  writer.view.setFloat32(position, value, true);
  return position + 4;
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
  const position = putTag(writer, from, tag, 8);
  writer.view.setFloat64(position, value, true);
  return position + 8;
}

/** Fields that an older schema did not know, as they came. */
export function putUnknown(writer: MessageWriter, from: number, fields: readonly UnknownField[]): number {
  let position = from;
  for (const { no, wireType, data } of fields) {
    if (!(data instanceof Uint8Array)) throw wrongType(writer, "$unknown", "a Uint8Array", data);
    const start = putTag(writer, position, ((no << 3) | wireType) >>> 0, data.length);
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

/** A map to write, whose enumerable properties are its own. */
export function mapOfField<T extends object>(writer: MessageWriter, map: T, at: string): T {
  if (typeof map !== "object" || map === null) throw wrongType(writer, at, "an object", map);
  const prototype = Object.getPrototypeOf(map);
  return prototype === Object.prototype || prototype === null ? map : { ...map };
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
