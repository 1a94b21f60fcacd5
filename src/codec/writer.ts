import { KeryxError } from "../core/errors.ts";
import { maxDepth } from "./reader.ts";
import { encodeText, textLength } from "./text.ts";

/** Where a value stands inside its parent: a field's name, or the position of an item. */
export type At = string | number;

/** Bytes that grow as they are written, and the path of the value under way. Only the functions of this folder move it. */
export interface Writer {
  bytes: Uint8Array;
  view: DataView;
  position: number;
  depth: number;
  readonly path: At[];
}

const initialBytes = 512;

/** Starts a payload behind `room` bytes, which are left as they are for a frame header. */
export function createWriter(room: number): Writer {
  const bytes = new Uint8Array(room + initialBytes);
  return { bytes, view: new DataView(bytes.buffer), position: room, depth: 0, path: [] };
}

/** Everything written so far, the room in front included. */
export function finishWriting(writer: Writer): Uint8Array {
  return writer.bytes.subarray(0, writer.position);
}

/** Makes space for `count` bytes and returns where they begin. */
export function reserve(writer: Writer, count: number): number {
  const start = writer.position;
  const end = start + count;
  if (end > writer.bytes.length) {
    const grown = new Uint8Array(Math.max(end, writer.bytes.length * 2));
    grown.set(writer.bytes);
    writer.bytes = grown;
    writer.view = new DataView(grown.buffer);
  }
  writer.position = end;
  return start;
}

/** The refusal of a value, naming its path and never the value itself. */
export function refuseValue(
  writer: Writer,
  at: At,
  what: string,
  reason: "type-mismatch" | "too-deep" | "invalid-text" = "type-mismatch",
): KeryxError {
  const path = [...writer.path, at].reduce<string>(
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

// Growing replaces `writer.bytes`, so it has to happen before the target is looked up.
function putByte(writer: Writer, byte: number): void {
  const start = reserve(writer, 1);
  writer.bytes[start] = byte;
}

function writeVarint(writer: Writer, raw: number): void {
  let rest = raw;
  while (rest > 0x7f) {
    putByte(writer, (rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  putByte(writer, rest);
}

function writeSafe(writer: Writer, value: number): void {
  writeVarint(writer, value < 0 ? -2 * value - 1 : 2 * value);
}

/** Nothing; a value that is not null is refused. */
export function writeNull(writer: Writer, value: null, at: At): void {
  if (value !== null) throw mismatch(writer, at, "null", value);
}

/** One byte, 0 or 1. */
export function writeBoolean(writer: Writer, value: boolean, at: At): void {
  if (typeof value !== "boolean") throw mismatch(writer, at, "a boolean", value);
  putByte(writer, value ? 1 : 0);
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
  if (BigInt.asIntN(64, value) !== value) throw refuseValue(writer, at, "not a 64-bit integer");
  let raw = value < 0n ? -2n * value - 1n : 2n * value;
  while (raw > 0xfffffffffffffn) {
    putByte(writer, Number(raw & 0x7fn) | 0x80);
    raw >>= 7n;
  }
  writeVarint(writer, Number(raw));
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
  const length = textLength(value);
  if (length < 0) throw refuseValue(writer, at, "the text holds a lone surrogate", "invalid-text");
  writeSafe(writer, length);
  const start = reserve(writer, length);
  encodeText(value, length, writer.bytes, start);
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
  writer.path.push(at);
}

/** Comes back from a record. */
export function leaveValue(writer: Writer): void {
  writer.depth -= 1;
  writer.path.pop();
}

/** Writes the head of a list; `closeItems` ends it. */
export function openList(writer: Writer, list: readonly unknown[], at: At): void {
  if (!Array.isArray(list)) throw mismatch(writer, at, "a list", list);
  writer.path.push(at);
  if (list.length > 0) writeSafe(writer, list.length);
}

/** Writes the head of a map and returns its own entries; `closeItems` ends it. */
export function openMap<T>(writer: Writer, map: Readonly<Record<string, T>>, at: At): [string, T][] {
  checkObject(writer, map, at);
  writer.path.push(at);
  const entries = Object.entries(map);
  if (entries.length > 0) writeSafe(writer, entries.length);
  return entries;
}

/** Ends a list or map. */
export function closeItems(writer: Writer): void {
  writer.path.pop();
  putByte(writer, 0);
}
