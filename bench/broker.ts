// How fast the embedded broker starts, takes in and gives out, beside kafkajs on the same machine.
//   node scripts/run.mjs node bench/broker.ts
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Kafka, logLevel } from "kafkajs";
import { createDevBroker } from "keryx/testing";
import type { Figure } from "./compat.ts";

const messages = 1_000_000;
const perBatch = 100;
const inFlight = 5;

interface Usage {
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly keptBytes: number;
}

async function ask<Answer>(child: ChildProcess, question: string): Promise<Answer> {
  child.send(question);
  const [answer] = await once(child, "message");
  return answer as Answer;
}

async function startProcess(
  retentionBytes: number,
): Promise<{ readonly child: ChildProcess; readonly kafka: Kafka }> {
  const child = fork(new URL("broker-process.ts", import.meta.url), [String(retentionBytes)]);
  const [{ bootstrap }] = await once(child, "message");
  return { child, kafka: new Kafka({ brokers: bootstrap, logLevel: logLevel.NOTHING }) };
}

/** The slowest of twenty, the first and coldest among them. */
async function startMs(brokers: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const before = performance.now();
    const broker = await createDevBroker({ brokers, log: () => {} });
    times.push(performance.now() - before);
    await broker.close();
  }
  return Math.max(...times);
}

async function produce(kafka: Kafka): Promise<number> {
  const producer = kafka.producer({ maxInFlightRequests: inFlight });
  await producer.connect();
  const value = "x".repeat(200);
  const batch = Array.from({ length: perBatch }, () => ({ value }));
  let left = messages / perBatch;
  const before = performance.now();
  const send = async (lane: number): Promise<void> => {
    const messages = batch.map((one) => ({ ...one, partition: lane % 4 }));
    while (left-- > 0) await producer.send({ topic: "bench", messages });
  };
  await Promise.all(Array.from({ length: inFlight }, (_, lane) => send(lane)));
  const tookMs = performance.now() - before;
  await producer.disconnect();
  return (messages / tookMs) * 1000;
}

async function consume(kafka: Kafka): Promise<number> {
  const consumer = kafka.consumer({ groupId: "bench", maxBytesPerPartition: 1_048_576 });
  await consumer.connect();
  await consumer.subscribe({ topic: "bench", fromBeginning: true });
  let seen = 0;
  let before = 0;
  const { promise, resolve } = Promise.withResolvers<number>();
  await consumer.run({
    eachBatch: async ({ batch }) => {
      before ||= performance.now();
      seen += batch.messages.length;
      if (seen >= messages) resolve(performance.now() - before);
    },
  });
  const tookMs = await promise;
  await consumer.disconnect();
  return (messages / tookMs) * 1000;
}

const round = (value: number): string => Math.round(value).toLocaleString("en");
const mebibytes = (bytes: number): string => `${round(bytes / 1024 / 1024)} MiB`;

function atMost(name: string, value: number, goal: number, show: (value: number) => string): Figure {
  return { name, value: show(value), goal: `at most ${show(goal)}`, isReached: value <= goal };
}

function atLeast(name: string, value: number, goal: number): Figure {
  return {
    name,
    value: `${round(value)} messages/s`,
    goal: `at least ${round(goal)}/s`,
    isReached: value >= goal,
  };
}

/** Figures of the embedded broker. */
export async function benchBroker(): Promise<readonly Figure[]> {
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const figures = [
    atMost("embedded broker ready", await startMs(1), 50, ms),
    atMost("three embedded brokers ready", await startMs(3), 100, ms),
  ];
  const { child, kafka } = await startProcess(-1);
  const idle = await ask<Usage>(child, "usage");
  const produced = await produce(kafka);
  const full = await ask<Usage>(child, "usage");
  const consumed = await consume(kafka);
  const read = await ask<Usage>(child, "usage");
  child.disconnect();
  figures.push(
    atLeast("kafkajs produces, 200 bytes, batches of 100, 5 in flight", produced, 70_000),
    atLeast(
      "the broker alone takes in, per second of its CPU",
      (messages / (full.cpuMs - idle.cpuMs)) * 1000,
      70_000,
    ),
    atLeast("kafkajs consumes them", consumed, 145_000),
    atLeast(
      "the broker alone gives out, per second of its CPU",
      (messages / (read.cpuMs - full.cpuMs)) * 1000,
      145_000,
    ),
    atMost("memory of a broker with a million of them", read.rssBytes, 600 * 1024 * 1024, mebibytes),
  );
  const retained = 16 * 1024 * 1024;
  const small = await startProcess(retained / 4);
  await produce(small.kafka);
  const kept = await ask<Usage>(small.child, "retain");
  small.child.disconnect();
  return [...figures, atMost("kept of them with `retention.bytes`", kept.keptBytes, retained, mebibytes)];
}

if (import.meta.main)
  for (const { name, value, goal, isReached } of await benchBroker())
    process.stdout.write(`${name}: ${value} (${goal}, ${isReached ? "reached" : "missed"})\n`);
