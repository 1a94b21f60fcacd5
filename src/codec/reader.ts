import { decodeRefusal } from "../core/coded-error.ts";
import type { DecodeReason, KeryxError } from "../core/errors.ts";
import { type PayloadLimits, payloadLimits } from "../core/limits.ts";
import { createScratch, type Scratch, wordsOf } from "./scratch.ts";
import {
  copyBytes,
  decodeUtf8,
  isAscii,
  isShort,
  isText,
  latin1,
  maxSharedText,
  shortAscii,
} from "./text.ts";

/** A position in a payload with the budgets that bound its decoding. Only the functions of this folder move it. */
export interface Reader {
  readonly bytes: Uint8Array;
  readonly scratch: Scratch;
  readonly end: number;
  position: number;
  depth: number;
  readonly maxDepth: number;
  /** List and map items that may still follow. */
  items: number;
  /** Where the block opened last must end; -1 when its writer did not say. */
  blockEnd: number;
  /** The payload as text of one character for each byte; made with the first field of text. */
  text: string | undefined;
  /** What is above 32 bits in the varint that was read last. */
  high: number;
}

/** Items that any payload may hold beside one for each of its bytes. */
const freeItems = 1_024;

/**
 * Starts reading a payload behind `room` bytes. Its size sets the item budget: only items that take no bytes can be
 * more than the bytes.
 */
export function createReader(
  bytes: Uint8Array,
  scratch: Scratch = createScratch(),
  limits: PayloadLimits = payloadLimits,
  room = 0,
): Reader {
  const { length } = bytes;
  return {
    bytes,
    scratch,
    end: length,
    position: room,
    depth: 0,
    maxDepth: limits.maxDepth,
    items: Math.min(limits.maxItems, length - room + freeItems),
    blockEnd: -1,
    text: undefined,
    high: 0,
  };
}

/** The refusal of a payload at the reader's position. */
export function refuse(reader: Reader, what: string, reason: DecodeReason = "malformed"): KeryxError {
  const { position } = reader;
  return decodeRefusal(`${what}, at byte ${position} of ${reader.end}`, { position, reason });
}

/** The refusal of a payload that ends too early. */
export function tooShort(reader: Reader): KeryxError {
  return refuse(reader, "the payload ends too early");
}

/** Goes into a record or message. */
export function enter(reader: Reader): void {
  reader.depth += 1;
  if (reader.depth > reader.maxDepth) throw tooDeep(reader);
}

function tooDeep(reader: Reader): KeryxError {
  return refuse(reader, `nested deeper than ${reader.maxDepth}`, "too-deep");
}

/** Comes back from a record or message. */
export function leave(reader: Reader): void {
  reader.depth -= 1;
}

/** The refusal of a list or map with too many items. */
export function tooManyItems(reader: Reader): KeryxError {
  return refuse(reader, "too many items for its size", "too-large");
}

/** Moves past `count` bytes before `end` and returns where they begin. */
export function advance(reader: Reader, count: number, end: number = reader.end): number {
  const start = reader.position;
  if (count < 0 || count > end - start) throw tooShort(reader);
  reader.position = start + count;
  return start;
}

/** Longest varint. */
const maxVarintBytes = 10;

/** The lowest 32 bits of a varint, with the next 32 in `reader.high`; what is above is lost. */
export function readVarint(reader: Reader, end: number): number {
  const { bytes } = reader;
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
      reader.position = position;
      reader.high = high;
      return low;
    }
  }
  throw refuse(reader, "a varint without an end");
}

/** Four bytes as a number, little endian. */
export function readWord(reader: Reader, end: number): number {
  const { bytes } = reader;
  const at = advance(reader, 4, end);
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

/** A number of two halves, without memory for what is between them and the bigint. */
export function toLong(low: number, high: number): bigint {
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
}

/** The number that zig-zag stands for. */
export function unZigZag(low: number, high: number): bigint {
  const sign = -(low & 1);
  return toLong(((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign);
}

/** A 32-bit IEEE 754 number before `end`, little endian. */
export function floatBefore(reader: Reader, end: number): number {
  const { halves, float } = wordsOf(reader.scratch);
  halves[0] = readWord(reader, end);
  return float[0] ?? 0;
}

/** A 64-bit IEEE 754 number before `end`, little endian. */
export function doubleBefore(reader: Reader, end: number): number {
  const { halves, double, low } = wordsOf(reader.scratch);
  halves[low] = readWord(reader, end);
  halves[1 - low] = readWord(reader, end);
  return double[0] ?? 0;
}

/** Everything up to `stop`, copied: a view would keep the whole payload alive. */
export function bytesUntil(reader: Reader, stop: number): Uint8Array<ArrayBuffer> {
  const start = reader.position;
  reader.position = stop;
  return copyBytes(reader.bytes, start, stop);
}

/** Text up to `stop`; invalid UTF-8 is refused. A long one keeps the text of the payload, which it is a part of. */
export function textUntil(reader: Reader, stop: number): string {
  const { bytes, position } = reader;
  if (!isAscii(bytes, position, stop)) return utf8Until(reader, stop);
  reader.position = stop;
  return reader.text === undefined ? firstText(reader, position) : reader.text.substring(position, stop);
}

function firstText(reader: Reader, start: number): string {
  const { bytes, position, end } = reader;
  if (end > maxSharedText) return latin1(bytes, start, position);
  reader.text = latin1(bytes, 0, end);
  return reader.text.substring(start, position);
}

/** Text up to `stop` that is kept longer than its payload, as keys and ids are: it has memory of its own. */
export function ownTextUntil(reader: Reader, stop: number): string {
  const { bytes, position } = reader;
  if (!isShort(bytes, position, stop) || !isAscii(bytes, position, stop)) return utf8Until(reader, stop);
  reader.position = stop;
  return shortAscii(bytes, position, stop);
}

/** Longer keys are not kept. */
const maxKeptKey = 24;
/** A power of two. */
const keptKeys = 64;

/** The key of a map up to `stop`. */
export function keyUntil(reader: Reader, stop: number): string {
  const { bytes, position, scratch } = reader;
  const size = stop - position;
  const slot = (size + 7 * (bytes[position] ?? 0) + 31 * (bytes[stop - 1] ?? 0)) & (keptKeys - 1);
  const kept = scratch.keys[slot];
  if (kept !== undefined && kept.length === size && isText(kept, bytes, position)) {
    reader.position = stop;
    return kept;
  }
  const key = ownTextUntil(reader, stop);
  if (size <= maxKeptKey && key.length === size) scratch.keys[slot] = key;
  return key;
}

function utf8Until(reader: Reader, stop: number): string {
  try {
    const text = decodeUtf8(reader.bytes, reader.position, stop);
    reader.position = stop;
    return text;
  } catch {
    throw refuse(reader, "invalid UTF-8", "invalid-text");
  }
}
