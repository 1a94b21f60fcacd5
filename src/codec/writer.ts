import { KeryxError } from "../core/errors.ts";
import { maxDepth } from "./reader.ts";
import { shortText, utf8Into } from "./text.ts";
import { putVarint, putVarint64, varintSize } from "./varint.ts";

/** Where a value stands inside its parent: a field's name, or the position of an item. */
export type At = string | number;

/**
 * A value under construction. Values are written one behind the other into one slab of memory, which is replaced when
 * it is full. Only the functions of this folder move it.
 */
export interface Writer {
  bytes: Uint8Array;
  view: DataView;
  /** Where the value under way begins, the room in front of it included. */
  start: number;
  position: number;
  depth: number;
  /** The way to the value under way. Kept only when a refused value is written once more, to find its path. */
  readonly path: At[] | undefined;
}

const slabBytes = 16_384;

/** A writer without memory yet; `path` begins the path in refusals, or none is kept. */
export function createSlab(path?: At[]): Writer {
  const bytes = new Uint8Array();
  return { bytes, view: new DataView(bytes.buffer), start: 0, position: 0, depth: 0, path };
}

/** Starts a payload behind `room` bytes, which are left as they are for a frame header. */
export function createWriter(room: number): Writer {
  const writer = createSlab([]);
  startWriting(writer, room);
  return writer;
}

/** Starts the next value behind `room` bytes. */
export function startWriting(writer: Writer, room: number): void {
  writer.start = writer.position;
  writer.depth = 0;
  reserve(writer, room);
}

/** Everything of the value, the room in front included; it shares memory with what was written before. */
export function finishWriting(writer: Writer): Uint8Array {
  return writer.bytes.subarray(writer.start, writer.position);
}

/** Makes space for `count` bytes and returns where they begin. */
export function reserve(writer: Writer, count: number): number {
  const start = roomFor(writer, count);
  writer.position = start + count;
  return start;
}

/** Makes space for up to `count` bytes and returns where they begin; the caller moves on. */
function roomFor(writer: Writer, count: number): number {
  if (writer.position + count > writer.bytes.length) replaceSlab(writer, count);
  return writer.position;
}

function replaceSlab(writer: Writer, count: number): void {
  const used = writer.position - writer.start;
  const bytes = new Uint8Array(Math.max(slabBytes, 2 * (used + count)));
  bytes.set(writer.bytes.subarray(writer.start, writer.position));
  writer.bytes = bytes;
  writer.view = new DataView(bytes.buffer);
  writer.start = 0;
  writer.position = used;
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
  return new KeryxError("encode_failed", `${path}: ${what}`, { details: { path, reason } });
}

function describe(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
}

/** The refusal of a value of another type. */
export function mismatch(writer: Writer, at: At, wanted: string, value: unknown): KeryxError {
  return refuseValue(writer, at, `expected ${wanted}, got ${describe(value)}`);
}

/** A number that is exact, zig-zag. */
function writeSafe(writer: Writer, value: number): void {
  const position = roomFor(writer, 10);
  const raw = value < 0 ? -2 * value - 1 : 2 * value;
  if (raw < 0x80) {
    writer.bytes[position] = raw;
    writer.position = position + 1;
  } else writer.position = putVarint64(writer.bytes, position, raw | 0, Math.floor(raw / 0x1_0000_0000));
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
  writeSafe(writer, value);
}

/** A signed 64-bit integer. */
export function writeLong(writer: Writer, value: bigint, at: At): void {
  if (typeof value !== "bigint") throw mismatch(writer, at, "a bigint", value);
  const position = roomFor(writer, 10);
  const { view } = writer;
  view.setBigInt64(position, value, true);
  if (view.getBigInt64(position, true) !== value) throw refuseValue(writer, at, "not a 64-bit integer");
  const low = view.getInt32(position, true);
  const high = view.getInt32(position + 4, true);
  const sign = high >> 31;
  const top = ((high << 1) | (low >>> 31)) ^ sign;
  writer.position = putVarint64(writer.bytes, position, (low << 1) ^ sign, top);
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
  writeSafe(writer, value.length);
  writeFixed(writer, value, value.length, at);
}

/** Text; a lone surrogate is refused because it has no UTF-8 form. */
export function writeString(writer: Writer, value: string, at: At): void {
  if (typeof value !== "string") throw mismatch(writer, at, "a string", value);
  const { length } = value;
  const start = roomFor(writer, 3 * length + 5);
  if (length > shortText) {
    writeLongText(writer, start, value, at);
    return;
  }
  const { bytes } = writer;
  let position = start;
  bytes[position++] = 2 * length;
  for (let index = 0; index < length; index++) {
    const unit = value.charCodeAt(index);
    if (unit > 0x7f) {
      writeLongText(writer, start, value, at);
      return;
    }
    bytes[position++] = unit;
  }
  writer.position = position;
}

/** Text whose length in UTF-8 is not known: it is taken for ASCII, and moved when its length needs more bytes. */
function writeLongText(writer: Writer, start: number, value: string, at: At): void {
  const { bytes } = writer;
  const body = start + varintSize(2 * value.length);
  const length = utf8Into(value, bytes, body);
  if (length !== value.length && !value.isWellFormed())
    throw refuseValue(writer, at, "the text holds a lone surrogate", "invalid-text");
  const moved = start + varintSize(2 * length);
  if (moved !== body) bytes.copyWithin(moved, body, body + length);
  putVarint(bytes, start, 2 * length);
  writer.position = moved + length;
}

/** The branch of a union. */
export function writeIndex(writer: Writer, index: number): void {
  writeSafe(writer, index);
}

/** An enum symbol. */
export function writeEnum(writer: Writer, symbols: readonly string[], value: string, at: At): void {
  const index = symbols.indexOf(value);
  if (index < 0) throw refuseValue(writer, at, "not a symbol of the enum");
  writeSafe(writer, index);
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
  if (writer.depth > maxDepth)
    throw refuseValue(writer, at, `records are nested deeper than ${maxDepth}`, "too-deep");
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
  if (list.length > 0) writeSafe(writer, list.length);
}

/** Writes the head of a map and returns its own entries; `closeItems` ends it. */
export function openMap<T>(writer: Writer, map: Readonly<Record<string, T>>, at: At): [string, T][] {
  checkObject(writer, map, at);
  writer.path?.push(at);
  const entries = Object.entries(map);
  if (entries.length > 0) writeSafe(writer, entries.length);
  return entries;
}

/** Ends a list or map. */
export function closeItems(writer: Writer): void {
  writer.path?.pop();
  writer.bytes[reserve(writer, 1)] = 0;
}
