import type { UnknownField } from "./message-scalars.ts";
import { own } from "./own.ts";
import { advance, enter, leave, type Reader, readVarint, refuse, tooManyItems, tooShort } from "./reader.ts";
import { copyBytes } from "./text.ts";

/** Counts one more item of a list or map. */
export function countItem(reader: Reader): void {
  reader.items -= 1;
  if (reader.items < 0) throw tooManyItems(reader);
}

/** The next tag, a field's number with its wire type; there is at least one byte left. */
export function takeTag(reader: Reader, end: number): number {
  const byte = reader.bytes[reader.position] ?? 0;
  if (byte < 0x80 && byte > 7) {
    reader.position += 1;
    return byte;
  }
  // Known to be of 32 bits, so that what is chosen by it is chosen without looking at its type.
  return takeLongTag(reader, end) >>> 0;
}

const maxTagBytes = 5;

function takeLongTag(reader: Reader, end: number): number {
  const start = reader.position;
  const tag = takeVarint(reader, end) >>> 0;
  if (tag < 8 || reader.high !== 0 || reader.position - start > maxTagBytes)
    throw refuse(reader, "an invalid tag");
  return tag;
}

/** The lowest 32 bits of a varint. */
export function takeVarint(reader: Reader, end: number): number {
  const { position } = reader;
  const byte = reader.bytes[position] ?? 0;
  if (byte < 0x80 && position < end) {
    reader.position = position + 1;
    return byte;
  }
  return readVarint(reader, end);
}

/** A length; returns where what it belongs to ends. */
export function takeLength(reader: Reader, end: number): number {
  const length = takeVarint(reader, end);
  const { position } = reader;
  if (length < 0 || length > end - position) throw tooShort(reader);
  return position + length;
}

/** Keeps a field that the schema does not know, so that it is written back. */
export function keepUnknown(
  reader: Reader,
  tag: number,
  end: number,
  message: { $unknown?: UnknownField[] | undefined },
): void {
  const start = reader.position;
  skipField(reader, tag, end);
  const data = copyBytes(reader.bytes, start, reader.position);
  const field = { no: tag >>> 3, wireType: tag & 7, data };
  const known = own(message, "$unknown");
  if (known === undefined) message.$unknown = [field];
  else known.push(field);
}

/** Moves over a field's value. */
export function skipField(reader: Reader, tag: number, end: number): void {
  switch (tag & 7) {
    case 0:
      takeVarint(reader, end);
      break;
    case 1:
      advance(reader, 8, end);
      break;
    case 2:
      reader.position = takeLength(reader, end);
      break;
    case 3:
      skipGroup(reader, tag + 1, end);
      break;
    case 5:
      advance(reader, 4, end);
      break;
    default:
      throw refuse(reader, "an invalid wire type");
  }
}

/** Moves behind a group's last tag; another group's has a wire type that is refused. */
function skipGroup(reader: Reader, lastTag: number, end: number): void {
  enter(reader);
  while (reader.position < end) {
    const tag = takeTag(reader, end);
    if (tag === lastTag) {
      leave(reader);
      return;
    }
    skipField(reader, tag, end);
  }
  throw tooShort(reader);
}
