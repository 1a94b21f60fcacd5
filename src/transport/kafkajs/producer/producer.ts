import kafkajs, { type Producer } from "kafkajs";
import { systemClock } from "../../../core/clock.ts";
import { KeryxError } from "../../../core/errors.ts";
import { createStartOnce } from "../../../core/lifecycle.ts";
import type { OutgoingRecord } from "../../../core/record.ts";
import type { TransportOptions } from "../../options.ts";
import type { Compression, PortProducer, PortProducerOptions, RecordMeta } from "../../port.ts";
import { createClient } from "../client.ts";
import { type Cluster, withCluster } from "../cluster.ts";
import { kafkaCodeOf, toKeryxError } from "../errors.ts";
import type { PartitionMetadata } from "../metadata.ts";
import { createTopicMetadata, type TopicMetadata } from "../topics.ts";
import { createMessages, type Shipment, toResults, toShipments, toTopicMessages } from "./batches.ts";
import { createLeaderWatch, type LeaderWatch } from "./leaders.ts";

const acksOf = { 0: 0, 1: 1, all: -1 } as const;
const types = kafkajs.CompressionTypes;
const compressionOf: Readonly<Record<Compression, number>> = {
  none: types.None,
  gzip: types.GZIP,
  snappy: types.Snappy,
  lz4: types.LZ4,
  zstd: types.ZSTD,
};
// Past the broker's own limit, so that its answer "timed out" arrives before ours.
const slackMs = 1_000;
const metadataMaxAgeMs = 30_000;
const topicPatienceMs = 3_000;

interface Client {
  readonly producer: Producer;
  readonly cluster: Cluster;
  readonly topics: TopicMetadata;
  readonly leaders: LeaderWatch;
}

export function createKafkajsProducer(
  transport: TransportOptions,
  options: PortProducerOptions,
): PortProducer {
  let client: Client | undefined;
  let isClosed = false;
  // A record keeps its partition over all tries: a repeat that lands elsewhere is no repeat for the broker.
  const messageOf = createMessages();
  // What the brokers took of a batch that failed in part: it is not sent again.
  const taken = new WeakMap<OutgoingRecord, RecordMeta>();
  // Numbers of a failed batch are given out again. Only the very same batch may use them, see `send`.
  let unsettled: readonly OutgoingRecord[] | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function open(): Promise<void> {
    const made = buildClient(transport, options);
    try {
      await made.producer.connect();
    } catch (error) {
      await made.producer.disconnect().catch(() => {});
      throw toKeryxError(error, { action: "connect" });
    }
    client = made;
  }
  let connect = createStartOnce(open);

  async function connected(): Promise<Client> {
    if (isClosed) throw new KeryxError("closed", "the producer is closed");
    await connect();
    if (client === undefined) throw new KeryxError("closed", "the producer is closed");
    return client;
  }

  async function discard(): Promise<void> {
    const old = client;
    client = undefined;
    connect = createStartOnce(open);
    unsettled = undefined;
    await old?.producer.disconnect().catch(() => {});
  }

  async function attempt(batch: readonly OutgoingRecord[]): Promise<readonly RecordMeta[]> {
    const open = await connected();
    return open.leaders.watch(() => produce(open, batch));
  }

  async function produce(open: Client, batch: readonly OutgoingRecord[]): Promise<readonly RecordMeta[]> {
    const waiting = batch.filter((record) => !taken.has(record));
    const names = [...new Set(waiting.map(({ topic }) => topic))];
    const partitions = new Map<string, readonly PartitionMetadata[]>();
    for (const name of names) partitions.set(name, await open.topics.partitionsOf(name));
    await open.leaders.settle(() => waiting.map((record) => leaderNow(open, messageOf, record)));
    const shipments = toShipments(
      waiting,
      (record) => messageOf(record, partitions.get(record.topic)?.length ?? 1),
      (topic, partition) => leaderOf(partitions, topic, partition),
    );
    const outcomes = await Promise.allSettled(shipments.map((shipment) => ship(open, shipment)));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) throw await explain(open, failed.reason, names);
    const results = batch.map(
      (record) => taken.get(record) ?? { topic: record.topic, partition: -1, offset: -1n },
    );
    // Sent once more, the same record is a new send.
    for (const record of batch) taken.delete(record);
    return results;
  }

  async function ship({ producer }: Client, shipment: Shipment): Promise<void> {
    const results = await sendShipment(producer, options, shipment);
    shipment.records.forEach((record, i) => {
      const result = results[i];
      if (result) taken.set(record, result);
    });
  }

  async function sendIdempotent(batch: readonly OutgoingRecord[]): Promise<readonly RecordMeta[]> {
    // Another batch under the numbers of one that may have arrived would be taken for its repeat and dropped.
    if (unsettled !== undefined && !isSame(unsettled, batch)) await discard();
    unsettled = batch;
    const results = await attempt(batch).catch(async (error: unknown) => {
      if (error instanceof KeryxError && error.details["fatal"] === true) await discard();
      throw error;
    });
    unsettled = undefined;
    return results;
  }

  return {
    connect: async () => {
      await connected();
    },
    send(batch) {
      if (batch.length === 0) return Promise.resolve([]);
      if (!options.idempotent) return attempt(batch);
      const next = turn.then(() => sendIdempotent(batch));
      turn = next.catch(() => {});
      return next;
    },
    async partitionsOf(topic) {
      const { topics } = await connected();
      return (await topics.partitionsOf(topic)).length;
    },
    leaderOf: (record) => client && leaderNow(client, messageOf, record),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await turn;
      client?.leaders.close();
      await client?.producer.disconnect().catch(() => {});
      client = undefined;
    },
  };
}

/** Where a record would go by the metadata at hand. */
function leaderNow(
  { cluster }: Client,
  messageOf: ReturnType<typeof createMessages>,
  record: OutgoingRecord,
): number | undefined {
  if (cluster.brokerPool.metadata === null) return undefined;
  const partitions = cluster.findTopicPartitionMetadata(record.topic);
  if (partitions.length === 0) return undefined;
  const { partition } = messageOf(record, partitions.length);
  return partitions.find(({ partitionId }) => partitionId === partition)?.leader;
}

async function sendShipment(
  producer: Producer,
  options: PortProducerOptions,
  { records, messages }: Shipment,
): Promise<readonly RecordMeta[]> {
  const answers = await producer.sendBatch({
    topicMessages: toTopicMessages(records, messages),
    acks: acksOf[options.acks],
    timeout: options.requestTimeoutMs,
    compression: compressionOf[options.compression],
  });
  return toResults(records, messages, answers);
}

/** @throws `send_failed`: kafkajs drops a record for a partition that is not there and reports success. */
function leaderOf(
  partitions: ReadonlyMap<string, readonly PartitionMetadata[]>,
  topic: string,
  partition: number,
): number {
  const metadata = partitions.get(topic)?.find(({ partitionId }) => partitionId === partition);
  if (metadata !== undefined) return metadata.leader;
  throw new KeryxError("send_failed", `topic ${topic} has no partition ${partition}`, {
    details: { topics: [topic], partition },
  });
}

async function explain({ topics }: Client, error: unknown, names: readonly string[]): Promise<KeryxError> {
  // The topic was there a moment ago: is it gone, or does one deleted topic spoil the metadata of the others?
  const gone = kafkaCodeOf(error) === 3 ? await topics.forgetMissing() : [];
  if (gone.some((topic) => names.includes(topic)))
    return new KeryxError("topic_missing", `topic ${gone.join(", ")} does not exist`, {
      cause: error,
      details: { topics: gone },
    });
  return passing(toKeryxError(error, { action: "produce", topics: names }));
}

function buildClient(transport: TransportOptions, options: PortProducerOptions): Client {
  const requestTimeoutMs = options.requestTimeoutMs + slackMs;
  const kafka = createClient(transport, { requestTimeoutMs, retries: 2 });
  const { client, cluster } = withCluster(kafka, () =>
    kafka.producer({
      // Explicit, else kafkajs warns; every message has its partition already.
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      metadataMaxAge: metadataMaxAgeMs,
      idempotent: options.idempotent,
      // Retrying is decided above. An idempotent producer of kafkajs demands one retry at least.
      retry: { retries: options.idempotent ? 1 : 0 },
    }),
  );
  return {
    producer: client,
    cluster,
    topics: createTopicMetadata(cluster, systemClock, topicPatienceMs),
    leaders: createLeaderWatch(cluster, transport, systemClock),
  };
}

/** "No such topic" although the topic is there: a leader that just moved. The next try meets fresh metadata. */
function passing(error: KeryxError): KeryxError {
  if (error.code !== "topic_missing") return error;
  return new KeryxError("kafka_unavailable", error.message, { cause: error, details: error.details });
}

function isSame(a: readonly OutgoingRecord[], b: readonly OutgoingRecord[]): boolean {
  return a.length === b.length && a.every((record, i) => record === b[i]);
}
