import { encodeRefusal } from "../core/coded-error.ts";
import type { KeryxError } from "../core/errors.ts";
import type { PayloadLimits } from "../core/limits.ts";
import { createSlab, finishValue, roomFor, type Slab, startValue } from "./slab.ts";
import { putString } from "./text.ts";
import { putVarint, putZigZag64 } from "./varint.ts";

/** Where a value stands inside its parent: a field's name, or the position of an item. */
export type At = string | number;

/** An Avro value under construction. */
export type Writer = Slab<At>;

/** A writer without memory yet; `path` begins the path in refusals, or none is kept. */
export function emptyWriter(path?: At[]): Writer {
  return createSlab(path);
}

/** Starts a value behind `room` bytes, which are left as they are for a frame header. */
export function startWriting(writer: Writer, room: number, limits?: PayloadLimits): void {
  writer.position = startValue(writer, room, limits);
}

/** Everything of the value, the room in front included; it shares memory with what was written before. */
export function finishWriting(writer: Writer): Uint8Array {
  return finishValue(writer, writer.position);
}

/** Starts a single payload behind `room` bytes. */
export function createWriter(room: number): Writer {
  const writer = emptyWriter([]);
  startWriting(writer, room);
  return writer;
}

/** Makes space for `count` bytes and returns where they begin. */
export function reserve(writer: Writer, count: number): number {
  const start = makeRoom(writer, count);
  writer.position = start + count;
  return start;
}

/** Makes space for up to `count` bytes and returns where they begin; the caller moves on. */
function makeRoom(writer: Writer, count: number): number {
  const { position } = writer;
  if (position + count > writer.bytes.length) writer.position = roomFor(writer, position, count);
  return writer.position;
}

/** The refusal of a value, naming its path and never the value itself. */
export function refuseValue(
  writer: Writer,
  at: At,
  what: string,
  reason: "type-mismatch" | "too-deep" | "invalid-text" = "type-mismatch",
): KeryxError {
  const path = [...(writer.path ?? []), at].reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
  return encodeRefusal(`${path}: ${what}`, { path, reason });
}

function describe(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
}

/** The refusal of a value of another type. */
export function mismatch(writer: Writer, at: At, wanted: string, value: unknown): KeryxError {
  return refuseValue(writer, at, `expected ${wanted}, got ${describe(value)}`);
}

/** A number of 32 bits, zig-zag. */
function writeSmall(writer: Writer, value: number): void {
  const position = makeRoom(writer, 5);
  const raw = ((value << 1) ^ (value >> 31)) >>> 0;
  if (raw < 0x80) {
    writer.bytes[position] = raw;
    writer.position = position + 1;
  } else writer.position = putVarint(writer.bytes, position, raw);
}

/** Nothing; a value that is not null is refused. */
export function writeNull(writer: Writer, value: null, at: At): void {
  if (value !== null) throw mismatch(writer, at, "null", value);
}

/** One byte, 0 or 1. */
export function writeBoolean(writer: Writer, value: boolean, at: At): void {
  if (typeof value !== "boolean") throw mismatch(writer, at, "a boolean", value);
  const position = reserve(writer, 1);
  writer.bytes[position] = value ? 1 : 0;
}

/** A signed 32-bit integer. */
export function writeInt(writer: Writer, value: number, at: At): void {
  if (typeof value !== "number") throw mismatch(writer, at, "a number", value);
  if ((value | 0) !== value) throw refuseValue(writer, at, "not a 32-bit integer");
  writeSmall(writer, value);
}

/** A signed 64-bit integer. */
export function writeLong(writer: Writer, value: bigint, at: At): void {
  if (typeof value !== "bigint") throw mismatch(writer, at, "a bigint", value);
  if (BigInt.asIntN(64, value) !== value) throw refuseValue(writer, at, "not a 64-bit integer");
  const position = makeRoom(writer, 10);
  const { view } = writer;
  view.setBigInt64(position, value, true);
  writeHalves(writer, view.getInt32(position, true), view.getInt32(position + 4, true));
}

/** The low and the high half of a signed 64-bit integer, zig-zag. */
export function writeHalves(writer: Writer, low: number, high: number): void {
  const position = makeRoom(writer, 10);
  writer.position = putZigZag64(writer.bytes, position, low, high);
}

/** A 32-bit IEEE 754 number, little endian. */
export function writeFloat(writer: Writer, value: number, at: At): void {
  if (typeof value !== "number") throw mismatch(writer, at, "a number", value);
  const start = reserve(writer, 4);
  writer.view.setFloat32(start, value, true);
}

/** A 64-bit IEEE 754 number, little endian. */
export function writeDouble(writer: Writer, value: number, at: At): void {
  if (typeof value !== "number") throw mismatch(writer, at, "a number", value);
  const start = reserve(writer, 8);
  writer.view.setFloat64(start, value, true);
}

/** Bytes without a length prefix; their number must be the schema's. */
export function writeFixed(writer: Writer, value: Uint8Array, size: number, at: At): void {
  if (!(value instanceof Uint8Array)) throw mismatch(writer, at, "a Uint8Array", value);
  if (value.length !== size) throw refuseValue(writer, at, `expected ${size} bytes, got ${value.length}`);
  const start = reserve(writer, size);
  writer.bytes.set(value, start);
}

/** Bytes behind their length. */
export function writeBytes(writer: Writer, value: Uint8Array, at: At): void {
  if (!(value instanceof Uint8Array)) throw mismatch(writer, at, "a Uint8Array", value);
  writeSmall(writer, value.length);
  writeFixed(writer, value, value.length, at);
}

/** Text; a lone surrogate is refused because it has no UTF-8 form. */
export function writeString(writer: Writer, value: string, at: At): void {
  if (typeof value !== "string") throw mismatch(writer, at, "a string", value);
  const start = makeRoom(writer, 3 * value.length + 5);
  const end = putString(writer.bytes, start, value, 2);
  if (end < 0) throw refuseValue(writer, at, "a lone surrogate", "invalid-text");
  writer.position = end;
}

/** The branch of a union. */
export function writeIndex(writer: Writer, index: number): void {
  writeSmall(writer, index);
}

/** An enum symbol. */
export function writeEnum(writer: Writer, symbols: readonly string[], value: string, at: At): void {
  const index = symbols.indexOf(value);
  if (index < 0) throw refuseValue(writer, at, "not a symbol of the enum");
  writeSmall(writer, index);
}

/** Refuses anything but an object; for a union, before its `kind` is read. */
export function checkObject(writer: Writer, value: object | null, at: At): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw mismatch(writer, at, "an object", value);
}

/** Goes into a record. */
export function enterValue(writer: Writer, value: object, at: At): void {
  checkObject(writer, value, at);
  writer.depth += 1;
  if (writer.depth > writer.maxDepth)
    throw refuseValue(writer, at, `nested deeper than ${writer.maxDepth}`, "too-deep");
  writer.path?.push(at);
}

/** Comes back from a record. */
export function leaveValue(writer: Writer): void {
  writer.depth -= 1;
  writer.path?.pop();
}

/** Writes the head of a list; `closeItems` ends it. */
export function openList(writer: Writer, list: readonly unknown[], at: At): void {
  if (!Array.isArray(list)) throw mismatch(writer, at, "a list", list);
  writer.path?.push(at);
  if (list.length > 0) writeSmall(writer, list.length);
}

/** Writes the head of a map and returns its own keys; `closeItems` ends it. */
export function openMap(writer: Writer, map: Readonly<Record<string, unknown>>, at: At): string[] {
  checkObject(writer, map, at);
  writer.path?.push(at);
  const keys = Object.keys(map);
  if (keys.length > 0) writeSmall(writer, keys.length);
  return keys;
}

/** Ends a list or map. */
export function closeItems(writer: Writer): void {
  writer.path?.pop();
  writer.bytes[reserve(writer, 1)] = 0;
}
