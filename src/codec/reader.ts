import { type DecodeReason, decodeError, type KeryxError } from "../core/errors.ts";
import { copyBytes, decodeUtf8, isAscii, latin1, maxSharedText } from "./text.ts";

/** Messages nested deeper than this are refused, on decode and on encode. */
export const maxDepth = 100;
/** Items of lists and maps in one payload, whatever its size. */
const maxItems = 1_000_000;

/** A position in a payload with the budgets that bound its decoding. Only the functions of this folder move it. */
export interface Reader {
  readonly bytes: Uint8Array;
  /** Eight bytes in which numbers are put together. */
  readonly scratch: DataView;
  readonly end: number;
  position: number;
  depth: number;
  /** List and map items that may still follow. */
  items: number;
  /** Where the block opened last must end; -1 when its writer did not say. */
  blockEnd: number;
  /** The payload as text of one character for each byte; made with the first field of text. */
  text: string | undefined;
}

/** How many items a payload of so many bytes may hold: a few bytes cannot declare millions of them. */
export function itemBudget(bytes: number): number {
  return Math.min(maxItems, 16 * bytes + 1024);
}

/** Starts reading a payload. Its size sets the item budget, so that a few bytes cannot declare millions of items. */
export function createReader(
  bytes: Uint8Array,
  scratch: DataView = new DataView(new ArrayBuffer(8)),
): Reader {
  return {
    bytes,
    scratch,
    end: bytes.length,
    position: 0,
    depth: 0,
    items: itemBudget(bytes.length),
    blockEnd: -1,
    text: undefined,
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

/** A zig-zag integer that is exact as a number; anything wider is refused. */
function readSafe(reader: Reader, what: string): number {
  const { position } = reader;
  const byte = reader.bytes[position] ?? 0;
  if (byte < 0x80 && position < reader.end) {
    reader.position = position + 1;
    return (byte >>> 1) ^ -(byte & 1);
  }
  readVarint(reader);
  const low = reader.scratch.getUint32(0, true);
  const high = reader.scratch.getUint32(4, true);
  // What a number holds exactly, its sign included.
  if (high > 0x1f_ffff) throw refuse(reader, `${what} is out of range`);
  const half = high * 0x8000_0000 + (low >>> 1);
  return (low & 1) === 0 ? half : -half - 1;
}

const maxVarintBytes = 10;

/** Reads a raw varint of at most 10 bytes and 64 bits into the scratch bytes. */
function readVarint(reader: Reader): void {
  const { bytes, scratch, end } = reader;
  let { position } = reader;
  const last = Math.min(end, position + maxVarintBytes);
  let low = 0;
  let high = 0;
  for (let shift = 0; position < last; shift += 7) {
    const byte = bytes[position++] ?? 0;
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >> 4;
    } else high |= bits << (shift - 32);
    if (byte < 0x80) {
      if (shift === 63 && byte > 1) break;
      reader.position = position;
      scratch.setInt32(0, low, true);
      scratch.setInt32(4, high, true);
      return;
    }
  }
  if (end - reader.position < maxVarintBytes)
    throw refuse(reader, "the payload is shorter than its content says");
  throw refuse(reader, "a varint is longer than 10 bytes or 64 bits");
}

/** A signed 32-bit integer. */
export function readInt(reader: Reader): number {
  const value = readSafe(reader, "an int");
  if (value > 0x7fffffff || value < -0x80000000) throw refuse(reader, "an int is out of range");
  return value;
}

/** A signed 64-bit integer. */
export function readLong(reader: Reader): bigint {
  readVarint(reader);
  const { scratch } = reader;
  const low = scratch.getUint32(0, true);
  const high = scratch.getUint32(4, true);
  const sign = -(low & 1);
  scratch.setInt32(0, ((low >>> 1) | (high << 31)) ^ sign, true);
  scratch.setInt32(4, (high >>> 1) ^ sign, true);
  return scratch.getBigInt64(0, true);
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
  return readIntoScratch(reader, 4).getFloat32(0, true);
}

/** A 64-bit IEEE 754 number, little endian. */
export function readDouble(reader: Reader): number {
  return readIntoScratch(reader, 8).getFloat64(0, true);
}

function readIntoScratch(reader: Reader, count: number): DataView {
  const start = advance(reader, count);
  const { bytes, scratch } = reader;
  for (let index = 0; index < count; index += 1) scratch.setUint8(index, bytes[start + index] ?? 0);
  return scratch;
}

function readLength(reader: Reader): number {
  const length = readSafe(reader, "a length");
  if (length < 0) throw refuse(reader, "a length is negative");
  return length;
}

/** Bytes without their length prefix, copied: a view would keep the whole payload alive. */
export function readFixed(reader: Reader, size: number): Uint8Array {
  const start = advance(reader, size);
  return copyBytes(reader.bytes, start, reader.position);
}

/** Bytes behind their length, copied. */
export function readBytes(reader: Reader): Uint8Array {
  return readFixed(reader, readLength(reader));
}

/** Text; invalid UTF-8 is refused. A long one keeps the text of the payload, which it is a part of. */
export function readString(reader: Reader): string {
  const start = advance(reader, readLength(reader));
  const { bytes, position } = reader;
  if (!isAscii(bytes, start, position)) return utf8Of(reader, start);
  if (bytes.length > maxSharedText) return latin1(bytes, start, position);
  reader.text ??= latin1(bytes, 0, bytes.length);
  return reader.text.substring(start, position);
}

/** Text that is kept longer than its payload, as keys and ids are: it has memory of its own. */
export function readOwnString(reader: Reader): string {
  const start = advance(reader, readLength(reader));
  const { bytes, position } = reader;
  return isAscii(bytes, start, position) ? latin1(bytes, start, position) : utf8Of(reader, start);
}

function utf8Of(reader: Reader, start: number): string {
  const text = decodeUtf8(reader.bytes, start, reader.position);
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

/** An earlier writer's enum symbol: `table` has what each of its symbols reads as, or null. */
export function readResolvedEnum<T extends string>(reader: Reader, table: readonly (T | null)[]): T {
  const symbol = table[readIndex(reader)];
  if (symbol === undefined) throw refuse(reader, "an enum has no symbol at that index");
  return symbol ?? unresolved("the enum has neither the writer's symbol nor a default");
}

/** Refuses what an earlier writer wrote and the reader has no place for. */
export function unresolved(what: string): never {
  throw decodeError("incompatible", what);
}

/** Moves over bytes or text. */
export function skipBytes(reader: Reader): void {
  advance(reader, readLength(reader));
}

/** Moves over so many bytes. */
export function skipFixed(reader: Reader, size: number): void {
  advance(reader, size);
}

/** Moves over an enum symbol. */
export function skipEnum(reader: Reader, symbols: number): void {
  const index = readIndex(reader);
  if (index < 0 || index >= symbols) throw refuse(reader, "an enum has no symbol at that index");
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
