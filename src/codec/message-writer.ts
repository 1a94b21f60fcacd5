import { type DecodeReason, KeryxError } from "../core/errors.ts";
import { maxDepth } from "./reader.ts";

/**
 * A Protobuf message under construction. Messages are written one behind the other into one slab of memory, which is
 * replaced when it is full. Only the functions of this folder move it.
 */
export interface MessageWriter {
  bytes: Uint8Array;
  view: DataView;
  /** Where the value under way begins, the room in front of it included. */
  start: number;
  position: number;
  depth: number;
  /** Field and list position of each message around the one under way, for the path in a refusal. */
  readonly fields: string[];
  readonly indexes: (number | undefined)[];
}

const slabBytes = 16_384;
const noBytes = /* @__PURE__ */ new Uint8Array();

/** A writer without memory yet. */
export function createMessageWriter(): MessageWriter {
  const view = new DataView(noBytes.buffer);
  return { bytes: noBytes, view, start: 0, position: 0, depth: 0, fields: [], indexes: [] };
}

/** Starts a value behind `room` bytes. */
export function startMessage(writer: MessageWriter, room: number): void {
  writer.start = writer.position;
  writer.depth = 0;
  writer.position = roomFor(writer, room) + room;
}

/** The value's bytes, the room in front included; they share memory with what was written before. */
export function finishMessage(writer: MessageWriter): Uint8Array {
  return writer.bytes.subarray(writer.start, writer.position);
}

/** Makes space for `count` bytes and returns where they begin; the caller moves on. */
export function roomFor(writer: MessageWriter, count: number): number {
  if (writer.position + count > writer.bytes.length) replaceSlab(writer, count);
  return writer.position;
}

function replaceSlab(writer: MessageWriter, count: number): void {
  const used = writer.position - writer.start;
  const bytes = new Uint8Array(Math.max(slabBytes, 2 * (used + count)));
  bytes.set(writer.bytes.subarray(writer.start, writer.position));
  writer.bytes = bytes;
  writer.view = new DataView(bytes.buffer);
  writer.start = 0;
  writer.position = used;
}

/** The refusal of a value, naming its path and never the value itself. */
export function refuseField(
  writer: MessageWriter,
  at: string,
  what: string,
  reason: DecodeReason = "type-mismatch",
): KeryxError {
  const steps = Array.from({ length: writer.depth }, (_, depth) => {
    const index = writer.indexes[depth];
    return `${writer.fields[depth]}${index === undefined ? "" : `[${index}]`}`;
  });
  const path = [...steps, at].filter((step) => step !== "").join(".");
  return new KeryxError("encode_failed", `${path}: ${what}`, { details: { path, reason } });
}

/** The refusal of a value of another type. */
export function wrongType(writer: MessageWriter, at: string, wanted: string, value: unknown): KeryxError {
  return refuseField(writer, at, `expected ${wanted}, got ${value === null ? "null" : typeof value}`);
}

/**
 * Opens a message behind its tag and returns where it begins; the tag 0 stands for the outermost one, which has no
 * tag and no length. `closeMessage` ends it.
 */
export function openMessage(
  writer: MessageWriter,
  tag: number,
  value: object,
  at: string,
  index?: number,
): number {
  if (typeof value !== "object" || value === null) throw wrongType(writer, at, "a message", value);
  if (writer.depth >= maxDepth)
    throw refuseField(writer, at, `messages are nested deeper than ${maxDepth}`, "too-deep");
  writer.fields[writer.depth] = at;
  writer.indexes[writer.depth] = index;
  writer.depth += 1;
  return tag === 0 ? -1 : openLength(writer, tag);
}

/** Ends a message: its length goes in front of it. */
export function closeMessage(writer: MessageWriter, start: number): void {
  writer.depth -= 1;
  if (start >= 0) closeLength(writer, start);
}

/** Opens something that has a length and is no message: a packed list, or an entry of a map. */
export function openLength(writer: MessageWriter, tag: number): number {
  const position = putTag(writer, tag, 1);
  writer.position = position + 1;
  // Counted from where the value begins, because a new slab moves all of it.
  return position - writer.start;
}

/** Writes the length of what was opened at `start`. One byte was kept for it; a longer one moves what follows. */
export function closeLength(writer: MessageWriter, start: number): void {
  const place = writer.start + start;
  const length = writer.position - place - 1;
  if (length < 0x80) writer.bytes[place] = length;
  else closeLongLength(writer, length);
}

function closeLongLength(writer: MessageWriter, length: number): void {
  const extra = varintSize(length) - 1;
  const from = roomFor(writer, extra) - length;
  writer.bytes.copyWithin(from + extra, from, writer.position);
  putVarint(writer.bytes, from - 1, length);
  writer.position += extra;
}

/** Writes a tag, the number of a field with its wire type, with `count` bytes of room behind it. */
export function putTag(writer: MessageWriter, tag: number, count: number): number {
  const position = roomFor(writer, count + 5);
  // Inside a packed list there are no tags.
  if (tag === 0) return position;
  if (tag > 0x7f) return putVarint(writer.bytes, position, tag);
  writer.bytes[position] = tag;
  return position + 1;
}

/** Writes an unsigned 32-bit number and returns where it ends. */
export function putVarint(bytes: Uint8Array, start: number, value: number): number {
  let position = start;
  let rest = value;
  while (rest > 0x7f) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[position++] = rest;
  return position;
}

/** Bytes that an unsigned 32-bit number takes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
