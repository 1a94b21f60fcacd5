import { createRequire } from "node:module";
import { type Clock, sleep } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { RawRecord, TopicPartitionOffset } from "../../core/record.ts";
import type { TransportOptions } from "../options.ts";
import { createClient } from "./client.ts";
import { type Cluster, createCluster, type FetchedPartition, onBroker } from "./cluster.ts";
import { toKeryxError } from "./errors.ts";
import { type ClientFetched, queueFetched, readFetches } from "./fetch.ts";
import { createTopicMetadata } from "./topics.ts";

const readCommitted = 1;
const maxWaitTime = 250;
const maxBytes = 10 * 1024 * 1024;
const maxBytesPerPartition = 1024 * 1024;
const backoffMs = 250;
const maxFailures = 20;
// Behind the last record of a compacted partition a fetch finds nothing, however often it is made.
const maxEmptyFetches = 4;

interface Batch {
  readonly messages: readonly ClientFetched[];
  readonly rawMessages: readonly unknown[];
  lastOffset(): string;
}
type BatchClass = new (topic: string, fetchedOffset: string, data: FetchedPartition) => Batch;
// Says how far the fetch got. What was aborted is left out before it, because it does not leave out all of it.
const Batch = createRequire(import.meta.url)("kafkajs/src/consumer/batch.js") as BatchClass;

export interface ReadRequest {
  readonly from: TopicPartitionOffset;
  /** Exclusive. */
  readonly to: bigint;
  readonly each: (record: RawRecord) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a range with plain fetches: no group, no commit. Resolves with the offset behind which nothing was found. */
export async function readRange(
  transport: TransportOptions,
  clock: Clock,
  request: ReadRequest,
): Promise<bigint> {
  const kafka = createClient(transport, { requestTimeoutMs: transport.requestTimeoutMs, retries: 2 });
  const cluster = createCluster(kafka, {
    allowAutoTopicCreation: false,
    metadataMaxAge: 30_000,
    isolationLevel: readCommitted,
  });
  onBroker(cluster, readFetches);
  const context = { action: "read", topics: [request.from.topic] };
  try {
    await cluster.connect();
    await createTopicMetadata(cluster, clock, 0).partitionsOf(request.from.topic);
    return await readAll(cluster, clock, request);
  } catch (error) {
    if (request.signal?.aborted && error === request.signal.reason) throw error;
    throw toKeryxError(error, context);
  } finally {
    cluster.disconnect().catch(() => {});
  }
}

async function readAll(
  cluster: Cluster,
  clock: Clock,
  { from, to, each, signal }: ReadRequest,
): Promise<bigint> {
  let position = from.offset;
  let emptyFetches = 0;
  let failures = 0;
  while (position < to && emptyFetches < maxEmptyFetches) {
    signal?.throwIfAborted();
    let fetched: FetchedPartition | undefined;
    try {
      fetched = await fetchOnce(cluster, { ...from, offset: position });
      failures = 0;
    } catch (error) {
      failures += 1;
      const mapped = toKeryxError(error, { action: "read", topics: [from.topic] });
      if (!mapped.retriable || failures > maxFailures) throw mapped;
      await sleep(clock, backoffMs, signal);
      await cluster.refreshMetadata().catch(() => {});
      continue;
    }
    const batch = fetched && new Batch(from.topic, String(position), fetched);
    if (fetched === undefined || batch === undefined || batch.rawMessages.length === 0) {
      if (fetched && position >= BigInt(fetched.highWatermark)) return position;
      emptyFetches += 1;
      continue;
    }
    emptyFetches = 0;
    const records = queueFetched(from, batch.messages, position);
    for (let record = records.shift(); record; record = records.shift()) {
      if (record.offset >= to) return to;
      signal?.throwIfAborted();
      await each(record);
    }
    const next = BigInt(batch.lastOffset()) + 1n;
    // A batch that lies wholly before the position: the fetch began inside it.
    if (next <= position) emptyFetches += 1;
    else position = next;
  }
  return to;
}

async function fetchOnce(
  cluster: Cluster,
  { topic, partition, offset }: TopicPartitionOffset,
): Promise<FetchedPartition | undefined> {
  await cluster.refreshMetadataIfNecessary();
  const metadata = cluster
    .findTopicPartitionMetadata(topic)
    .find(({ partitionId }) => partitionId === partition);
  if (metadata === undefined)
    throw new KeryxError("kafka_error", `topic ${topic} has no partition ${partition}`, {
      details: { topic, partition },
    });
  const broker = await cluster.findBroker({ nodeId: metadata.leader });
  const { responses } = await broker.fetch({
    maxWaitTime,
    minBytes: 1,
    maxBytes,
    isolationLevel: readCommitted,
    topics: [
      { topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: maxBytesPerPartition }] },
    ],
  });
  return responses[0]?.partitions[0];
}
