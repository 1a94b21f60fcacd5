import { type DecodeReason, decodeError, type KeryxError } from "../core/errors.ts";
import { decodeText } from "./text.ts";

/** Messages nested deeper than this are refused, on decode and on encode. */
export const maxDepth = 100;
/** Items of lists and maps in one payload, whatever its size. */
const maxItems = 1_000_000;

/** A position in a payload with the budgets that bound its decoding. Only the functions of this folder move it. */
export interface Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;
  position: number;
  depth: number;
  /** List and map items that may still follow. */
  items: number;
  /** Where the block opened last must end; -1 when its writer did not say. */
  blockEnd: number;
}

/** How many items a payload of so many bytes may hold: a few bytes cannot declare millions of them. */
export function itemBudget(bytes: number): number {
  return Math.min(maxItems, 16 * bytes + 1024);
}

/** Starts reading a payload. Its size sets the item budget, so that a few bytes cannot declare millions of items. */
export function createReader(bytes: Uint8Array): Reader {
  return {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    end: bytes.length,
    position: 0,
    depth: 0,
    items: itemBudget(bytes.length),
    blockEnd: -1,
  };
}

/** The refusal of a payload at the reader's position. */
export function refuse(reader: Reader, what: string, reason: DecodeReason = "malformed"): KeryxError {
  return decodeError(reason, `${what}, at byte ${reader.position} of ${reader.end}`, {
    details: { position: reader.position },
  });
}

/** Moves past `count` bytes and returns where they begin. */
export function advance(reader: Reader, count: number): number {
  const start = reader.position;
  if (count < 0 || count > reader.end - start)
    throw refuse(reader, "the payload is shorter than its content says");
  reader.position = start + count;
  return start;
}

/** A raw varint of at most 10 bytes and 64 bits: a number where that is exact, else a bigint. */
function readVarint(reader: Reader): number | bigint {
  const first = advance(reader, 1);
  const byte = reader.bytes[first] ?? 0;
  if (byte < 0x80) return byte;
  return readLongVarint(reader, byte & 0x7f);
}

function readLongVarint(reader: Reader, first: number): number | bigint {
  let value = first;
  let factor = 128;
  for (let index = 1; index < 7; index += 1) {
    const byte = reader.bytes[advance(reader, 1)] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
  let wide = BigInt(value);
  for (let shift = 49n; shift < 70n; shift += 7n) {
    const byte = reader.bytes[advance(reader, 1)] ?? 0;
    if (shift === 63n && byte > 1) throw refuse(reader, "a varint is longer than 64 bits");
    wide |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return wide;
  }
  throw refuse(reader, "a varint is longer than 10 bytes");
}

/** A zig-zag integer that is exact as a number; anything wider is refused. */
function readSafe(reader: Reader, what: string): number {
  const raw = readVarint(reader);
  if (typeof raw === "bigint") throw refuse(reader, `${what} is out of range`);
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}

/** A signed 32-bit integer. */
export function readInt(reader: Reader): number {
  const value = readSafe(reader, "an int");
  if (value > 0x7fffffff || value < -0x80000000) throw refuse(reader, "an int is out of range");
  return value;
}

/** A signed 64-bit integer. */
export function readLong(reader: Reader): bigint {
  const raw = readVarint(reader);
  if (typeof raw === "bigint") return (raw >> 1n) ^ -(raw & 1n);
  return BigInt(raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2);
}

/** Nothing: a null has no bytes. */
export function readNull(_reader: Reader): null {
  return null;
}

/** One byte, 0 or 1; another is refused. */
export function readBoolean(reader: Reader): boolean {
  const byte = reader.bytes[advance(reader, 1)];
  if (byte === 0) return false;
  if (byte === 1) return true;
  throw refuse(reader, "a boolean is neither 0 nor 1");
}

/** A 32-bit IEEE 754 number, little endian. */
export function readFloat(reader: Reader): number {
  return reader.view.getFloat32(advance(reader, 4), true);
}

/** A 64-bit IEEE 754 number, little endian. */
export function readDouble(reader: Reader): number {
  return reader.view.getFloat64(advance(reader, 8), true);
}

function readLength(reader: Reader): number {
  const length = readSafe(reader, "a length");
  if (length < 0) throw refuse(reader, "a length is negative");
  return length;
}

/** Bytes without their length prefix, copied: a view would keep the whole payload alive. */
export function readFixed(reader: Reader, size: number): Uint8Array {
  const start = advance(reader, size);
  return reader.bytes.slice(start, reader.position);
}

/** Bytes behind their length, copied. */
export function readBytes(reader: Reader): Uint8Array {
  return readFixed(reader, readLength(reader));
}

/** Text; invalid UTF-8 is refused. */
export function readString(reader: Reader): string {
  const start = advance(reader, readLength(reader));
  const text = decodeText(reader.bytes, start, reader.position);
  if (text === undefined) throw refuse(reader, "a text is not valid UTF-8", "invalid-text");
  return text;
}

/** The branch of a union or the position of an enum symbol; the caller refuses one that it does not know. */
export function readIndex(reader: Reader): number {
  return readSafe(reader, "an index");
}

/** An enum symbol. */
export function readEnum<T extends string>(reader: Reader, symbols: readonly T[]): T {
  const symbol = symbols[readIndex(reader)];
  if (symbol === undefined) throw refuse(reader, "an enum has no symbol at that index");
  return symbol;
}

/**
 * Opens the next block of a list or map and returns its number of items, 0 after the last one.
 * `minBytes` is what one item takes at least: a count that cannot fit is refused before anything is allocated.
 */
export function openBlock(reader: Reader, minBytes: number): number {
  let count = readSafe(reader, "a count");
  reader.blockEnd = -1;
  if (count === 0) return 0;
  if (count < 0) {
    count = -count;
    const size = readLength(reader);
    if (size > reader.end - reader.position) throw refuse(reader, "a block is longer than the payload");
    reader.blockEnd = reader.position + size;
  }
  if (count * minBytes > reader.end - reader.position)
    throw refuse(reader, "a count is larger than the rest of the payload can hold");
  if (count > reader.items)
    throw refuse(reader, "the payload holds more items than its size allows", "too-large");
  reader.items -= count;
  return count;
}

/** Checks that a block ended where its writer said; `end` is `blockEnd` as it was when the block was opened. */
export function closeBlock(reader: Reader, end: number): void {
  if (end !== -1 && end !== reader.position) throw refuse(reader, "a block's size differs from its content");
}

/** Goes into a record. */
export function enter(reader: Reader): void {
  reader.depth += 1;
  if (reader.depth > maxDepth) throw refuse(reader, `records are nested deeper than ${maxDepth}`, "too-deep");
}

/** Comes back from a record. */
export function leave(reader: Reader): void {
  reader.depth -= 1;
}

/** Refuses bytes behind the value. */
export function finishReading(reader: Reader): void {
  if (reader.position !== reader.end) throw refuse(reader, "bytes follow the value");
}
