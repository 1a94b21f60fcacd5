import {
  badVarint,
  type MessageReader,
  maxVarintBytes,
  refusePayload,
  takeFixed,
  takeLength,
  takeVarint,
} from "./message-reader.ts";
import { copyBytes, decodeUtf8, isAscii, latin1, maxSharedText } from "./text.ts";

/** `int32` and enums */
export function takeInt32(reader: MessageReader, end: number): number {
  return takeVarint(reader, end) | 0;
}

/** `uint32` */
export function takeUint32(reader: MessageReader, end: number): number {
  return takeVarint(reader, end) >>> 0;
}

/** `sint32` */
export function takeSint32(reader: MessageReader, end: number): number {
  const raw = takeVarint(reader, end);
  return (raw >>> 1) ^ -(raw & 1);
}

/** `bool` */
export function takeBool(reader: MessageReader, end: number): boolean {
  const { position } = reader;
  const byte = reader.bytes[position] ?? 0;
  if (byte < 0x80 && position < end) {
    reader.position = position + 1;
    return byte !== 0;
  }
  return takeUint64(reader, end) !== 0n;
}

/** `int64` */
export function takeInt64(reader: MessageReader, end: number): bigint {
  takeVarint64(reader, end);
  return reader.scratch.getBigInt64(0, true);
}

/** `uint64` */
export function takeUint64(reader: MessageReader, end: number): bigint {
  takeVarint64(reader, end);
  return reader.scratch.getBigUint64(0, true);
}

/** `sint64` */
export function takeSint64(reader: MessageReader, end: number): bigint {
  takeVarint64(reader, end);
  const { scratch } = reader;
  const low = scratch.getUint32(0, true);
  const high = scratch.getUint32(4, true);
  const sign = -(low & 1);
  scratch.setInt32(0, ((low >>> 1) | (high << 31)) ^ sign, true);
  scratch.setInt32(4, (high >>> 1) ^ sign, true);
  return scratch.getBigInt64(0, true);
}

/** Reads a varint of 64 bits into the scratch bytes. */
function takeVarint64(reader: MessageReader, end: number): void {
  const { bytes, scratch } = reader;
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
      scratch.setInt32(0, low, true);
      scratch.setInt32(4, high, true);
      return;
    }
  }
  throw badVarint(reader, end);
}

/** `fixed32` */
export function takeFixed32(reader: MessageReader, end: number): number {
  return takeFixed(reader, end, 4).getUint32(0, true);
}

/** `sfixed32` */
export function takeSfixed32(reader: MessageReader, end: number): number {
  return takeFixed(reader, end, 4).getInt32(0, true);
}

/** `fixed64` */
export function takeFixed64(reader: MessageReader, end: number): bigint {
  return takeFixed(reader, end, 8).getBigUint64(0, true);
}

/** `sfixed64` */
export function takeSfixed64(reader: MessageReader, end: number): bigint {
  return takeFixed(reader, end, 8).getBigInt64(0, true);
}

/** `float` */
export function takeFloat(reader: MessageReader, end: number): number {
  return takeFixed(reader, end, 4).getFloat32(0, true);
}

/** `double` */
export function takeDouble(reader: MessageReader, end: number): number {
  return takeFixed(reader, end, 8).getFloat64(0, true);
}

/** `bytes`, copied: a view would keep the whole payload. */
export function takeBytes(reader: MessageReader, end: number): Uint8Array<ArrayBuffer> {
  const stop = takeLength(reader, end);
  const start = reader.position;
  reader.position = stop;
  return copyBytes(reader.bytes, start, stop);
}

/** `string`. Invalid UTF-8 is refused. A long one keeps the text of the payload, which it is a part of. */
export function takeText(reader: MessageReader, end: number): string {
  const stop = takeLength(reader, end);
  const { bytes, position } = reader;
  if (!isAscii(bytes, position, stop)) return takeUtf8(reader, stop);
  reader.position = stop;
  if (bytes.length > maxSharedText) return latin1(bytes, position, stop);
  reader.text ??= latin1(bytes, 0, bytes.length);
  return reader.text.substring(position, stop);
}

/** `string` that is kept longer than its payload, as keys and ids are: it has memory of its own. */
export function takeOwnText(reader: MessageReader, end: number): string {
  const stop = takeLength(reader, end);
  const { bytes, position } = reader;
  if (!isAscii(bytes, position, stop)) return takeUtf8(reader, stop);
  reader.position = stop;
  return latin1(bytes, position, stop);
}

function takeUtf8(reader: MessageReader, stop: number): string {
  const text = decodeUtf8(reader.bytes, reader.position, stop);
  if (text === undefined) throw refusePayload(reader, "a text is not valid UTF-8", "invalid-text");
  reader.position = stop;
  return text;
}
