// What does the engine cost per record, and what does it gain when handlers wait?
import { randomUUID } from "node:crypto";
import { connect } from "keryx";
import { type BenchTopic, createBenchTopic, duel, kafka, type Measured, sample } from "./setup.ts";

const frameBytes = 5;

interface Progress {
  readonly done: Promise<number>;
  count(): void;
}

/** Records per second between the first record and the last of `total`. */
function createProgress(total: number): Progress {
  const { promise, resolve } = Promise.withResolvers<number>();
  let seen = 0;
  let began = 0;
  return {
    done: promise,
    count() {
      if (seen++ === 0) began = performance.now();
      if (seen === total) resolve(total / ((performance.now() - began) / 1000));
    },
  };
}

async function fill(topic: BenchTopic, total: number): Promise<void> {
  const app = await connect({ clientId: "bench-fill", logging: { level: "error" } });
  const producer = app.topicProducer(topic.definition);
  const sends: Promise<unknown>[] = [];
  for (let sent = 0; sent < total; sent++)
    sends.push(producer.send(topic.event, { ...sample(), clientId: randomUUID() }));
  await Promise.all(sends);
  await app.close();
}

async function withKafkajs(topic: BenchTopic, total: number, handle: () => Promise<void>): Promise<number> {
  const progress = createProgress(total);
  const consumer = kafka.consumer({ groupId: `by-hand-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic.name], fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: 12,
    async eachMessage({ message }) {
      // The same decoding on both sides: what is compared is the loop around it.
      if (message.value) topic.event.codec.decode(message.value.subarray(frameBytes));
      await handle();
      progress.count();
    },
  });
  const rate = await progress.done;
  await consumer.disconnect();
  return rate;
}

async function withKeryx(
  topic: BenchTopic,
  total: number,
  concurrency: number,
  handle: () => Promise<void> | undefined,
): Promise<number> {
  const progress = createProgress(total);
  const app = await connect({ clientId: "bench", logging: { level: "error" } });
  const consumer = app
    .consumer({ group: `keryx-${randomUUID()}`, concurrency, createTopics: true })
    .on(topic.event, async () => {
      await handle();
      progress.count();
    });
  await consumer.start();
  const rate = await progress.done;
  await app.close();
  return rate;
}

export async function benchConsume(): Promise<readonly Measured[]> {
  const noop = 60_000;
  const waiting = 12_000;
  const quick = await createBenchTopic("consume", 12);
  await fill(quick, noop);
  const slow = await createBenchTopic("consume-slow", 12);
  await fill(slow, waiting);
  const nothing = async (): Promise<void> => {};
  const fiveMs = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  await withKafkajs(quick, noop, nothing);
  await withKeryx(quick, noop, 64, nothing);
  return [
    await duel(
      "consume, handler that does nothing",
      5,
      { byHand: () => withKafkajs(quick, noop, nothing), keryx: () => withKeryx(quick, noop, 64, nothing) },
      0.7,
    ),
    await duel(
      "consume, handler that waits 5 ms, 12 partitions, concurrency 64",
      3,
      { byHand: () => withKafkajs(slow, waiting, fiveMs), keryx: () => withKeryx(slow, waiting, 64, fiveMs) },
      4,
    ),
  ];
}
