// What a patient engineer writes for these two messages and nothing else: one pass over locals, no checks of types, no
// names of fields for refusals, no unknown fields, no depth. The generated code is held against it.
import type { Line, Login, Order } from "./shapes.ts";

interface Utf8 {
  utf8Write(text: string, start: number, length: number): number;
  latin1Slice(start: number, end: number): string;
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

function putText(bytes: Buffer, at: number, tag: number, text: string): number {
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

function boundOrder(value: Order): number {
  let bound =
    128 +
    3 *
      (value.eventId.length +
        value.orderId.length +
        value.customerId.length +
        value.customerEmail.length +
        value.currency.length);
  for (const line of value.lines) bound += 32 + 3 * line.sku.length;
  for (const key in value.labels) bound += 20 + 3 * (key.length + (value.labels[key] as string).length);
  return bound;
}

function putLine(bytes: Buffer, at: number, line: Line): number {
  let p = at;
  bytes[p++] = 74;
  const begin = p++;
  if (line.sku !== "") p = putText(bytes, p, 10, line.sku);
  if (line.quantity !== 0) {
    bytes[p++] = 16;
    p = putVarint(bytes, p, line.quantity);
  }
  if (line.unitPriceMinor !== 0n) p = putLong(bytes, p, 24, line.unitPriceMinor);
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

export function encodeOrder(value: Order, room: number): Uint8Array {
  const begin = start(room + boundOrder(value));
  const bytes = slab;
  let p = begin + room;
  if (value.eventId !== "") p = putText(bytes, p, 10, value.eventId);
  if (value.orderId !== "") p = putText(bytes, p, 18, value.orderId);
  if (value.customerId !== "") p = putText(bytes, p, 26, value.customerId);
  if (value.customerEmail !== "") p = putText(bytes, p, 34, value.customerEmail);
  if (value.status !== 0) {
    bytes[p++] = 40;
    p = putVarint(bytes, p, value.status);
  }
  if (value.currency !== "") p = putText(bytes, p, 50, value.currency);
  if (value.totalMinor !== 0n) p = putLong(bytes, p, 56, value.totalMinor);
  if (value.taxRate !== 0) {
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
    bytes[p++] = 90;
    const stamp = p++;
    if (value.placedAt.seconds !== 0n) p = putLong(bytes, p, 8, value.placedAt.seconds);
    if (value.placedAt.nanos !== 0) {
      bytes[p++] = 16;
      p = putVarint(bytes, p, value.placedAt.nanos);
    }
    p = close(bytes, stamp, p);
  }
  if (value.isGift) {
    bytes[p++] = 96;
    bytes[p++] = 1;
  }
  used = p;
  return bytes.subarray(begin, p);
}

export function encodeLogin(value: Login, room: number): Uint8Array {
  const begin = start(room + 64 + 3 * (value.eventId.length + value.userId.length));
  const bytes = slab;
  let p = begin + room;
  if (value.eventId !== "") p = putText(bytes, p, 10, value.eventId);
  if (value.userId !== "") p = putText(bytes, p, 18, value.userId);
  if (value.atMs !== 0n) p = putLong(bytes, p, 24, value.atMs);
  if (value.isFirst) {
    bytes[p++] = 32;
    bytes[p++] = 1;
  }
  used = p;
  return bytes.subarray(begin, p);
}

// Reading: the position is the module's, the payload's text is made once.

let source: Uint8Array = slab;
let at = 0;
let text = "";

function open(bytes: Uint8Array): void {
  source = bytes;
  at = 0;
  text = (bytes as Buffer & Utf8).latin1Slice(0, bytes.length);
}

function varint(): number {
  const byte = source[at++] as number;
  return byte < 128 ? byte : longVarint(byte);
}

function longVarint(first: number): number {
  let value = first & 127;
  for (let shift = 7; shift < 35; shift += 7) {
    const byte = source[at++] as number;
    value |= (byte & 127) << shift;
    if (byte < 128) return value >>> 0;
  }
  throw new Error("varint");
}

function limit(end: number): number {
  const length = varint();
  if (length > end - at) throw new Error("length");
  return at + length;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function takeText(end: number): string {
  const stop = limit(end);
  const begin = at;
  let bits = 0;
  for (let index = begin; index < stop; index++) bits |= source[index] as number;
  at = stop;
  return bits < 128 ? text.substring(begin, stop) : decoder.decode(source.subarray(begin, stop));
}

function takeOwn(end: number): string {
  const stop = limit(end);
  const begin = at;
  let bits = 0;
  for (let index = begin; index < stop; index++) bits |= source[index] as number;
  at = stop;
  return bits < 128
    ? (source as Buffer & Utf8).latin1Slice(begin, stop)
    : decoder.decode(source.subarray(begin, stop));
}

function takeLong(): bigint {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = source[at++] as number;
    const bits = byte & 127;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >> 4;
    } else high |= bits << (shift - 32);
    if (byte < 128) break;
  }
  halves[0] = low;
  halves[1] = high;
  return words[0] as bigint;
}

const bits = new Uint8Array(8);
const double = new Float64Array(bits.buffer);

export function decodeOrder(bytes: Uint8Array): Order {
  open(bytes);
  const end = bytes.length;
  const value: Order = {
    $typeName: "bench.v1.Order",
    eventId: "",
    orderId: "",
    customerId: "",
    customerEmail: "",
    status: 0,
    currency: "",
    totalMinor: 0n,
    taxRate: 0,
    lines: [],
    labels: {},
    isGift: false,
  };
  while (at < end) {
    switch (varint()) {
      case 10:
        value.eventId = takeOwn(end);
        break;
      case 18:
        value.orderId = takeOwn(end);
        break;
      case 26:
        value.customerId = takeText(end);
        break;
      case 34:
        value.customerEmail = takeText(end);
        break;
      case 40:
        value.status = varint() | 0;
        break;
      case 50:
        value.currency = takeText(end);
        break;
      case 56:
        value.totalMinor = takeLong();
        break;
      case 65:
        for (let index = 0; index < 8; index++) bits[index] = source[at++] as number;
        value.taxRate = double[0] as number;
        break;
      case 74:
        value.lines.push(takeLine(limit(end)));
        break;
      case 82:
        takeLabel(limit(end), value.labels);
        break;
      case 90:
        value.placedAt = takeStamp(limit(end));
        break;
      case 96:
        value.isGift = varint() !== 0;
        break;
      default:
        throw new Error("unknown");
    }
  }
  return value;
}

function takeLine(end: number): Line {
  const value: Line = { $typeName: "bench.v1.Line", sku: "", quantity: 0, unitPriceMinor: 0n };
  while (at < end) {
    switch (varint()) {
      case 10:
        value.sku = takeText(end);
        break;
      case 16:
        value.quantity = varint();
        break;
      case 24:
        value.unitPriceMinor = takeLong();
        break;
      default:
        throw new Error("unknown");
    }
  }
  return value;
}

function takeLabel(end: number, map: Record<string, string>): void {
  let key = "";
  let value = "";
  while (at < end) {
    switch (varint()) {
      case 10:
        key = takeText(end);
        break;
      case 18:
        value = takeText(end);
        break;
      default:
        throw new Error("unknown");
    }
  }
  map[key] = value;
}

function takeStamp(end: number): NonNullable<Order["placedAt"]> {
  const value = { $typeName: "google.protobuf.Timestamp" as const, seconds: 0n, nanos: 0 };
  while (at < end) {
    switch (varint()) {
      case 8:
        value.seconds = takeLong();
        break;
      case 16:
        value.nanos = varint() | 0;
        break;
      default:
        throw new Error("unknown");
    }
  }
  return value;
}

export function decodeLogin(bytes: Uint8Array): Login {
  open(bytes);
  const end = bytes.length;
  const value: Login = { $typeName: "bench.v1.Login", eventId: "", userId: "", atMs: 0n, isFirst: false };
  while (at < end) {
    switch (varint()) {
      case 10:
        value.eventId = takeOwn(end);
        break;
      case 18:
        value.userId = takeOwn(end);
        break;
      case 24:
        value.atMs = takeLong();
        break;
      case 32:
        value.isFirst = varint() !== 0;
        break;
      default:
        throw new Error("unknown");
    }
  }
  return value;
}
