// A Kafka of memory behind the port, with faults on demand: for the producer's own logic, not for claims about Kafka.

import { systemClock } from "../../../src/core/clock.ts";
import { type ContextStore, createContextStore } from "../../../src/core/context.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import type { EventType, TopicDefinition } from "../../../src/core/event.ts";
import type { OutgoingRecord } from "../../../src/core/record.ts";
import type { Signal } from "../../../src/core/signals.ts";
import type { TopicToCreate } from "../../../src/producer/opening.ts";
import type { ProducerOptions } from "../../../src/producer/options.ts";
import { createTopicProducer, type OwnedTopicProducer } from "../../../src/producer/producer.ts";
import type { KafkaPort, PortProducer, RecordMeta } from "../../../src/transport/port.ts";

export interface MemoryKafka {
  readonly port: KafkaPort;
  readonly topics: Set<string>;
  readonly created: string[];
  /** Every record that was acknowledged or stored, in order of storing. */
  readonly log: OutgoingRecord[];
  /** Every request, as sent. */
  readonly requests: (readonly OutgoingRecord[])[];
  connects: number;
  closes: number;
  /** Runs before records are stored; throws to fail the request. */
  before: (batch: readonly OutgoingRecord[]) => Promise<void> | void;
  /** Runs after records are stored; throws as a lost answer does. */
  after: (batch: readonly OutgoingRecord[]) => Promise<void> | void;
  onConnect: () => Promise<void> | void;
  /** The broker that a record would go to. */
  leaderOf: (record: OutgoingRecord) => number | undefined;
}

export function createMemoryKafka(topics: readonly string[] = ["orders"]): MemoryKafka {
  const unused = (): never => {
    throw new KeryxError("internal", "not part of this test");
  };
  const producer = (): PortProducer => ({
    async connect() {
      await kafka.onConnect();
      kafka.connects += 1;
    },
    async send(batch) {
      kafka.requests.push(batch);
      await kafka.before(batch);
      const first = BigInt(kafka.log.length);
      kafka.log.push(...batch);
      await kafka.after(batch);
      return batch.map(
        (record, i): RecordMeta => ({
          topic: record.topic,
          partition: 0,
          offset: first + BigInt(i),
        }),
      );
    },
    async partitionsOf(topic) {
      if (!kafka.topics.has(topic)) throw new KeryxError("topic_missing", topic);
      return 1;
    },
    leaderOf: (record) => kafka.leaderOf(record),
    async close() {
      kafka.closes += 1;
    },
  });
  const kafka: MemoryKafka = {
    topics: new Set(topics),
    created: [],
    log: [],
    requests: [],
    connects: 0,
    closes: 0,
    before: () => {},
    after: () => {},
    onConnect: () => {},
    leaderOf: () => undefined,
    port: {
      capabilities: {
        client: "memory",
        idempotent: true,
        partitionPause: true,
        commitMetadata: true,
        awaitedRevoke: true,
        codecs: ["none", "gzip"],
      },
      ping: async () => ({ brokers: 1, controller: 0 }),
      producer,
      consumer: unused,
      admin: () => ({
        describeTopics: async (names) =>
          names
            .filter((topic) => kafka.topics.has(topic))
            .map((topic) => ({ topic, partitions: 1, replicationFactor: 1 })),
        describeConfig: unused,
        deleteTopics: unused,
        offsets: unused,
        groupOffsets: unused,
        commitOffsets: unused,
        async createTopics(wanted) {
          for (const { topic } of wanted) {
            kafka.topics.add(topic);
            kafka.created.push(topic);
          }
          return wanted.map(({ topic }) => topic);
        },
        close: async () => {},
      }),
      read: unused,
      close: async () => {},
    },
  };
  return kafka;
}

export interface Order {
  readonly id: string;
  readonly key: string;
  readonly text?: string;
  readonly secret?: string;
  readonly at?: number;
}

/** An event whose codec is JSON: what a producer does with it does not depend on the format. */
export function createOrderEvent(type = "order.placed", topic = "orders"): EventType<Order> {
  return {
    type,
    topic,
    name: `orders.v1.${type}`,
    subject: `${topic}-value`,
    format: "avro",
    fingerprint: "0".repeat(64),
    index: [],
    wire: { schema: "{}", references: [] },
    codec: {
      create: (init) => init,
      encode(value, room) {
        if (value.text === "unfit") throw new KeryxError("encode_failed", "text: does not fit");
        return Buffer.concat([Buffer.alloc(room), Buffer.from(JSON.stringify(value))]);
      },
      decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Order,
    },
    policy: {
      retry: { delaysMs: [] },
      deadLetter: `${topic}-dlq`,
      compatibility: "BACKWARD",
      ordered: false,
    },
    sensitive: ["secret"],
    key: (value) => value.key,
    id: (value) => value.id,
    time: (value) => value.at,
  };
}

/** The same event without key, id and time. */
export function createFreeEvent(type = "order.noted"): EventType<Order> {
  const { key: _, id: __, time: ___, ...rest } = createOrderEvent(type);
  return rest;
}

export interface Bench {
  readonly kafka: MemoryKafka;
  readonly producer: OwnedTopicProducer;
  readonly signals: Signal[];
  readonly context: ContextStore;
  readonly prepared: string[];
  onPrepare: (event: EventType) => Promise<void> | void;
}

export function createBench(
  options: ProducerOptions = {},
  more: {
    readonly kafka?: MemoryKafka;
    readonly events?: readonly EventType[];
    readonly createTopics?: TopicToCreate;
  } = {},
): Bench {
  const kafka = more.kafka ?? createMemoryKafka();
  const signals: Signal[] = [];
  const context = createContextStore();
  const topic: TopicDefinition = { name: "orders", events: more.events ?? [] };
  const bench: Bench = {
    kafka,
    signals,
    context,
    prepared: [],
    onPrepare: () => {},
    producer: createTopicProducer(
      {
        transport: kafka.port,
        serializer: {
          async prepare(events) {
            for (const event of events) {
              await bench.onPrepare(event);
              bench.prepared.push(event.type);
            }
          },
          serialize: (event, value) => event.codec.encode(value, 5),
        },
        observe: (signal) => signals.push(signal),
        clock: systemClock,
        context,
        options: { retryBaseMs: 1, retryMaxMs: 4, ...options },
        createTopics: more.createTopics,
      },
      topic,
    ),
  };
  return bench;
}

/** The order behind a stored record. */
export function toOrder(record: OutgoingRecord | undefined): Order {
  return JSON.parse(
    Buffer.from(record?.value ?? new Uint8Array())
      .subarray(5)
      .toString(),
  ) as Order;
}

export async function caught(work: Promise<unknown>): Promise<KeryxError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof KeryxError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
