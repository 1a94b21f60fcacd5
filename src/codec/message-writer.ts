import { encodeRefusal } from "../core/coded-error.ts";
import type { DecodeReason, KeryxError } from "../core/errors.ts";
import { createSlab, roomFor, type Slab } from "./slab.ts";
import { putVarint, varintSize } from "./varint.ts";

/** A field on the way to a message; `lists[]` is the name of a list, and `index` counts its items. */
interface Step {
  readonly at: string;
  index: number;
}

/** A Protobuf message under construction. */
export type MessageWriter = Slab<Step>;

/** A writer without memory yet; it keeps a path when it gets one to begin with. */
export function createMessageWriter(path?: Step[]): MessageWriter {
  return createSlab(path);
}

/**
 * Bytes that are free behind a position for which room was made: enough for 64 fields, which need not ask one by one. A
 * tag takes 5 bytes at most, and what takes more than another 25 makes room for itself.
 */
export const headroom = 2048;

/** Makes room for the next 64 fields. */
export function makeRoom(writer: MessageWriter, position: number): number {
  return roomFor(writer, position, headroom);
}

/** The refusal of a value, naming its path and never the value itself. */
export function refuseField(
  writer: MessageWriter,
  at: string,
  what: string,
  reason: DecodeReason = "type-mismatch",
): KeryxError {
  const steps = (writer.path ?? [])
    .slice(0, writer.depth)
    .map((step) => step.at.replace("[]", `[${step.index}]`));
  const path = [...steps, at].join(".");
  return encodeRefusal(`${path}: ${what}`, { path, reason });
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
  position: number,
  tag: number,
  value: object,
  at: string,
): number {
  if (typeof value !== "object" || value === null) throw wrongType(writer, at, "a message", value);
  if (writer.depth >= writer.maxDepth)
    throw refuseField(writer, at, `nested deeper than ${writer.maxDepth}`, "too-deep");
  if (writer.path !== undefined) markPath(writer.path, writer.depth, at);
  writer.depth += 1;
  return tag === 0 ? makeRoom(writer, position) : openLength(writer, position, tag);
}

function markPath(path: Step[], depth: number, at: string): void {
  const last = path[depth];
  path.length = depth;
  path.push({ at, index: last?.at === at ? last.index + 1 : 0 });
}

/** Ends a message: its length goes in front of it. `start` is counted from where the value begins. */
export function closeMessage(writer: MessageWriter, start: number, position: number): number {
  writer.depth -= 1;
  return writer.depth === 0 ? position : closeLength(writer, start, position);
}

/** Opens something that has a length and is no message: a packed list, or an entry of a map. */
export function openLength(writer: MessageWriter, position: number, tag: number): number {
  const start = makeRoom(writer, position);
  return putVarint(writer.bytes, start, tag) + 1;
}

/**
 * Writes the length of what was opened. One byte was kept for it; a longer one moves what follows. `start` is counted
 * from where the value begins, because a new slab moves all of it.
 */
export function closeLength(writer: MessageWriter, start: number, position: number): number {
  const from = writer.start + start;
  const length = position - from;
  if (length > 0x7f) return closeLongLength(writer, length, position);
  writer.bytes[from - 1] = length;
  return position;
}

function closeLongLength(writer: MessageWriter, length: number, position: number): number {
  const extra = varintSize(length) - 1;
  const end = roomFor(writer, position, extra);
  const from = end - length;
  writer.bytes.copyWithin(from + extra, from, end);
  putVarint(writer.bytes, from - 1, length);
  return end + extra;
}

/** Writes a tag of several bytes but for the last one, which comes with the value, and returns where that one goes. */
export function putLongTag(writer: MessageWriter, position: number, tag: number): number {
  return putVarint(writer.bytes, position, tag) - 1;
}

/** The byte in front of a position. */
export function byteBefore(writer: MessageWriter, position: number): number {
  return writer.bytes[position - 1] ?? 0;
}
