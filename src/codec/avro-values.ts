import { decodeRefusal } from "../core/coded-error.ts";
import {
  advance,
  bytesUntil,
  doubleBefore,
  floatBefore,
  keyUntil,
  ownTextUntil,
  type Reader,
  readVarint,
  refuse,
  textUntil,
  tooManyItems,
  tooShort,
  unZigZag,
} from "./reader.ts";

/** A zig-zag integer that is exact as a number; anything wider is refused. */
function readSafe(reader: Reader): number {
  const { position } = reader;
  const byte = reader.bytes[position] ?? 0;
  if (byte < 0x80 && position < reader.end) {
    reader.position = position + 1;
    return (byte >>> 1) ^ -(byte & 1);
  }
  return readWide(reader);
}

function readWide(reader: Reader): number {
  const value = readRounded(reader);
  if (!Number.isSafeInteger(value)) throw refuse(reader, "a number is out of range");
  return value;
}

/** A zig-zag integer of 64 bits as a number, which is exact where it is a safe integer. */
export function readRounded(reader: Reader): number {
  const low = readLow(reader) >>> 0;
  const half = (reader.high >>> 0) * 0x8000_0000 + (low >>> 1);
  return (low & 1) === 0 ? half : -half - 1;
}

/** The low half of a varint of 64 bits; the high one is in `reader.high`. */
function readLow(reader: Reader): number {
  const start = reader.position;
  const low = readVarint(reader, reader.end);
  // In the tenth byte only one bit is left.
  if (reader.position - start === 10 && (reader.bytes[start + 9] ?? 0) > 1)
    throw refuse(reader, "a varint is longer than 64 bits");
  return low;
}

/** A signed 32-bit integer. */
export function readInt(reader: Reader): number {
  const value = readSafe(reader);
  if ((value | 0) !== value) throw refuse(reader, "an int is out of range");
  return value;
}

/** A signed 64-bit integer. */
export function readLong(reader: Reader): bigint {
  return unZigZag(readLow(reader), reader.high);
}

/** Nothing: a null has no bytes. */
export function readNull(_reader: Reader): null {
  return null;
}

/** One byte, 0 or 1; another is refused. */
export function readBoolean(reader: Reader): boolean {
  const byte = reader.bytes[advance(reader, 1)] ?? 0;
  if (byte > 1) throw refuse(reader, "a boolean is neither 0 nor 1");
  return byte === 1;
}

/** A 32-bit IEEE 754 number, little endian. */
export function readFloat(reader: Reader): number {
  return floatBefore(reader, reader.end);
}

/** A 64-bit IEEE 754 number, little endian. */
export function readDouble(reader: Reader): number {
  return doubleBefore(reader, reader.end);
}

/** A length; returns where what it belongs to ends. */
function readLength(reader: Reader): number {
  const length = readSafe(reader);
  const { position } = reader;
  if (length < 0 || length > reader.end - position) throw tooShort(reader);
  return position + length;
}

/** Bytes without their length prefix, copied: a view would keep the whole payload alive. */
export function readFixed(reader: Reader, size: number): Uint8Array {
  const start = advance(reader, size);
  reader.position = start;
  return bytesUntil(reader, start + size);
}

/** Bytes behind their length, copied. */
export function readBytes(reader: Reader): Uint8Array {
  return bytesUntil(reader, readLength(reader));
}

/** Text; invalid UTF-8 is refused. A long one keeps the text of the payload, which it is a part of. */
export function readString(reader: Reader): string {
  return textUntil(reader, readLength(reader));
}

/** Text that is kept longer than its payload, as keys and ids are: it has memory of its own. */
export function readOwnString(reader: Reader): string {
  return ownTextUntil(reader, readLength(reader));
}

/** The key of a map: one that came before is the same string again. */
export function readKey(reader: Reader): string {
  return keyUntil(reader, readLength(reader));
}

/** The branch of a union or the position of an enum symbol; the caller refuses one that it does not know. */
export function readIndex(reader: Reader): number {
  return readSafe(reader);
}

/** An enum symbol. */
export function readEnum<T extends string>(reader: Reader, symbols: readonly T[]): T {
  const symbol = symbols[readSafe(reader)];
  if (symbol === undefined) throw noSymbol(reader);
  return symbol;
}

function noSymbol(reader: Reader): Error {
  return refuse(reader, "an enum has no symbol at that index");
}

/** An earlier writer's enum symbol: `table` has what each of its symbols reads as, or null. */
export function readResolvedEnum<T extends string>(reader: Reader, table: readonly (T | null)[]): T {
  const symbol = table[readSafe(reader)];
  if (symbol === undefined) throw noSymbol(reader);
  return symbol ?? unresolved("the enum has neither the writer's symbol nor a default");
}

/** Refuses what an earlier writer wrote and the reader has no place for. */
export function unresolved(what: string): never {
  throw decodeRefusal(what, { reason: "incompatible" });
}

/** Moves over bytes or text. */
export function skipBytes(reader: Reader): void {
  reader.position = readLength(reader);
}

/** Moves over so many bytes. */
export function skipFixed(reader: Reader, size: number): void {
  advance(reader, size);
}

/** Moves over an enum symbol. */
export function skipEnum(reader: Reader, symbols: number): void {
  const index = readSafe(reader);
  if (index < 0 || index >= symbols) throw noSymbol(reader);
}

/**
 * Opens the next block of a list or map and returns its number of items, 0 after the last one.
 * `minBytes` is what one item takes at least: a count that cannot fit is refused before anything is allocated.
 */
export function openBlock(reader: Reader, minBytes: number): number {
  const count = readSafe(reader);
  reader.blockEnd = count < 0 ? readLength(reader) : -1;
  const items = Math.abs(count);
  if (items * minBytes > reader.end - reader.position) throw tooShort(reader);
  if (items > reader.items) throw tooManyItems(reader);
  reader.items -= items;
  return items;
}

/** Checks that a block ended where its writer said; `end` is `blockEnd` as it was when the block was opened. */
export function closeBlock(reader: Reader, end: number): void {
  if (end !== -1 && end !== reader.position) throw refuse(reader, "a block's size differs from its content");
}

/** Refuses bytes behind the value. */
export function finishReading(reader: Reader): void {
  if (reader.position !== reader.end) throw refuse(reader, "bytes follow the value");
}
