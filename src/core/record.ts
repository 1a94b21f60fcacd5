/** One header of a record. A name may repeat; a null value is legal in Kafka. */
export type Header = readonly [name: string, value: Uint8Array | null];

/** A record as it lies on the broker: bytes only, nothing decoded. */
export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Record timestamp, epoch milliseconds. */
  readonly timestampMs: number;
  /** Who set the timestamp; absent when the client does not tell. */
  readonly timestampType?: "CreateTime" | "LogAppendTime";
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  /** What key, value and headers take on the wire; absent when the client does not tell. */
  readonly sizeBytes?: number;
  /** The last header of a name, found without making the others; null where its value is, undefined where it is not. */
  findHeader?(name: string): Uint8Array | null | undefined;
}

/** A record on its way to the broker. */
export interface OutgoingRecord {
  readonly topic: string;
  /** Absent: the partitioner chooses by key. */
  readonly partition?: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Epoch milliseconds; absent: now. */
  readonly timestampMs?: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A position in a partition: the offset of the next record to read. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: bigint;
}

/** The same bytes as a Buffer, whose text forms are made natively; bytes of a client are one already. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `topic/partition/offset`, the text form of a record's coordinates (`/` cannot occur in a topic name). */
export function toCoordinates(at: TopicPartitionOffset): string {
  return `${at.topic}/${at.partition}/${at.offset}`;
}

/** What a frame names its schema by: the registry's id, or the GUID in lower case. */
export type SchemaKey = number | string;
