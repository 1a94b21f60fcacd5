import { encodeRefusal } from "../core/coded-error.ts";
import { readBytes, readFixed, readInt, readLong, readOwnString } from "./avro-values.ts";
import type { Decimal, Duration, LocalDate, Uuid } from "./brands.ts";
import { advance, type Reader, refuse } from "./reader.ts";
import {
  type At,
  checkObject,
  mismatch,
  refuseValue,
  reserve,
  type Writer,
  writeBytes,
  writeFixed,
  writeInt,
  writeLong,
  writeString,
} from "./writer.ts";

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const dateForm = /^(\d{4}|[+-]\d{6,7})-(\d{2})-(\d{2})$/;

function isUuid(text: string): text is Uuid {
  return uuidForm.test(text);
}

/** Checks text to be a UUID. @throws KeryxError `encode_failed` */
export function uuid(text: string): Uuid {
  if (!isUuid(text)) throw encodeRefusal("The text is not a UUID.", {});
  return text;
}

/** Checks text to be a day of the calendar, `YYYY-MM-DD`. @throws KeryxError `encode_failed` */
export function localDate(text: string): LocalDate {
  const days = daysOf(text);
  if (days === undefined) throw encodeRefusal("The text is not a date, YYYY-MM-DD.", {});
  return dateOf(days);
}

/** The calendar repeats itself after so many days, which are 400 years. */
const daysPerEra = 146_097;

/** The days from 1970-01-01 to a day of the calendar; undefined for text that is none. */
export function daysOf(text: string): number | undefined {
  const [, year, month, day] = (typeof text === "string" && dateForm.exec(text)) || [];
  const era = Math.floor(Number(year) / 400);
  // In the years that `Date` knows, 2000 to 2399.
  const dayOfEra = Date.UTC(2000 + Number(year) - 400 * era, Number(month) - 1, Number(day)) / 86_400_000;
  const days = dayOfEra + (era - 5) * daysPerEra;
  // Only a day that exists comes back as the text it came from.
  return (days | 0) === days && dateOf(days) === text ? days : undefined;
}

/**
 * The day that lies so many days after 1970-01-01. Arithmetic of Neri and Schneider, "Euclidean affine functions and
 * their application to calendar algorithms": total over every 32-bit day number, where `Date` ends at 100 million days.
 */
export function dateOf(days: number): LocalDate {
  // Years begin in March here, so that a leap day is the last one. Quarters of a day, since March of the year 0.
  const quarters = 4 * days + 2_877_875;
  const century = Math.floor(quarters / daysPerEra);
  const ofCentury = (quarters - century * daysPerEra) | 3;
  const months = 2141 * ((ofCentury % 1461) >> 2) + 197_913;
  const month = months >> 16;
  const isNextYear = month > 12;
  const year = 100 * century + Math.floor(ofCentury / 1461) + (isNextYear ? 1 : 0);
  const day = Math.floor((months & 0xffff) / 2141) + 1;
  return `${yearText(year)}-${twoDigits(isNextYear ? month - 12 : month)}-${twoDigits(day)}` as LocalDate;
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  return `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

/** `date`: days since 1970-01-01. */
export function readDate(reader: Reader): LocalDate {
  return dateOf(readInt(reader));
}

/** `date`: a day of the calendar, as days since 1970-01-01. */
export function writeDate(writer: Writer, value: LocalDate, at: At): void {
  const days = daysOf(value);
  if (days === undefined) throw refuseValue(writer, at, "expected a date, YYYY-MM-DD");
  writeInt(writer, days, at);
}

/** `timestamp-millis` and `local-timestamp-millis`. */
export function readTimestamp(reader: Reader): Date {
  const date = new Date(Number(readLong(reader)));
  if (Number.isNaN(date.getTime())) throw refuse(reader, "a timestamp is out of range");
  return date;
}

/** `timestamp-millis` and `local-timestamp-millis`; an invalid Date is refused. */
export function writeTimestamp(writer: Writer, value: Date, at: At): void {
  if (!(value instanceof Date)) throw mismatch(writer, at, "a Date", value);
  const millis = value.getTime();
  if (Number.isNaN(millis)) throw refuseValue(writer, at, "an invalid Date");
  writeLong(writer, BigInt(millis), at);
}

/** `uuid` as text; not validated, because other writers may not have done so either. Ids are kept: it owns its memory. */
export function readUuid(reader: Reader): Uuid {
  return readOwnString(reader) as Uuid;
}

/** `uuid` as text, validated. */
export function writeUuid(writer: Writer, value: Uuid, at: At): void {
  if (typeof value !== "string" || !isUuid(value)) throw refuseValue(writer, at, "expected a UUID");
  writeString(writer, value, at);
}

/** `uuid` as 16 bytes. */
export function readUuidBytes(reader: Reader): Uuid {
  const text = toHex(readFixed(reader, 16));
  return uuid(text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));
}

/** `uuid` as 16 bytes, validated. */
export function writeUuidBytes(writer: Writer, value: Uuid, at: At): void {
  if (typeof value !== "string" || !isUuid(value)) throw refuseValue(writer, at, "expected a UUID");
  writeFixed(writer, fromHex(value.replaceAll("-", "")), 16, at);
}

/** `duration`: three unsigned 32-bit numbers, little endian. */
export function readDuration(reader: Reader): Duration {
  const start = advance(reader, 12);
  const { buffer, byteOffset } = reader.bytes;
  const view = new DataView(buffer, byteOffset + start, 12);
  const part = (offset: number): number => view.getUint32(offset, true);
  return { months: part(0), days: part(4), milliseconds: part(8) };
}

/** `duration`: three unsigned 32-bit numbers, little endian. */
export function writeDuration(writer: Writer, value: Duration, at: At): void {
  checkObject(writer, value, at);
  const { months, days, milliseconds } = value;
  for (const part of [months, days, milliseconds])
    if (part >>> 0 !== part)
      throw refuseValue(writer, at, "a part of the duration is not an unsigned 32-bit integer");
  const start = reserve(writer, 12);
  writer.view.setUint32(start, months, true);
  writer.view.setUint32(start + 4, days, true);
  writer.view.setUint32(start + 8, milliseconds, true);
}

/** `decimal` as bytes of any length. */
export function readDecimal(reader: Reader, precision: number, scale: number): Decimal {
  return decimalOf(reader, readBytes(reader), precision, scale);
}

/** `decimal` as a fixed number of bytes. */
export function readFixedDecimal(reader: Reader, size: number, precision: number, scale: number): Decimal {
  return decimalOf(reader, readFixed(reader, size), precision, scale);
}

function decimalOf(reader: Reader, bytes: Uint8Array, precision: number, scale: number): Decimal {
  const unscaled = bytes.length === 0 ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${toHex(bytes)}`));
  if (!fitsPrecision(unscaled, precision)) throw refuse(reader, "a decimal has more digits than its schema");
  return { unscaled, scale };
}

/** `decimal` as the fewest bytes that hold it; scale and number of digits must be the schema's. */
export function writeDecimal(writer: Writer, value: Decimal, precision: number, scale: number, at: At): void {
  const unscaled = checkDecimal(writer, value, precision, scale, at);
  writeBytes(writer, twosComplement(unscaled, byteLength(unscaled)), at);
}

/** `decimal` as a fixed number of bytes. */
export function writeFixedDecimal(
  writer: Writer,
  value: Decimal,
  size: number,
  precision: number,
  scale: number,
  at: At,
): void {
  const unscaled = checkDecimal(writer, value, precision, scale, at);
  if (byteLength(unscaled) > size) throw refuseValue(writer, at, `the decimal does not fit ${size} bytes`);
  writeFixed(writer, twosComplement(unscaled, size), size, at);
}

function checkDecimal(writer: Writer, value: Decimal, precision: number, scale: number, at: At): bigint {
  checkObject(writer, value, at);
  if (typeof value.unscaled !== "bigint") throw mismatch(writer, at, "a decimal", value.unscaled);
  if (value.scale !== scale) throw refuseValue(writer, at, `the schema's scale is ${scale}`);
  if (!fitsPrecision(value.unscaled, precision))
    throw refuseValue(writer, at, `the decimal has more than ${precision} digits`);
  return value.unscaled;
}

const digitsPerByte = 2.41;

/** The cheap test first: it keeps a schema's huge precision from becoming a huge power of ten. */
function fitsPrecision(unscaled: bigint, precision: number): boolean {
  if (byteLength(unscaled) * digitsPerByte <= precision) return true;
  const bound = 10n ** BigInt(precision);
  return unscaled < bound && unscaled > -bound;
}

/** Fewest bytes that hold the number in two's complement. */
function byteLength(value: bigint): number {
  const hex = (value < 0n ? -value - 1n : value).toString(16);
  // A leading digit of 8 or more in a full byte would read as the sign.
  const needsSignByte = hex.length % 2 === 0 && hex.charCodeAt(0) >= 0x38;
  return Math.ceil(hex.length / 2) + (needsSignByte ? 1 : 0);
}

function twosComplement(value: bigint, size: number): Uint8Array {
  return fromHex(
    BigInt.asUintN(8 * size, value)
      .toString(16)
      .padStart(2 * size, "0"),
  );
}

function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}
