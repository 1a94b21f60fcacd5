import { type BatchRecord, buildBatch, type NewRecord } from "../../src/embedded/broker/log/batch.ts";
import { crc32c } from "../../src/embedded/broker/log/crc32c.ts";
import type { WireClient } from "./embedded-wire.ts";
import { dig } from "./embedded-wire.ts";

/** Where the fields of a record batch of format 2 lie. */
export const place = {
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseSequence: 53,
  count: 57,
} as const;

export interface BatchSettings {
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly sequence?: number;
  readonly isTransactional?: boolean;
  /** Or-ed into the attributes: the number of a codec, the bit of a control batch. */
  readonly attributes?: number;
  /** Spoils the batch before its checksum is made. */
  readonly spoil?: (batch: Buffer) => void;
}

/** A batch as a producer sends it. */
export function batchOf(records: readonly (string | NewRecord)[], settings: BatchSettings = {}): Buffer {
  const {
    producerId = -1,
    producerEpoch = producerId < 0 ? -1 : 0,
    sequence = -1,
    attributes = 0,
  } = settings;
  const given = records.map((one) => (typeof one === "string" ? { value: one } : one));
  const isTransactional = settings.isTransactional === true;
  const batch = buildBatch(given, 1_700_000_000_000, { producerId, producerEpoch, isTransactional });
  batch.writeInt32BE(sequence, place.baseSequence);
  batch.writeInt16BE(batch.readInt16BE(place.attributes) | attributes, place.attributes);
  settings.spoil?.(batch);
  batch.writeUInt32BE(crc32c(batch.subarray(place.attributes)), place.crc);
  return batch;
}

export interface Produced {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
}

/** Produces one batch to partition 0 of a topic and gives what its partition is told. */
export async function produce(
  client: WireClient,
  topic: string,
  batch: Buffer | null,
  {
    version = 7,
    acks = -1,
    index = 0,
    transactionalId = null,
  }: {
    readonly version?: number;
    readonly acks?: number;
    readonly index?: number;
    readonly transactionalId?: string | null;
  } = {},
): Promise<Produced> {
  const records = batch === null ? null : [batch];
  const answer = await client.ask("Produce", version, {
    ...{ acks, transactionalId },
    topics: [{ name: topic, partitions: [{ index, records }] }],
  });
  return dig(answer, "topics", 0, "partitions", 0) as Produced;
}

export interface FetchedPartition {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions:
    | readonly { readonly producerId: number; readonly firstOffset: number }[]
    | null;
  readonly records: readonly Buffer[] | null;
}

/** Fetches from partition 0 of a topic without waiting. */
export async function fetchFrom(
  client: WireClient,
  topic: string,
  fetchOffset: number,
  {
    maxBytes = 1_000_000,
    isolationLevel = 0,
  }: { readonly maxBytes?: number; readonly isolationLevel?: number } = {},
): Promise<FetchedPartition> {
  const partitions = [{ index: 0, fetchOffset, partitionMaxBytes: maxBytes }];
  const answer = await client.ask("Fetch", 11, {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: topic, partitions }],
  });
  return dig(answer, "topics", 0, "partitions", 0) as FetchedPartition;
}

/** Base offsets of the batches in fetched bytes. */
export function baseOffsets(records: readonly Buffer[] | null): readonly number[] {
  const bytes = Buffer.concat(records ?? []);
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + place.length))
    found.push(Number(bytes.readBigInt64BE(at)));
  return found;
}

export function valuesOf(records: readonly BatchRecord[]): readonly string[] {
  return records.map(({ value }) => String(value));
}
