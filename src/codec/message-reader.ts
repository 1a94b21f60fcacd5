import { type DecodeReason, decodeError, type KeryxError } from "../core/errors.ts";
import type { UnknownField } from "./message-scalars.ts";
import { itemBudget, maxDepth } from "./reader.ts";
import { copyBytes } from "./text.ts";

/** A position in a Protobuf payload with the budgets that bound its decoding. Only the functions of this folder move it. */
export interface MessageReader {
  readonly bytes: Uint8Array;
  /** Eight bytes in which numbers are put together. */
  readonly scratch: DataView;
  position: number;
  depth: number;
  /** List and map items that may still follow. */
  items: number;
  /** The payload as text of one character for each byte; made with the first field of text. */
  text: string | undefined;
}

/** Starts reading a payload. */
export function createMessageReader(bytes: Uint8Array, scratch: DataView): MessageReader {
  return { bytes, scratch, position: 0, depth: 0, items: itemBudget(bytes.length), text: undefined };
}

/** The refusal of a payload at the reader's position. */
export function refusePayload(
  reader: MessageReader,
  what: string,
  reason: DecodeReason = "malformed",
): KeryxError {
  const { position } = reader;
  return decodeError(reason, `${what}, at byte ${position} of ${reader.bytes.length}`, {
    details: { position },
  });
}

function tooShort(reader: MessageReader): KeryxError {
  return refusePayload(reader, "the payload is shorter than its content says");
}

/** Goes into a message. */
export function enterMessage(reader: MessageReader): void {
  reader.depth += 1;
  if (reader.depth > maxDepth) throw tooDeep(reader);
}

function tooDeep(reader: MessageReader): KeryxError {
  return refusePayload(reader, `messages are nested deeper than ${maxDepth}`, "too-deep");
}

/** Comes back from a message. */
export function leaveMessage(reader: MessageReader): void {
  reader.depth -= 1;
}

/** Counts one more item of a list or map. */
export function countItem(reader: MessageReader): void {
  reader.items -= 1;
  if (reader.items < 0)
    throw refusePayload(reader, "the payload holds more items than its size allows", "too-large");
}

/** The next tag, a field's number with its wire type; there is at least one byte left. */
export function takeTag(reader: MessageReader, end: number): number {
  const byte = reader.bytes[reader.position] ?? 0;
  if (byte < 0x80 && byte > 7) {
    reader.position += 1;
    return byte;
  }
  return takeLongTag(reader, end);
}

const maxTagBytes = 5;

function takeLongTag(reader: MessageReader, end: number): number {
  const start = reader.position;
  const tag = takeVarint(reader, end) >>> 0;
  const size = reader.position - start;
  const last = reader.bytes[reader.position - 1] ?? 0;
  if (size > maxTagBytes || (size === maxTagBytes && last > 0x0f) || tag >>> 3 === 0)
    throw refusePayload(reader, "a tag names no field");
  return tag;
}

/** The lowest 32 bits of a varint. */
export function takeVarint(reader: MessageReader, end: number): number {
  const { position } = reader;
  const byte = reader.bytes[position] ?? 0;
  if (byte < 0x80 && position < end) {
    reader.position = position + 1;
    return byte;
  }
  return takeLongVarint(reader, end);
}

/** Longest varint. */
export const maxVarintBytes = 10;

function takeLongVarint(reader: MessageReader, end: number): number {
  const { bytes } = reader;
  let { position } = reader;
  const last = Math.min(end, position + maxVarintBytes);
  let value = 0;
  for (let shift = 0; position < last; shift += 7) {
    const byte = bytes[position++] ?? 0;
    if (shift < 32) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      reader.position = position;
      return value;
    }
  }
  throw badVarint(reader, end);
}

/** The refusal of a varint that does not end in time. */
export function badVarint(reader: MessageReader, end: number): KeryxError {
  return end - reader.position < maxVarintBytes
    ? tooShort(reader)
    : refusePayload(reader, "a varint is longer than 10 bytes");
}

/** A length; returns where what it belongs to ends. */
export function takeLength(reader: MessageReader, end: number): number {
  const length = takeVarint(reader, end);
  const { position } = reader;
  if (length < 0 || length > end - position) throw tooShort(reader);
  return position + length;
}

/** Puts so many bytes of the payload into the scratch bytes. */
export function takeFixed(reader: MessageReader, end: number, count: number): DataView {
  const { bytes, position, scratch } = reader;
  if (count > end - position) throw tooShort(reader);
  for (let index = 0; index < count; index += 1) scratch.setUint8(index, bytes[position + index] ?? 0);
  reader.position = position + count;
  return scratch;
}

/** Keeps a field that the schema does not know, so that it is written back. */
export function keepUnknown(
  reader: MessageReader,
  tag: number,
  end: number,
  message: { $unknown?: UnknownField[] | undefined },
): void {
  const start = reader.position;
  skipField(reader, tag, end);
  const field = { no: tag >>> 3, wireType: tag & 7, data: copyBytes(reader.bytes, start, reader.position) };
  if (Object.hasOwn(message, "$unknown") && message.$unknown !== undefined) message.$unknown.push(field);
  else message.$unknown = [field];
}

const groupEnd = 4;

/** Moves over a field's value. */
export function skipField(reader: MessageReader, tag: number, end: number): void {
  switch (tag & 7) {
    case 0:
      takeVarint(reader, end);
      break;
    case 1:
      takeFixed(reader, end, 8);
      break;
    case 2:
      reader.position = takeLength(reader, end);
      break;
    case 3:
      skipGroup(reader, tag, end);
      break;
    case 5:
      takeFixed(reader, end, 4);
      break;
    default:
      throw refusePayload(reader, "a tag has a wire type that cannot stand here");
  }
}

function skipGroup(reader: MessageReader, tag: number, end: number): void {
  enterMessage(reader);
  while (reader.position < end) {
    const inner = takeTag(reader, end);
    if ((inner & 7) !== groupEnd) skipField(reader, inner, end);
    else if (inner >>> 3 === tag >>> 3) {
      leaveMessage(reader);
      return;
    } else throw refusePayload(reader, "a group ends with another's tag");
  }
  throw tooShort(reader);
}
