// What does one stuck key cost the others, how much later do handlers see a record, and does memory stay flat?
import { fork } from "node:child_process";
import { once } from "node:events";
import type { Figure } from "./compat.ts";
import type { MemoryRun } from "./consume-process.ts";
import { fill, type Handle, openSend, type Running, startKafkajs, startKeryx } from "./contenders.ts";
import { median } from "./median.ts";
import { type BenchTopic, createBenchTopic } from "./setup.ts";

const memoryRecords = 1_000_000;
const perSecond = 1_000;
const latencySeconds = 15;
const sendEveryMs = 20;
const stuckForMs = 30_000;
const warmUpMs = 1_000;
const stuckWindowMs = 4_000;
const stuckRounds = 5;
const rounds = 3;

type Start = (topic: BenchTopic, handle: Handle) => Promise<Running>;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const round = (value: number): string => Math.round(value).toLocaleString("en-US");

/** Other keys' records per second while one key is stuck, or while none is; how a run begins and ends is left out. */
async function consumeBesides(start: Start, topic: BenchTopic, stuckKey?: string): Promise<number> {
  const first = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const end = setTimeout(release.resolve, stuckForMs);
  let seen = 0;
  const running = await start(topic, async ({ clientId }) => {
    first.resolve();
    if (clientId === stuckKey) return release.promise;
    await wait(5);
    seen++;
  });
  await first.promise;
  await wait(warmUpMs);
  const [before, beganMs] = [seen, performance.now()];
  await wait(stuckWindowMs);
  const rate = (seen - before) / ((performance.now() - beganMs) / 1000);
  clearTimeout(end);
  release.resolve();
  await running.stop();
  return rate;
}

async function benchStuck(): Promise<readonly Figure[]> {
  // More than anybody handles meanwhile.
  const total = 96_000;
  const topic = await createBenchTopic("consume-stuck", 12);
  await fill(topic, total, 1_000);
  const shares: Record<"keryx" | "byHand", number[]> = { keryx: [], byHand: [] };
  const rates: string[] = [];
  for (let turn = 0; turn < stuckRounds; turn++)
    for (const [name, start] of [
      ["byHand", startKafkajs],
      ["keryx", startKeryx],
    ] as const) {
      const free = await consumeBesides(start, topic);
      const besides = await consumeBesides(start, topic, "0");
      shares[name].push(besides / free);
      if (turn === stuckRounds - 1) rates.push(`${round(besides)} of ${round(free)}/s`);
    }
  const share = median(shares.keryx);
  const percent = (value: number): string => `${(value * 100).toFixed(0)} %`;
  return [
    {
      name: "throughput of the others while one key of 1,000 is stuck (handlers of 5 ms)",
      value: `${percent(share)} (${rates[1]}); kafkajs ${percent(median(shares.byHand))} (${rates[0]})`,
      goal: "at least 90 %",
      isReached: share >= 0.9,
    },
  ];
}

/** How long after its sending each record is handled, in milliseconds, in order of size. */
async function measureLatency(start: Start, topic: BenchTopic): Promise<readonly number[]> {
  const total = perSecond * latencySeconds;
  const warmUp = perSecond * 3;
  const sentMs = new Float64Array(total);
  const tookMs: number[] = [];
  const done = Promise.withResolvers<void>();
  let seen = 0;
  const running = await start(topic, ({ durationMs: index }) => {
    if (index >= warmUp) tookMs.push(performance.now() - (sentMs[index] ?? 0));
    if (++seen === total) done.resolve();
  });
  const send = await openSend(topic);
  const began = performance.now();
  for (let sent = 0; sent < total; ) {
    const now = performance.now();
    const due = Math.min(total, Math.floor(((now - began) / 1000) * perSecond));
    sentMs.fill(now, sent, due);
    // One key and so one request at a time: what is measured is the consumer, not brokers that share its processor.
    const records = Array.from({ length: due - sent }, (_, i) => ({ index: sent + i, key: `${due}` }));
    sent = due;
    if (records.length > 0) send(records).catch(done.reject);
    await wait(sendEveryMs);
  }
  await done.promise;
  await running.stop();
  await send.close();
  return tookMs.sort((a, b) => a - b);
}

async function benchLatency(): Promise<readonly Figure[]> {
  const added: number[] = [];
  const shown: string[] = [];
  const p99 = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  for (let turn = 0; turn < rounds; turn++) {
    const byHand = p99(await measureLatency(startKafkajs, await createBenchTopic("latency-by-hand", 12)));
    const keryx = p99(await measureLatency(startKeryx, await createBenchTopic("latency", 12)));
    added.push(keryx - byHand);
    shown.push(`${keryx.toFixed(1)} beside ${byHand.toFixed(1)} ms`);
  }
  const worst = median(added);
  return [
    {
      name: `p99 from sending to the handler at ${round(perSecond)} records/s, more than kafkajs`,
      value: `${worst.toFixed(1)} ms (${shown.join(", ")})`,
      goal: "at most 5 ms",
      isReached: worst <= 5,
    },
  ];
}

async function benchMemory(): Promise<readonly Figure[]> {
  const topic = await createBenchTopic("memory", 12);
  await fill(topic, memoryRecords);
  const child = fork(new URL("consume-process.ts", import.meta.url), [topic.name, String(memoryRecords)], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  const [{ firstBytes, lastBytes }] = (await once(child, "message")) as [MemoryRun];
  const grownBytes = lastBytes - firstBytes;
  const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  return [
    {
      name: "heap after a million records, more than after the first 100,000",
      value: `${mebibytes(grownBytes)} (${mebibytes(firstBytes)}, then ${mebibytes(lastBytes)})`,
      goal: "at most 20 MB",
      isReached: grownBytes <= 20_000_000,
    },
  ];
}

/** Figures of the consumer. */
export async function benchConsumeFigures(): Promise<readonly Figure[]> {
  const figures = [...(await benchStuck()), ...(await benchLatency()), ...(await benchMemory())];
  for (const { name, value, goal } of figures) console.log(`${name}: ${value}, goal ${goal}`);
  return figures;
}
