import { decodeError } from "../core/errors.ts";
import type { Codec } from "../core/event.ts";
import { type Headed, recordHeader } from "../core/headers.ts";
import type { PayloadLimits } from "../core/limits.ts";
import type { SchemaKey } from "../core/record.ts";

/** The record header that holds a value's schema id instead of the value's first bytes. */
const schemaIdHeader = "__value_schema_id";
const idMagic = 0;
const guidMagic = 1;
const prefixBytes = 5;
const guidPrefixBytes = 17;
// Deeper paths cannot name a message: schemas are not nested deeper.
const maxIndexes = 64;
const maxVarintBytes = 5;

/** A payload behind bytes that are not its own. It is not cut out: that takes a tenth of the time of decoding it. */
export interface Payload {
  readonly bytes: Uint8Array;
  /** How many bytes stand in front of it. */
  readonly room: number;
}

/** Reads a payload as a value. */
export type Decode = (payload: Payload, limits?: PayloadLimits) => unknown;

/** What a codec's payloads are read by. */
export function decodeOf(codec: Pick<Codec<unknown, never>, "decode" | "decodeFramed">): Decode {
  return ({ bytes, room }, limits) =>
    codec.decodeFramed === undefined
      ? codec.decode(bytes.subarray(room), limits)
      : codec.decodeFramed(bytes, room, limits);
}

/** The name of a value's schema, and in `bytes` behind `room` what follows that: message indexes first, for Protobuf. */
export interface Frame extends Payload {
  readonly schemaId: SchemaKey;
  /** Absent: the payload follows the indexes. Present: the id stood in a header, the payload is the whole value. */
  readonly payload?: Uint8Array;
}

/**
 * Takes the schema's id or GUID off a value. The last `__value_schema_id` header wins over the value's own prefix.
 * @throws KeryxError `decode_failed`, reason `not-framed`
 */
export function readFrame(value: Uint8Array, record: Headed): Frame {
  const header = recordHeader(record, schemaIdHeader);
  return header === undefined
    ? readPrefix(value, "value")
    : { ...readPrefix(header, "header"), payload: value };
}

function readPrefix(bytes: Uint8Array, place: string): Frame {
  const magic = bytes[0];
  if (magic !== idMagic && magic !== guidMagic)
    throw decodeError(
      "not-framed",
      `the ${place} does not begin with the byte 0 of a schema id, or 1 of a GUID`,
    );
  const size = magic === idMagic ? prefixBytes : guidPrefixBytes;
  if (bytes.length < size)
    throw decodeError(
      "not-framed",
      `the ${place} ends within its schema id: ${bytes.length} of ${size} bytes`,
    );
  if (magic === guidMagic) return { schemaId: toGuid(bytes.subarray(1, size)), bytes, room: size };
  const byte = (index: number): number => bytes[index] ?? 0;
  const schemaId = (byte(1) << 24) | (byte(2) << 16) | (byte(3) << 8) | byte(4);
  if (schemaId < 0) throw decodeError("not-framed", `the ${place} has a negative schema id`);
  return { schemaId, bytes, room: size };
}

function toGuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Payload of a schema without message indexes. @throws KeryxError `decode_failed`, reason `malformed` */
export function readPayload(frame: Frame): Payload {
  if (frame.payload === undefined) return frame;
  if (frame.room < frame.bytes.length)
    throw decodeError("malformed", "bytes follow the schema id in the header");
  return { bytes: frame.payload, room: 0 };
}

/** Message indexes and what follows them. */
export interface IndexedPayload extends Payload {
  readonly indexes: readonly number[];
}

const firstMessage: readonly number[] = [0];

/**
 * Reads the message indexes of a Protobuf frame: a count and so many indexes; the count 0 means the first message.
 * @throws KeryxError `decode_failed`, reason `malformed`
 */
export function readIndexes(frame: Frame, varints: "zigzag" | "unsigned"): IndexedPayload {
  const { bytes } = frame;
  let position = frame.room;
  const next = (what: string): number => {
    const { value, end } = readVarint(bytes, position, varints);
    if (value < 0) throw decodeError("malformed", `a negative ${what} in the message indexes`);
    position = end;
    return value;
  };
  const count = next("count");
  if (count > maxIndexes || count > bytes.length - position)
    throw decodeError("malformed", `the message indexes claim ${count} entries`);
  const indexes = count === 0 ? firstMessage : Array.from({ length: count }, () => next("index"));
  if (frame.payload === undefined) return { indexes, bytes, room: position };
  if (position < bytes.length)
    throw decodeError("malformed", "bytes follow the message indexes in the header");
  return { indexes, bytes: frame.payload, room: 0 };
}

function readVarint(
  bytes: Uint8Array,
  start: number,
  varints: "zigzag" | "unsigned",
): { readonly value: number; readonly end: number } {
  let raw = 0;
  for (let i = 0; i < maxVarintBytes; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) throw decodeError("malformed", "the value ends within its message indexes");
    raw += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (raw > 0xffff_ffff) break;
      const value = varints === "unsigned" ? raw : raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
      return { value, end: start + i + 1 };
    }
  }
  throw decodeError("malformed", "a message index is longer than 32 bits");
}

/** The first bytes of every value of one schema: magic byte, id, and for Protobuf the message indexes. */
export function frameHeader(schemaId: number, indexes?: readonly number[]): Uint8Array {
  const tail = indexes === undefined ? [] : writeIndexes(indexes);
  const header = new Uint8Array(prefixBytes + tail.length);
  new DataView(header.buffer).setInt32(1, schemaId);
  header.set(tail, prefixBytes);
  return header;
}

function writeIndexes(indexes: readonly number[]): readonly number[] {
  if (indexes.length === 1 && indexes[0] === 0) return [0];
  return [indexes.length, ...indexes].flatMap((value) => {
    const bytes: number[] = [];
    let rest = value * 2;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
    return [...bytes, rest];
  });
}
