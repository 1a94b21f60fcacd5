import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { errorCodes } from "../error-codes.ts";
import { createReader, createWriter, type Reader, type Writer } from "../wire/primitives.ts";
import { int8, int16, int32, int64, readRow, sizeOf, writeRow } from "../wire/schema.ts";
import { crc32c } from "./crc32c.ts";

// Record batch, format 2 (KIP-98). Offset and leader epoch lie before the checked range and may be overwritten.
const headFields = [
  int64("baseOffset"),
  int32("length"),
  int32("leaderEpoch"),
  int8("magic", { absent: 2 }),
  int32("crc"),
  int16("attributes"),
  int32("lastOffsetDelta"),
  int64("baseTimestamp"),
  int64("maxTimestamp"),
  int64("producerId", { absent: -1 }),
  int16("producerEpoch", { absent: -1 }),
  int32("baseSequence", { absent: -1 }),
  int32("count"),
] as const;

/** Where some of them lie, and the records behind them. */
const place = { length: 8, leaderEpoch: 12, crc: 17, attributes: 21, maxTimestamp: 35, records: 61 } as const;
const flags = { codec: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;
const mode = { version: 2, isFlexible: false };
const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** The head of a batch; the records behind it stay closed. Producer id and sequence are −1 without idempotence. */
export interface BatchHead {
  readonly baseOffset: number;
  readonly attributes: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly count: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
}

/** Reads the head of the only batch in a buffer, or says with which code a producer is refused. */
export function readBatch(batch: Buffer): BatchHead | number {
  if (batch.length < place.records) return errorCodes.invalidRecord;
  const head = readHead(batch);
  if (head.magic !== 2 || head.length !== batch.length - place.leaderEpoch) return errorCodes.invalidRecord;
  if (head.crc !== (crc32c(batch.subarray(place.attributes)) | 0)) return errorCodes.corruptMessage;
  const isWhole = head.count > 0 && head.lastOffsetDelta === head.count - 1;
  const isNumbered = head.producerId < 0 ? !head.isTransactional : head.isControl || head.baseSequence >= 0;
  const isKnown = (head.attributes & flags.codec) < codecs.length;
  return isWhole && isNumbered && isKnown ? head : errorCodes.invalidRecord;
}

/** The head of a batch that was checked before. */
export function headOf(batch: Buffer): BatchHead {
  return readHead(batch);
}

function readHead(batch: Buffer) {
  const head = readRow(headFields, createReader(batch), mode);
  const has = (flag: number): boolean => (head.attributes & flag) !== 0;
  return { ...head, isTransactional: has(flags.transactional), isControl: has(flags.control) };
}

/** Puts a batch at its offset, in place. */
export function setBaseOffset(batch: Buffer, offset: number): void {
  batch.writeBigInt64BE(BigInt(offset));
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
  const head = readHead(batch);
  const payload = decompress(head.attributes & flags.codec, batch.subarray(place.records));
  if (payload === undefined) return undefined;
  const isAppendTime = (head.attributes & flags.logAppendTime) !== 0;
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
      records.push({ offset: head.baseOffset + offsetDelta, timestampMs, key, value, headers });
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

function decompress(codec: number, payload: Buffer): Buffer | undefined {
  const limits = { maxOutputLength: maxOpenedBytes };
  try {
    if (codecs[codec] === "gzip") return gunzipSync(payload, limits);
    if (codecs[codec] === "zstd") return zstdDecompressSync(payload, limits);
  } catch {
    return undefined;
  }
  return codecs[codec] === "none" ? payload : undefined;
}

/** A record to be put into a batch made here. */
export interface NewRecord {
  readonly key?: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers?: Readonly<Record<string, Uint8Array | string>>;
  readonly timestampMs?: number;
}

type BatchExtras = Partial<Pick<BatchHead, "producerId" | "producerEpoch" | "isTransactional" | "isControl">>;

/** Builds an uncompressed batch of one record or more. */
export function buildBatch(records: readonly NewRecord[], nowMs: number, extras: BatchExtras = {}): Buffer {
  const { isTransactional = false, isControl = false, ...producer } = extras;
  const timestamps = records.map((record) => record.timestampMs ?? nowMs);
  const baseTimestamp = timestamps[0] ?? nowMs;
  const maxTimestamp = timestamps.reduce((max, one) => Math.max(max, one), baseTimestamp);
  const body = createWriter();
  for (const [index, record] of records.entries())
    writeRecord(body, record, index, (timestamps[index] ?? nowMs) - baseTimestamp);
  const pieces = body.finish();
  const attributes = (isTransactional ? flags.transactional : 0) | (isControl ? flags.control : 0);
  const length = place.records - place.leaderEpoch + sizeOf(pieces);
  const counts = { count: records.length, lastOffsetDelta: records.length - 1 };
  const head = createWriter();
  const fields = { length, attributes, baseTimestamp, maxTimestamp, ...producer, ...counts };
  writeRow(headFields, fields, head, mode);
  const batch = Buffer.concat([...head.finish(), ...pieces]);
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
