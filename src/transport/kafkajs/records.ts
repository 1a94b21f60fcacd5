import { Buffer } from "node:buffer";
import type { KafkaMessage, Message } from "kafkajs";
import { headerNames } from "../../core/headers.ts";
import {
  asBuffer,
  type Header,
  type OutgoingRecord,
  type RawRecord,
  type TopicPartition,
} from "../../core/record.ts";

/** A record as kafkajs sends it. The partition is filled in by the partitioner and then stays. */
export type ClientMessage = Omit<Message, "partition"> & { partition?: number };

/** A fetched message; kafkajs' types leave out what its decoder adds. */
export type FetchedMessage = Pick<KafkaMessage, "key" | "value" | "timestamp" | "offset"> & {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly batchContext?: { readonly timestampType?: number };
};

const logAppendTime = 1;
const empty = Buffer.alloc(0);

/**
 * Headers of one record as kafkajs wants them: an object, so that only equal names keep their order. It cannot write
 * a null value either: such a header goes out empty and its name is listed in `keryx-null-headers`.
 */
export function toClientMessage(record: OutgoingRecord): ClientMessage {
  const message: ClientMessage = {
    key: record.key && asBuffer(record.key),
    value: record.value && asBuffer(record.value),
    timestamp: String(record.timestampMs ?? Date.now()),
  };
  if (record.partition !== undefined) message.partition = record.partition;
  if (record.headers.length > 0) message.headers = toClientHeaders(record.headers);
  return message;
}

function toClientHeaders(headers: readonly Header[]): Record<string, Buffer[]> {
  // Without a prototype, a header named `__proto__` is a header like any other.
  const grouped: Record<string, Buffer[]> = Object.create(null);
  const nulls = new Set<string>();
  const add = (name: string, value: Buffer): void => {
    const values = grouped[name];
    if (values) values.push(value);
    else grouped[name] = [value];
  };
  for (const [name, value] of headers) {
    if (value === null) nulls.add(name);
    add(name, value === null ? empty : asBuffer(value));
  }
  if (nulls.size > 0 && !Object.hasOwn(grouped, headerNames.nullHeaders))
    add(headerNames.nullHeaders, Buffer.from(JSON.stringify([...nulls])));
  return grouped;
}

/** A fetched message in our words. */
export function toRawRecord({ topic, partition }: TopicPartition, message: FetchedMessage): RawRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    timestampType: message.batchContext?.timestampType === logAppendTime ? "LogAppendTime" : "CreateTime",
    key: message.key,
    value: message.value,
    headers: fromClientHeaders(message.headers ?? {}),
  };
}

function fromClientHeaders(headers: Readonly<Record<string, unknown>>): Header[] {
  const found: Header[] = [];
  // The decoder collects equal names by looking them up on a plain object: for a header called `constructor` it
  // finds the inherited function first. Only bytes and null were on the wire.
  const add = (name: string, value: unknown): void => {
    if (value === null || value instanceof Uint8Array) found.push([name, value]);
  };
  for (const name of Object.keys(headers)) {
    const values = headers[name];
    if (Array.isArray(values)) for (const value of values) add(name, value);
    else add(name, values);
  }
  return found;
}
