import { decodeRefusal } from "../core/coded-error.ts";
import { readLong, readRounded } from "./avro-values.ts";
import type { Reader } from "./reader.ts";
import { type At, mismatch, type Writer, writeHalves, writeLong } from "./writer.ts";

/** A `long` as a number; `field` names in the refusal of one that a number does not hold exactly. */
export function readLongNumber(reader: Reader, field: string): number {
  const value = readRounded(reader);
  if (!Number.isSafeInteger(value)) {
    const details = { path: field, position: reader.position, reason: "type-mismatch" };
    throw decodeRefusal(`${field}: a long is beyond ±(2^53 - 1)`, details);
  }
  return value;
}

/** A `long` of which a number is exact; any other value is refused. */
export function writeLongNumber(writer: Writer, value: number, at: At): void {
  if (!Number.isSafeInteger(value)) throw mismatch(writer, at, "an integer within ±(2^53 - 1)", value);
  writeHalves(writer, value | 0, Math.floor(value / 2 ** 32));
}

/** A `long` as decimal text. */
export function readLongString(reader: Reader): string {
  return String(readLong(reader));
}

/** A `long` as decimal text, in the one spelling that it is read back in. */
export function writeLongString(writer: Writer, value: string, at: At): void {
  if (typeof value !== "string" || !/^(0|-?[1-9]\d{0,18})$/.test(value))
    throw mismatch(writer, at, "a 64-bit integer in decimal", value);
  writeLong(writer, BigInt(value), at);
}
