import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type BrokerSignal, startTestServers, type TestServers } from "keryx/testing";
import { OrderPlaced } from "../../../generated/index.ts";
import { sleep } from "../../../src/core/clock.ts";
import { connect, type KeryxApp } from "../../../src/keryx.ts";
import { batchOf, produce } from "../embedded-batch.ts";
import { connectWire } from "../embedded-wire.ts";
import { waitUntil } from "../servers.ts";
import { type ChaosResult, type ChaosWorkload, unless } from "./workload.ts";

const total = 1_000_000;
const partitions = 4;
const perBatch = 5_000;
const workMs = 100;
const longMs = 600_000;
const sessionTimeoutMs = 10_000;
const mebibyte = 1_048_576;
const maxHeldMiB = 150;
/** Steps between two looks at what is held, each of which collects the garbage. */
const lookEvery = 1_000;
const group = "backlog";

/** A million records wait, and handlers are slow: by the apps' clock, which is moved on. */
export const backlog: ChaosWorkload = {
  name: "backlog",
  shows:
    "A million records wait behind handlers of 100 ms, one of them of ten minutes: what is read ahead stays small, no heartbeat is missed and the group never rebalances",
  scales: {
    small: "ten minutes of the clock, 16 handlers at once",
    full: "until all are handled, 64 at once",
  },
  async run(_servers, _seed, scale) {
    const beats = watchHeartbeats();
    await using servers = await startTestServers({
      broker: { topics: [{ name: OrderPlaced.topic, partitions }], observe: beats.hear },
    });
    await fill(servers);
    const isFull = scale === "full";
    const concurrency = isFull ? 64 : 16;
    const until = isFull ? total : (longMs / workMs) * (concurrency - 1);
    // Not the servers' own way to connect, which remembers what was handled.
    const app = await connect({
      ...{ clock: servers.clock, createTopics: true, logging: { level: "silent" } },
      brokers: [...servers.brokers],
      registry: servers.registryUrl,
    });
    try {
      return await work(app, servers, concurrency, until, beats);
    } finally {
      await app.close();
    }
  },
};

async function fill({ broker, brokers, publish }: TestServers): Promise<void> {
  const order = { eventId: "e", orderId: "o", customerId: "c", totalMinor: 1n };
  const first = await publish(OrderPlaced, order);
  const published = broker.records(first.topic).find(({ partition }) => partition === first.partition);
  const value = published?.value ?? null;
  const batch = batchOf(
    Array.from({ length: perBatch }, (_, index) => ({ key: `key-${index % 1_000}`, value })),
  );
  const client = await connectWire(brokers[0] ?? "");
  for (let count = 0; count < total; count += perBatch)
    await produce(client, OrderPlaced.topic, batch, { index: (count / perBatch) % partitions });
  client.close();
}

async function work(
  app: KeryxApp,
  { broker, clock }: TestServers,
  concurrency: number,
  until: number,
  beats: Heartbeats,
): Promise<ChaosResult> {
  let [started, handled] = [0, 0];
  let isLongDone = false;
  // The values are all the same, so that nothing but their keys keeps them apart.
  const options = {
    group,
    dedupe: "off",
    concurrency,
    sessionTimeoutMs,
    handlerTimeoutMs: 2 * longMs,
  } as const;
  const consumer = app
    .consumer({ ...options, drainTimeoutMs: 3_000, commitTimeoutMs: 2_000 })
    .on(OrderPlaced, async (_, { signal }) => {
      const isLong = started++ === 0;
      // The drain at the end does not wait for the time to be moved on.
      await sleep(clock, isLong ? longMs : workMs, signal);
      if (isLong) isLongDone = true;
      handled++;
    });
  const heldBefore = toHeld();
  const rssBefore = process.memoryUsage().rss;
  let [mostHeld, mostRss, looks] = [0, rssBefore, 0];
  await consumer.start();
  await waitUntil("the first handlers run", () => started > 0);
  const generation = broker.group(group)?.generation;
  beats.start();
  const startedAt = performance.now();
  while (handled < until || !isLongDone) {
    await clock.advance(workMs);
    await turn();
    mostRss = Math.max(mostRss, process.memoryUsage().rss);
    if (++looks % lookEvery === 0) mostHeld = Math.max(mostHeld, toHeld());
  }
  const lastsMs = performance.now() - startedAt;
  const gapMs = beats.longestGapMs();
  const heldMiB = Math.round((mostHeld - heldBefore) / mebibyte);
  const left = broker.lag(group).reduce((sum, { end, committed }) => sum + end - (committed ?? 0), 0);
  return {
    figures: {
      handled,
      "left behind": left,
      "held for the backlog (MiB)": heldMiB,
      "growth of the process, brokers included (MiB)": Math.round((mostRss - rssBefore) / mebibyte),
      "longest time without a heartbeat (ms)": Math.round(gapMs),
      "ran for (ms)": Math.round(lastsMs),
    },
    problems: [
      ...unless(broker.group(group)?.generation === generation, "the group has rebalanced"),
      ...unless(gapMs < sessionTimeoutMs, `no heartbeat for ${gapMs} ms`),
      ...unless(heldMiB <= maxHeldMiB, `${heldMiB} MiB were held`),
    ],
  };
}

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

// Garbage is the process's own affair: how much of it there may be depends on how much memory there is.
function toHeld(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Heartbeats {
  hear(signal: BrokerSignal): void;
  start(): void;
  longestGapMs(): number;
}

function watchHeartbeats(): Heartbeats {
  let lastMs = 0;
  let gapMs = 0;
  const note = (): void => {
    const now = performance.now();
    gapMs = Math.max(gapMs, now - lastMs);
    lastMs = now;
  };
  return {
    hear(signal) {
      if (signal.kind === "request.received" && signal.api === "Heartbeat") note();
    },
    start() {
      lastMs = performance.now();
      gapMs = 0;
    },
    longestGapMs() {
      note();
      return gapMs;
    },
  };
}
