import { takeLength, takeVarint } from "./message-reader.ts";
import {
  bytesUntil,
  doubleBefore,
  floatBefore,
  keyUntil,
  ownTextUntil,
  type Reader,
  readVarint,
  readWord,
  textUntil,
  toLong,
  unZigZag,
} from "./reader.ts";

/** `int32` and enums */
export function takeInt32(reader: Reader, end: number): number {
  return takeVarint(reader, end) | 0;
}

/** `uint32` */
export function takeUint32(reader: Reader, end: number): number {
  return takeVarint(reader, end) >>> 0;
}

/** `sint32` */
export function takeSint32(reader: Reader, end: number): number {
  const raw = takeVarint(reader, end);
  return (raw >>> 1) ^ -(raw & 1);
}

/** `bool` */
export function takeBool(reader: Reader, end: number): boolean {
  return (readVarint(reader, end) | reader.high) !== 0;
}

/** `int64` */
export function takeInt64(reader: Reader, end: number): bigint {
  return toLong(readVarint(reader, end), reader.high);
}

/** `uint64` */
export function takeUint64(reader: Reader, end: number): bigint {
  return BigInt.asUintN(64, takeInt64(reader, end));
}

/** `sint64` */
export function takeSint64(reader: Reader, end: number): bigint {
  return unZigZag(readVarint(reader, end), reader.high);
}

/** `fixed32` */
export function takeFixed32(reader: Reader, end: number): number {
  return readWord(reader, end) >>> 0;
}

/** `sfixed32` */
export function takeSfixed32(reader: Reader, end: number): number {
  return readWord(reader, end);
}

/** `fixed64` */
export function takeFixed64(reader: Reader, end: number): bigint {
  return BigInt.asUintN(64, takeSfixed64(reader, end));
}

/** `sfixed64` */
export function takeSfixed64(reader: Reader, end: number): bigint {
  return toLong(readWord(reader, end), readWord(reader, end));
}

/** `float` */
export function takeFloat(reader: Reader, end: number): number {
  return floatBefore(reader, end);
}

/** `double` */
export function takeDouble(reader: Reader, end: number): number {
  return doubleBefore(reader, end);
}

/** `bytes`, copied: a view would keep the whole payload. */
export function takeBytes(reader: Reader, end: number): Uint8Array<ArrayBuffer> {
  return bytesUntil(reader, takeLength(reader, end));
}

/** `string`. Invalid UTF-8 is refused. A long one keeps the text of the payload, which it is a part of. */
export function takeText(reader: Reader, end: number): string {
  return textUntil(reader, takeLength(reader, end));
}

/** `string` that is kept longer than its payload, as keys and ids are: it has memory of its own. */
export function takeOwnText(reader: Reader, end: number): string {
  return ownTextUntil(reader, takeLength(reader, end));
}

/** `string` that is the key of a map: one that came before is the same string again. */
export function takeKey(reader: Reader, end: number): string {
  return keyUntil(reader, takeLength(reader, end));
}
