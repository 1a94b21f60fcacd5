import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { errorCodes } from "../error-codes.ts";
import { createReader, createWriter, type Reader, type Writer } from "../wire/primitives.ts";
import { sizeOf } from "../wire/schema.ts";
import { crc32c } from "./crc32c.ts";

// Record batch, format 2 (KIP-98). Offset and leader epoch lie before the checked range and may be overwritten.
const place = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

const flags = { codec: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;

const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type Codec = (typeof codecs)[number];

/** The head of a batch; the records behind it stay closed. */
export interface BatchHead {
  /** Undefined for a number that stands for none. */
  readonly codec: Codec | undefined;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly count: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** −1 without idempotence. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** Reads the head of the only batch in a buffer, or says with which code a producer is refused. */
export function readBatch(batch: Buffer): BatchHead | number {
  const isOne =
    batch.length >= place.records &&
    batch.readInt8(place.magic) === 2 &&
    batch.readInt32BE(place.length) === batch.length - place.leaderEpoch;
  if (!isOne) return errorCodes.invalidRecord;
  if (batch.readUInt32BE(place.crc) !== crc32c(batch.subarray(place.attributes)))
    return errorCodes.corruptMessage;
  const head = headOf(batch);
  const isWhole = head.count > 0 && batch.readInt32BE(place.lastOffsetDelta) === head.count - 1;
  const isNumbered = head.producerId < 0 ? !head.isTransactional : head.isControl || head.baseSequence >= 0;
  return isWhole && isNumbered && head.codec !== undefined ? head : errorCodes.invalidRecord;
}

/** The head of a batch that was checked before. */
export function headOf(batch: Buffer): BatchHead {
  const attributes = batch.readInt16BE(place.attributes);
  return {
    codec: codecs[attributes & flags.codec],
    isTransactional: (attributes & flags.transactional) !== 0,
    isControl: (attributes & flags.control) !== 0,
    count: batch.readInt32BE(place.count),
    baseTimestamp: Number(batch.readBigInt64BE(place.baseTimestamp)),
    maxTimestamp: Number(batch.readBigInt64BE(place.maxTimestamp)),
    producerId: Number(batch.readBigInt64BE(place.producerId)),
    producerEpoch: batch.readInt16BE(place.producerEpoch),
    baseSequence: batch.readInt32BE(place.baseSequence),
  };
}

/** Puts a batch at its offset, in place. */
export function setBaseOffset(batch: Buffer, offset: number): void {
  batch.writeBigInt64BE(BigInt(offset), place.baseOffset);
  batch.writeInt32BE(0, place.leaderEpoch);
}

/** Makes a batch carry the broker's time, in place: the one case that needs a new checksum. */
export function setAppendTime(batch: Buffer, timestampMs: number): void {
  const attributes = batch.readInt16BE(place.attributes) | flags.logAppendTime;
  batch.writeInt16BE(attributes, place.attributes);
  batch.writeBigInt64BE(BigInt(timestampMs), place.maxTimestamp);
  batch.writeUInt32BE(crc32c(batch.subarray(place.attributes)), place.crc);
}

/** A record as it stands in a batch. */
export interface BatchRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
}

/**
 * Opens a batch. Undefined when its codec is one that this broker stores without opening (snappy, lz4) or when its
 * records do not read as the format says.
 */
export function readRecords(batch: Buffer): readonly BatchRecord[] | undefined {
  const head = headOf(batch);
  const payload = decompress(head.codec, batch.subarray(place.records));
  if (payload === undefined) return undefined;
  const isAppendTime = (batch.readInt16BE(place.attributes) & flags.logAppendTime) !== 0;
  const base = Number(batch.readBigInt64BE(place.baseOffset));
  const reader = createReader(payload);
  const varint = (): number => readVarint(reader);
  const optional = (): Buffer | null => {
    const length = varint();
    return length === -1 ? null : reader.bytes(length);
  };
  try {
    const records: BatchRecord[] = [];
    for (let index = 0; index < head.count; index++) {
      varint();
      reader.int8();
      const [timestampDelta, offsetDelta] = [varint(), varint()];
      const [key, value] = [optional(), optional()];
      const headers: BatchRecord["headers"][number][] = [];
      for (let count = varint(); count > 0; count--)
        headers.push({ name: optional()?.toString() ?? "", value: optional() });
      const timestampMs = isAppendTime ? head.maxTimestamp : head.baseTimestamp + timestampDelta;
      records.push({ offset: base + offsetDelta, timestampMs, key, value, headers });
    }
    return records;
  } catch {
    return undefined;
  }
}

/** A number in zigzag. Timestamps need more than the five bytes of a protocol varint. */
function readVarint(reader: Reader): number {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.int8() & 0xff;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n));
  }
  return Number.NaN;
}

/** What one batch may open to. */
const maxOpenedBytes = 256 * 1024 * 1024;

function decompress(codec: Codec | undefined, payload: Buffer): Buffer | undefined {
  const limits = { maxOutputLength: maxOpenedBytes };
  try {
    if (codec === "gzip") return gunzipSync(payload, limits);
    if (codec === "zstd") return zstdDecompressSync(payload, limits);
  } catch {
    return undefined;
  }
  return codec === "none" ? payload : undefined;
}

/** A record to be put into a batch made here. */
export interface NewRecord {
  readonly key?: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers?: Readonly<Record<string, Uint8Array | string>>;
  readonly timestampMs?: number;
}

interface BatchExtras {
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
}

/** Builds an uncompressed batch of one record or more. */
export function buildBatch(records: readonly NewRecord[], nowMs: number, extras: BatchExtras = {}): Buffer {
  const timestamps = records.map((record) => record.timestampMs ?? nowMs);
  const baseTimestamp = timestamps[0] ?? nowMs;
  const body = createWriter();
  for (const [index, record] of records.entries())
    writeRecord(body, record, index, (timestamps[index] ?? nowMs) - baseTimestamp);
  const batch = Buffer.concat([Buffer.alloc(place.records), ...body.finish()]);
  const attributes =
    (extras.isTransactional === true ? flags.transactional : 0) |
    (extras.isControl === true ? flags.control : 0);
  const maxTimestamp = timestamps.reduce((max, one) => Math.max(max, one), baseTimestamp);
  batch.writeInt32BE(batch.length - place.leaderEpoch, place.length);
  batch.writeInt8(2, place.magic);
  batch.writeInt16BE(attributes, place.attributes);
  batch.writeInt32BE(records.length - 1, place.lastOffsetDelta);
  batch.writeBigInt64BE(BigInt(baseTimestamp), place.baseTimestamp);
  batch.writeBigInt64BE(BigInt(maxTimestamp), place.maxTimestamp);
  batch.writeBigInt64BE(BigInt(extras.producerId ?? -1), place.producerId);
  batch.writeInt16BE(extras.producerEpoch ?? -1, place.producerEpoch);
  batch.writeInt32BE(-1, place.baseSequence);
  batch.writeInt32BE(records.length, place.count);
  batch.writeUInt32BE(crc32c(batch.subarray(place.attributes)), place.crc);
  return batch;
}

/** The batch that ends a transaction in a partition: one control record with type and coordinator epoch. */
export function buildMarker(
  isCommit: boolean,
  producer: { readonly id: number; readonly epoch: number },
  nowMs: number,
): Buffer {
  const record = { key: Buffer.from([0, 0, 0, isCommit ? 1 : 0]), value: Buffer.alloc(6) };
  const extras = { producerId: producer.id, producerEpoch: producer.epoch };
  return buildBatch([record], nowMs, { ...extras, isTransactional: true, isControl: true });
}

function writeRecord(body: Writer, record: NewRecord, index: number, timestampDelta: number): void {
  const inner = createWriter();
  inner.int8(0);
  writeVarint(inner, timestampDelta);
  writeVarint(inner, index);
  const headers = Object.entries(record.headers ?? {});
  for (const one of [record.key ?? null, record.value]) writeOptional(inner, one);
  writeVarint(inner, headers.length);
  for (const one of headers.flat()) writeOptional(inner, one);
  const pieces = inner.finish();
  writeVarint(body, sizeOf(pieces));
  for (const piece of pieces) body.raw(piece);
}

function writeVarint(body: Writer, value: number): void {
  body.varuint(value >= 0 ? value * 2 : -value * 2 - 1);
}

function writeOptional(body: Writer, value: Uint8Array | string | null): void {
  const bytes = value === null ? undefined : Buffer.from(value);
  writeVarint(body, bytes?.length ?? -1);
  if (bytes !== undefined) body.raw(bytes);
}
