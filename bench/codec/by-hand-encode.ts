// What a patient engineer writes for these two messages and nothing else: one pass over locals, one bound for a whole
// message. It promises what generated code promises: types and ranges are checked, every length and number stays inside
// its message, items are counted, unknown fields are kept. It does without what these messages do not need: depth, and
// the path of a refused field. The generated code is held against it.
import type { Line, Login, Order } from "./shapes.ts";

interface Utf8 {
  utf8Write(text: string, start: number, length: number): number;
}

const slabBytes = 65_536;
let slab = Buffer.allocUnsafeSlow(slabBytes);
let view = new DataView(slab.buffer);
let used = 0;

function start(bound: number): number {
  if (used + bound > slab.length) {
    slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, bound));
    view = new DataView(slab.buffer);
    used = 0;
  }
  return used;
}

function wrong(): Error {
  return new TypeError("the value does not fit its schema");
}

function putText(bytes: Buffer, at: number, tag: number, text: string): number {
  if (typeof text !== "string") throw wrong();
  let p = at;
  bytes[p++] = tag;
  const { length } = text;
  if (length <= 24) {
    const begin = p++;
    let index = 0;
    for (; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) break;
      bytes[p++] = unit;
    }
    if (index === length) {
      bytes[begin] = length;
      return p;
    }
    p = begin;
  }
  const size = length < 128 ? 1 : 2;
  const written = (bytes as Buffer & Utf8).utf8Write(text, p + size, 3 * length);
  if (written !== length && !text.isWellFormed()) throw wrong();
  const needed = written < 128 ? 1 : 2;
  if (needed !== size) bytes.copyWithin(p + needed, p + size, p + size + written);
  p = putVarint(bytes, p, written);
  return p + written;
}

function putVarint(bytes: Buffer, at: number, value: number): number {
  let p = at;
  let rest = value;
  while (rest > 127) {
    bytes[p++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[p++] = rest;
  return p;
}

const words = new BigInt64Array(1);
const halves = new Uint32Array(words.buffer);

function putLong(bytes: Buffer, at: number, tag: number, value: bigint): number {
  if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) throw wrong();
  let p = at;
  bytes[p++] = tag;
  words[0] = value;
  let low = halves[0] as number;
  let high = halves[1] as number;
  while (high > 0) {
    bytes[p++] = (low & 127) | 128;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  return putVarint(bytes, p, low);
}

function putInt(bytes: Buffer, at: number, tag: number, value: number): number {
  if ((value | 0) !== value) throw wrong();
  bytes[at] = tag;
  if (value >= 0) return putVarint(bytes, at + 1, value);
  return putLong(bytes, at, tag, BigInt(value));
}

interface Kept {
  readonly $unknown?: readonly { no: number; wireType: number; data: Uint8Array }[];
}

function boundKept(value: Kept): number {
  return (value.$unknown ?? []).reduce((sum, { data }) => sum + data.length + 5, 0);
}

function putKept(bytes: Buffer, at: number, fields: NonNullable<Kept["$unknown"]>): number {
  let p = at;
  for (const { no, wireType, data } of fields) {
    p = putVarint(bytes, p, ((no << 3) | wireType) >>> 0);
    bytes.set(data, p);
    p += data.length;
  }
  return p;
}

function boundOrder(value: Order & Kept): number {
  if (!Array.isArray(value.lines) || typeof value.labels !== "object" || value.labels === null) throw wrong();
  let bound =
    128 +
    (value.$unknown === undefined ? 0 : boundKept(value)) +
    3 *
      (value.eventId.length +
        value.orderId.length +
        value.customerId.length +
        value.customerEmail.length +
        value.currency.length);
  for (const line of value.lines) bound += boundLine(line);
  for (const key in value.labels) bound += 20 + 3 * (key.length + (value.labels[key] as string).length);
  return bound;
}

function boundLine(line: Line & Kept): number {
  if (typeof line !== "object" || line === null) throw wrong();
  return 32 + 3 * line.sku.length + (line.$unknown === undefined ? 0 : boundKept(line));
}

function putLine(bytes: Buffer, at: number, line: Line & Kept): number {
  let p = at;
  bytes[p++] = 74;
  const begin = p++;
  if (line.sku !== "") p = putText(bytes, p, 10, line.sku);
  if (line.quantity !== 0) {
    if (line.quantity >>> 0 !== line.quantity) throw wrong();
    bytes[p++] = 16;
    p = putVarint(bytes, p, line.quantity);
  }
  if (line.unitPriceMinor !== 0n) p = putLong(bytes, p, 24, line.unitPriceMinor);
  if (line.$unknown !== undefined) p = putKept(bytes, p, line.$unknown);
  return close(bytes, begin, p);
}

function close(bytes: Buffer, begin: number, end: number): number {
  const length = end - begin - 1;
  if (length < 128) {
    bytes[begin] = length;
    return end;
  }
  bytes.copyWithin(begin + 2, begin + 1, end);
  putVarint(bytes, begin, length);
  return end + 1;
}

export function encodeOrder(value: Order & Kept, room: number): Uint8Array {
  const begin = start(room + boundOrder(value));
  const bytes = slab;
  let p = begin + room;
  if (value.eventId !== "") p = putText(bytes, p, 10, value.eventId);
  if (value.orderId !== "") p = putText(bytes, p, 18, value.orderId);
  if (value.customerId !== "") p = putText(bytes, p, 26, value.customerId);
  if (value.customerEmail !== "") p = putText(bytes, p, 34, value.customerEmail);
  if (value.status !== 0) p = putInt(bytes, p, 40, value.status);
  if (value.currency !== "") p = putText(bytes, p, 50, value.currency);
  if (value.totalMinor !== 0n) p = putLong(bytes, p, 56, value.totalMinor);
  if (!Object.is(value.taxRate, 0)) {
    if (typeof value.taxRate !== "number") throw wrong();
    bytes[p++] = 65;
    view.setFloat64(p, value.taxRate, true);
    p += 8;
  }
  for (const line of value.lines) p = putLine(bytes, p, line);
  for (const key in value.labels) {
    bytes[p++] = 82;
    const entry = p++;
    p = putText(bytes, p, 10, key);
    p = putText(bytes, p, 18, value.labels[key] as string);
    p = close(bytes, entry, p);
  }
  if (value.placedAt !== undefined) {
    if (typeof value.placedAt !== "object" || value.placedAt === null) throw wrong();
    bytes[p++] = 90;
    const stamp = p++;
    if (value.placedAt.seconds !== 0n) p = putLong(bytes, p, 8, value.placedAt.seconds);
    if (value.placedAt.nanos !== 0) p = putInt(bytes, p, 16, value.placedAt.nanos);
    p = close(bytes, stamp, p);
  }
  if (value.isGift !== false) {
    if (value.isGift !== true) throw wrong();
    bytes[p++] = 96;
    bytes[p++] = 1;
  }
  if (value.$unknown !== undefined) p = putKept(bytes, p, value.$unknown);
  used = p;
  return bytes.subarray(begin, p);
}

export function encodeLogin(value: Login & Kept, room: number): Uint8Array {
  const kept = value.$unknown === undefined ? 0 : boundKept(value);
  const begin = start(room + 64 + 3 * (value.eventId.length + value.userId.length) + kept);
  const bytes = slab;
  let p = begin + room;
  if (value.eventId !== "") p = putText(bytes, p, 10, value.eventId);
  if (value.userId !== "") p = putText(bytes, p, 18, value.userId);
  if (value.atMs !== 0n) p = putLong(bytes, p, 24, value.atMs);
  if (value.isFirst !== false) {
    if (value.isFirst !== true) throw wrong();
    bytes[p++] = 32;
    bytes[p++] = 1;
  }
  if (value.$unknown !== undefined) p = putKept(bytes, p, value.$unknown);
  used = p;
  return bytes.subarray(begin, p);
}
