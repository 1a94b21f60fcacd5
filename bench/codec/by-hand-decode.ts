// What a patient engineer writes to read these two messages; see by-hand-encode.ts.
import type { Line, Login, Order } from "./shapes.ts";

interface Latin1 {
  latin1Slice(start: number, end: number): string;
}

const words = new BigInt64Array(1);
const halves = new Uint32Array(words.buffer);

// Reading: the position is the module's, the payload's text is made once.

let source: Uint8Array = new Uint8Array();
let at = 0;
let text = "";
let items = 0;

function open(bytes: Uint8Array): void {
  source = bytes;
  at = 0;
  text = (bytes as Buffer & Latin1).latin1Slice(0, bytes.length);
  items = Math.min(1_000_000, 16 * bytes.length + 1024);
}

function broken(): Error {
  return new RangeError("the payload does not fit its schema");
}

function varint(end: number): number {
  const byte = source[at] as number;
  if (byte < 128 && at < end) {
    at += 1;
    return byte;
  }
  long(end);
  return halves[0] as number;
}

/** Into the words. */
function long(end: number): void {
  const last = Math.min(end, at + 10);
  let low = 0;
  let high = 0;
  for (let shift = 0; at < last; shift += 7) {
    const byte = source[at++] as number;
    const bits = byte & 127;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >> 4;
    } else high |= bits << (shift - 32);
    if (byte < 128) {
      halves[0] = low;
      halves[1] = high;
      return;
    }
  }
  throw broken();
}

function takeLong(end: number): bigint {
  long(end);
  return words[0] as bigint;
}

function limit(end: number): number {
  const length = varint(end) | 0;
  if (length < 0 || length > end - at) throw broken();
  return at + length;
}

function item(): void {
  items -= 1;
  if (items < 0) throw broken();
}

function skip(tag: number, end: number): void {
  if ((tag & 7) === 0) long(end);
  else if ((tag & 7) === 2) at = limit(end);
  else {
    const size = (tag & 7) === 1 ? 8 : 4;
    // Groups are left out: no contender is given one.
    if ((tag & 7) === 3 || (tag & 7) === 4 || size > end - at) throw broken();
    at += size;
  }
}

function keep(value: object, tag: number, end: number): void {
  const begin = at;
  skip(tag, end);
  const message = value as { $unknown?: unknown[] };
  message.$unknown ??= [];
  message.$unknown.push({
    no: tag >>> 3,
    wireType: tag & 7,
    data: Uint8Array.from(source.subarray(begin, at)),
  });
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
    ? (source as Buffer & Latin1).latin1Slice(begin, stop)
    : decoder.decode(source.subarray(begin, stop));
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
    const tag = varint(end);
    switch (tag) {
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
        value.status = varint(end) | 0;
        break;
      case 50:
        value.currency = takeText(end);
        break;
      case 56:
        value.totalMinor = takeLong(end);
        break;
      case 65:
        if (end - at < 8) throw broken();
        for (let index = 0; index < 8; index++) bits[index] = source[at++] as number;
        value.taxRate = double[0] as number;
        break;
      case 74:
        item();
        value.lines.push(takeLine(limit(end)));
        break;
      case 82:
        item();
        takeLabel(limit(end), value.labels);
        break;
      case 90:
        value.placedAt = takeStamp(limit(end));
        break;
      case 96:
        value.isGift = takeLong(end) !== 0n;
        break;
      default:
        keep(value, tag, end);
    }
  }
  return value;
}

function takeLine(end: number): Line {
  const value: Line = { $typeName: "bench.v1.Line", sku: "", quantity: 0, unitPriceMinor: 0n };
  while (at < end) {
    const tag = varint(end);
    switch (tag) {
      case 10:
        value.sku = takeText(end);
        break;
      case 16:
        value.quantity = varint(end) >>> 0;
        break;
      case 24:
        value.unitPriceMinor = takeLong(end);
        break;
      default:
        keep(value, tag, end);
    }
  }
  return value;
}

function takeLabel(end: number, map: Record<string, string>): void {
  let key = "";
  let value = "";
  while (at < end) {
    const tag = varint(end);
    switch (tag) {
      case 10:
        key = takeText(end);
        break;
      case 18:
        value = takeText(end);
        break;
      default:
        skip(tag, end);
    }
  }
  if (key === "__proto__") Object.defineProperty(map, key, { value, enumerable: true, configurable: true });
  else map[key] = value;
}

function takeStamp(end: number): NonNullable<Order["placedAt"]> {
  const value = { $typeName: "google.protobuf.Timestamp" as const, seconds: 0n, nanos: 0 };
  while (at < end) {
    const tag = varint(end);
    switch (tag) {
      case 8:
        value.seconds = takeLong(end);
        break;
      case 16:
        value.nanos = varint(end) | 0;
        break;
      default:
        keep(value, tag, end);
    }
  }
  return value;
}

export function decodeLogin(bytes: Uint8Array): Login {
  open(bytes);
  const end = bytes.length;
  const value: Login = { $typeName: "bench.v1.Login", eventId: "", userId: "", atMs: 0n, isFirst: false };
  while (at < end) {
    const tag = varint(end);
    switch (tag) {
      case 10:
        value.eventId = takeOwn(end);
        break;
      case 18:
        value.userId = takeOwn(end);
        break;
      case 24:
        value.atMs = takeLong(end);
        break;
      case 32:
        value.isFirst = takeLong(end) !== 0n;
        break;
      default:
        keep(value, tag, end);
    }
  }
  return value;
}
