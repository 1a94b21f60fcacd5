import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import type { TopicPartition } from "../../core/record.ts";
import { queueRecordSet } from "../fetched-records.ts";
import type { RecordQueue } from "../port.ts";
import { type AbortedTransaction, isCurrentFormat, type RecordSet, readRecordSet } from "../record-set.ts";
import { queueRecords } from "../records.ts";
import type { Broker, FetchedPartition, FetchResponse } from "./cluster.ts";
import { type FetchedMessage, toRawRecord } from "./records.ts";

// kafkajs makes a dozen objects of every record that was fetched, thousands at a time, and copies its headers once for
// each of them. Here the answer is only taken apart and checked; records are made when they are admitted.

const fetchApi = 1;
/** The newest that kafkajs asks for, and what every broker since 2.3 answers. Older ones are left to kafkajs. */
const readableVersion = 11;

interface Protocol {
  readonly request: { readonly apiVersion: number };
  readonly response: { decode(payload: Buffer): Promise<unknown> };
}
type LookupRequest = (apiKey: number, definition: unknown) => (args: unknown) => Protocol;

interface Answer extends FetchResponse {
  readonly throttleTime: number;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly sessionId: number;
}

/** Stands for all records of a fetched partition: kafkajs only looks at its offset and at whether there is any. */
export interface FetchedMarker {
  readonly offset: string;
  readonly key: null;
  readonly value: null;
  readonly timestamp: "0";
  readonly isControlRecord: boolean;
  readonly records: RecordSet;
}

/** What kafkajs hands on of a partition: markers, or its own objects where it has read the answer itself. */
export type ClientFetched = FetchedMessage | FetchedMarker;

/** The records from an offset on that a fetch brought of one partition. */
export function queueFetched(
  at: TopicPartition,
  messages: readonly ClientFetched[],
  from: bigint,
): RecordQueue {
  const [first] = messages;
  if (first && "records" in first) return queueRecordSet(at, first.records, from);
  return queueRecords(messages.map((message) => toRawRecord(at, message as FetchedMessage)));
}

/** Reads the fetches of one broker object in kafkajs' place. */
export function readFetches(broker: Broker): void {
  const connection = broker as unknown as { lookupRequest: LookupRequest };
  const fetch = broker.fetch.bind(broker);
  let ours: LookupRequest | undefined;
  broker.fetch = (request) => {
    // Made anew by each connect, from what the broker says it can do.
    if (connection.lookupRequest !== ours) {
      ours = withOwnDecoder(connection.lookupRequest);
      connection.lookupRequest = ours;
    }
    return fetch(request);
  };
}

function withOwnDecoder(lookup: LookupRequest): LookupRequest {
  return (apiKey, definition) => {
    const build = lookup(apiKey, definition);
    if (apiKey !== fetchApi) return build;
    return (args) => {
      const protocol = build(args);
      if (protocol.request.apiVersion !== readableVersion) return protocol;
      const { response } = protocol;
      const decode = async (payload: Buffer): Promise<unknown> =>
        (await readAnswer(payload)) ?? (await response.decode(payload));
      return { ...protocol, response: { ...response, decode } };
    };
  };
}

/**
 * Takes the answer to a fetch apart; undefined when it holds records of an old format, for kafkajs to read.
 * @throws KeryxError `decode_failed` for bytes that are none
 */
export async function readAnswer(payload: Buffer): Promise<Answer | undefined> {
  const reader = createAnswerReader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  const sessionId = reader.int32();
  const found = reader.list(() => ({
    topicName: reader.text(),
    partitions: reader.list(() => readPartition(reader)),
  }));
  if (!found.every(({ partitions }) => partitions.every(({ bytes }) => isCurrentFormat(bytes))))
    return undefined;
  const responses: { topicName: string; partitions: FetchedPartition[] }[] = [];
  for (const { topicName, partitions } of found) {
    const read: FetchedPartition[] = [];
    for (const { bytes, aborted, ...partition } of partitions)
      read.push({
        ...partition,
        abortedTransactions: [],
        messages: toMessages(await readRecordSet(bytes, aborted, decompress)),
      });
    responses.push({ topicName, partitions: read });
  }
  // The broker has not waited yet: it expects the client to.
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

function toMessages(records: RecordSet | undefined): readonly FetchedMarker[] {
  if (records === undefined) return [];
  const offset = records.lastOffset.toString();
  const isControlRecord = records.stretches.length === 0;
  return [{ offset, key: null, value: null, timestamp: "0", isControlRecord, records }];
}

interface PartitionAnswer {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  readonly preferredReadReplica: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly bytes: Buffer;
}

function readPartition(reader: AnswerReader): PartitionAnswer {
  const [partition, errorCode, highWatermark, lastStableOffset] = [
    reader.int32(),
    reader.int16(),
    reader.int64(),
    reader.int64(),
  ];
  return {
    partition,
    errorCode,
    // What an open transaction keeps back cannot be read: nobody lags behind it.
    highWatermark: (lastStableOffset < 0n ? highWatermark : lastStableOffset).toString(),
    lastStableOffset: lastStableOffset.toString(),
    lastStartOffset: reader.int64().toString(),
    aborted: reader.list(() => ({ producerId: reader.int64(), firstOffset: reader.int64() })),
    preferredReadReplica: reader.int32(),
    bytes: reader.bytes(),
  };
}

interface AnswerReader {
  int16(): number;
  int32(): number;
  int64(): bigint;
  text(): string;
  bytes(): Buffer;
  list<Item>(read: () => Item): Item[];
}

const noBytes = Buffer.alloc(0);

// Reading beyond the end throws a RangeError, as it does in kafkajs.
function createAnswerReader(payload: Buffer): AnswerReader {
  let at = 0;
  const move = (size: number): number => {
    at += size;
    return at - size;
  };
  const take = (size: number): Buffer => {
    if (size > payload.length - at) throw new RangeError("the answer to a fetch ends too early");
    return size < 0 ? noBytes : payload.subarray(move(size), at);
  };
  const reader: AnswerReader = {
    int16: () => payload.readInt16BE(move(2)),
    int32: () => payload.readInt32BE(move(4)),
    int64: () => payload.readBigInt64BE(move(8)),
    text: () => take(reader.int16()).toString(),
    bytes: () => take(reader.int32()),
    list(read) {
      const items = [];
      for (let left = reader.int32(); left > 0; left--) items.push(read());
      return items;
    },
  };
  return reader;
}

// Whatever codec the process has under the number, the application's own included.
async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  const table: Readonly<Record<number, (() => { decompress(bytes: Buffer): Promise<Buffer> }) | undefined>> =
    kafkajs.CompressionCodecs as never;
  const found = table[codec];
  if (found === undefined) throw new RangeError(`there is no compression codec ${codec}`);
  return found().decompress(bytes);
}
