import type { Buffer } from "node:buffer";
import { decodeError, type KeryxError } from "../core/errors.ts";
import type { Header } from "../core/record.ts";

/** Where the parts of one record lie; the same object is filled again and again. An end of -1 means null. */
export interface Span {
  timestampDelta: number;
  offsetDelta: number;
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
  headersAt: number;
  headerCount: number;
}

/** A position that moves over records, up to an end that it may not cross. */
export interface Cursor {
  readonly bytes: Buffer;
  end: number;
  at: number;
}

export function createCursor(bytes: Buffer, at: number): Cursor {
  return { bytes, end: bytes.length, at };
}

export function createSpan(): Span {
  return {
    timestampDelta: 0,
    offsetDelta: 0,
    keyStart: 0,
    keyEnd: 0,
    valueStart: 0,
    valueEnd: 0,
    headersAt: 0,
    headerCount: 0,
  };
}

/** The refusal of bytes that are no records. */
export function malformed(what: string): KeryxError {
  return decodeError("malformed", `the broker's answer holds ${what}`);
}

/**
 * Finds the parts of the record at the cursor and moves behind it.
 * @throws KeryxError `decode_failed` where a length leads out of its record
 */
export function readSpan(cursor: Cursor, span: Span): void {
  const length = readVarint(cursor);
  const batchEnd = cursor.end;
  const end = cursor.at + length;
  if (length < 0 || end > batchEnd) throw malformed("a record that ends behind its batch");
  cursor.end = end;
  // The record's attributes, which nobody uses.
  cursor.at++;
  span.timestampDelta = readVarint(cursor);
  span.offsetDelta = readVarint(cursor);
  const keyBytes = readVarint(cursor);
  span.keyStart = cursor.at;
  span.keyEnd = skip(cursor, keyBytes);
  const valueBytes = readVarint(cursor);
  span.valueStart = cursor.at;
  span.valueEnd = skip(cursor, valueBytes);
  span.headerCount = readVarint(cursor);
  span.headersAt = cursor.at;
  if (span.headerCount < 0) throw malformed("a negative number of headers");
  for (let index = 0; index < span.headerCount; index++) {
    const nameBytes = readVarint(cursor);
    if (nameBytes < 0) throw malformed("a header without a name");
    skip(cursor, nameBytes);
    skip(cursor, readVarint(cursor));
  }
  if (cursor.at !== end) throw malformed("bytes behind the last header of a record");
  cursor.end = batchEnd;
}

/** Reads headers that `readSpan` went over. */
export function readHeaders(bytes: Buffer, at: number, count: number): readonly Header[] {
  const cursor = createCursor(bytes, at);
  const headers: Header[] = [];
  for (let index = 0; index < count; index++) {
    const nameBytes = readVarint(cursor);
    const nameStart = cursor.at;
    const name = bytes.toString("utf8", nameStart, skip(cursor, nameBytes));
    const valueBytes = readVarint(cursor);
    const valueStart = cursor.at;
    const valueEnd = skip(cursor, valueBytes);
    headers.push([name, valueEnd < 0 ? null : bytes.subarray(valueStart, valueEnd)]);
  }
  return headers;
}

/** Looks up the last header of a name among those that `readSpan` went over. */
export function findHeader(
  bytes: Buffer,
  at: number,
  count: number,
  name: string,
): Uint8Array | null | undefined {
  const cursor = createCursor(bytes, at);
  let found: Uint8Array | null | undefined;
  for (let index = 0; index < count; index++) {
    const nameBytes = readVarint(cursor);
    const nameStart = cursor.at;
    const isFound = isText(bytes, nameStart, skip(cursor, nameBytes), name);
    const valueBytes = readVarint(cursor);
    const valueStart = cursor.at;
    const valueEnd = skip(cursor, valueBytes);
    if (isFound) found = valueEnd < 0 ? null : bytes.subarray(valueStart, valueEnd);
  }
  return found;
}

// The names that are looked up are ASCII.
function isText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++)
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  return true;
}

// Moves behind so many bytes; a length below 0 stands for null.
function skip(cursor: Cursor, length: number): number {
  if (length < 0) return -1;
  cursor.at += length;
  if (cursor.at > cursor.end) throw malformed("a length that leads out of its record");
  return cursor.at;
}

const maxVarintBytes = 10;

// Zigzag; beyond 32 bits as a float, which is exact for every time and length there can be.
function readVarint(cursor: Cursor): number {
  const first = readByte(cursor);
  if (first < 0x80) return (first >>> 1) ^ -(first & 1);
  let raw = first & 0x7f;
  let scale = 128;
  for (let count = 1; count < maxVarintBytes; count++) {
    const byte = readByte(cursor);
    raw += (byte & 0x7f) * scale;
    if (byte < 0x80) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    scale *= 128;
  }
  throw malformed("a number of more than 64 bits");
}

function readByte(cursor: Cursor): number {
  const byte = cursor.at < cursor.end ? cursor.bytes[cursor.at] : undefined;
  if (byte === undefined) throw malformed("a record that ends within a number");
  cursor.at++;
  return byte;
}
