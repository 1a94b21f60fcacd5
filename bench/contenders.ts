import { randomUUID } from "node:crypto";
import { connect } from "keryx";
import type { ApiRequest } from "../generated/index.ts";
import { type BenchTopic, kafka, registryUrl, sample } from "./setup.ts";

const frameBytes = 5;

/** A consumer that runs. */
export interface Running {
  stop(): Promise<void>;
}

export type Handle = (event: ApiRequest) => Promise<void> | void;

/** How many partitions kafkajs works on at once, each of them record by record. */
export const partitionsAtOnce = 12;

/** What a team writes by hand. */
export async function startKafkajs(topic: BenchTopic, handle: Handle): Promise<Running> {
  const consumer = kafka.consumer({ groupId: `by-hand-${randomUUID().slice(0, 8)}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic.name], fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: partitionsAtOnce,
    async eachMessage({ message }) {
      // The same decoding on both sides: what is compared is the loop around it.
      if (message.value) await handle(topic.event.codec.decode(message.value.subarray(frameBytes)));
    },
  });
  return { stop: () => consumer.disconnect() };
}

/** The same with Keryx: retries, dead letters, dedupe and per-key order as they are by default. */
export async function startKeryx(topic: BenchTopic, handle: Handle, concurrency = 64): Promise<Running> {
  const app = await connect({ clientId: "bench", logging: { level: "error" } });
  const consumer = app
    .consumer({ group: `keryx-${randomUUID().slice(0, 8)}`, concurrency, createTopics: true })
    .on(topic.event, (event) => handle(event));
  await consumer.start();
  return { stop: () => app.close() };
}

/** Fills a topic; every record has an id of its own and one of so many keys. */
export async function fill(topic: BenchTopic, total: number, keys: number = total): Promise<void> {
  const send = await openSend(topic);
  const perBatch = 1_000;
  for (let sent = 0; sent < total; sent += perBatch)
    await send(
      Array.from({ length: Math.min(perBatch, total - sent) }, (_, i) => ({
        index: sent + i,
        key: `${(sent + i) % keys}`,
      })),
    );
  await send.close();
}

export interface Sent {
  readonly index: number;
  readonly key: string;
}

export interface Send {
  (records: readonly Sent[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Sends records as both sides read them, with nothing of either side in between. */
export async function openSend(topic: BenchTopic): Promise<Send> {
  const app = await connect({ clientId: "bench-fill", logging: { level: "error" } });
  await app.topicProducer(topic.definition).start();
  await app.close();
  const found = await fetch(`${registryUrl}/subjects/${topic.event.subject}/versions/latest`);
  const { id } = (await found.json()) as { readonly id: number };
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const { codec } = topic.event;
  const toValue = ({ index, key }: Sent): Buffer => {
    const event = codec.create({ ...sample(), clientId: key, durationMs: index });
    const value = Buffer.from(codec.encode(event, frameBytes));
    value[0] = 0;
    value.writeUInt32BE(id, 1);
    return value;
  };
  const send = (records: readonly Sent[]): Promise<unknown> =>
    producer.send({
      topic: topic.name,
      messages: records.map((record) => ({ key: record.key, value: toValue(record) })),
    });
  return Object.assign(send, { close: () => producer.disconnect() });
}
