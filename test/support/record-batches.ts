// Writes record batches and answers to fetches as a broker does, byte by byte, for what reads them.
import type { Header } from "../../src/core/record.ts";

export interface WrittenRecord {
  readonly key?: Uint8Array | null;
  readonly value?: Uint8Array | null;
  readonly headers?: readonly Header[];
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
}

export interface WrittenBatch {
  readonly baseOffset?: bigint;
  readonly lastOffsetDelta?: number;
  readonly attributes?: number;
  readonly baseTimestamp?: bigint;
  readonly maxTimestamp?: bigint;
  readonly producerId?: bigint;
  readonly magic?: number;
  readonly records?: readonly WrittenRecord[];
  /** In place of the records. */
  readonly content?: Uint8Array;
}

export const attribute = { gzip: 1, logAppend: 8, transactional: 16, control: 32 } as const;

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (let rest = BigInt(value) < 0n ? -2n * BigInt(value) - 1n : 2n * BigInt(value); ; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    if (rest <= 0x7fn) return Buffer.from(bytes);
  }
};
const sized = (bytes: Uint8Array | null | undefined): Buffer =>
  bytes ? Buffer.concat([varint(bytes.length), bytes]) : varint(-1);
const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};

export function writeRecord(record: WrittenRecord, index: number): Buffer {
  const { key, value, headers = [], offsetDelta = index, timestampDelta = 0 } = record;
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(timestampDelta),
    varint(offsetDelta),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, content]) => [sized(Buffer.from(name)), sized(content)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

export function writeBatch(batch: WrittenBatch): Buffer {
  const { records = [], baseOffset = 0n, attributes = 0, baseTimestamp = 1_000n } = batch;
  const content = batch.content ?? Buffer.concat(records.map(writeRecord));
  const rest = Buffer.concat([
    int32(0), // leader epoch
    Buffer.from([batch.magic ?? 2]),
    int32(0), // checksum, which nobody looks at
    int16(attributes),
    int32(batch.lastOffsetDelta ?? records.at(-1)?.offsetDelta ?? records.length - 1),
    int64(baseTimestamp),
    int64(batch.maxTimestamp ?? baseTimestamp),
    int64(batch.producerId ?? -1n),
    int16(0),
    int32(-1),
    int32(records.length),
    content,
  ]);
  return Buffer.concat([int64(baseOffset), int32(rest.length), rest]);
}

/** The batch that ends a transaction. */
export function writeMark(baseOffset: bigint, producerId: bigint, kind: "abort" | "commit"): Buffer {
  const key = Buffer.concat([int16(0), int16(kind === "abort" ? 0 : 1)]);
  const attributes = attribute.transactional | attribute.control;
  return writeBatch({ baseOffset, producerId, attributes, records: [{ key, value: Buffer.alloc(6) }] });
}

export interface WrittenPartition {
  readonly partition: number;
  readonly errorCode?: number;
  readonly aborted?: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  readonly bytes?: Buffer | null;
}

/** An answer to a fetch of version 11. */
export function writeAnswer(topics: Readonly<Record<string, readonly WrittenPartition[]>>): Buffer {
  const list = <Item>(items: readonly Item[], write: (item: Item) => Buffer): Buffer =>
    Buffer.concat([int32(items.length), ...items.map(write)]);
  const partition = ({ partition, errorCode = 0, aborted, bytes }: WrittenPartition): Buffer =>
    Buffer.concat([
      int32(partition),
      int16(errorCode),
      int64(100n),
      int64(90n),
      int64(5n),
      aborted
        ? list(aborted, ({ producerId, firstOffset }) =>
            Buffer.concat([int64(producerId), int64(firstOffset)]),
          )
        : int32(-1),
      int32(-1),
      bytes ? Buffer.concat([int32(bytes.length), bytes]) : int32(-1),
    ]);
  const topic = ([name, partitions]: [string, readonly WrittenPartition[]]): Buffer =>
    Buffer.concat([int16(name.length), Buffer.from(name), list(partitions, partition)]);
  return Buffer.concat([int32(7), int16(0), int32(0), list(Object.entries(topics), topic)]);
}
