import { setTimeout as wait } from "node:timers/promises";
import type { ConsumerOptions, Delivery, EventType } from "keryx";
import { OrderPlaced, type OrderPlacedInit } from "../../../generated/index.ts";
import type { Signal } from "../../../src/core/signals.ts";
import { connect, type KeryxApp } from "../../../src/keryx.ts";
import { createRandom } from "../effects/random.ts";
import { createTopics, uniqueName, waitUntil } from "../servers.ts";
import { type ChaosResult, type ChaosServers, type ChaosWorkload, unless } from "./workload.ts";

type Order = EventType<OrderPlaced, OrderPlacedInit>;

const [leastTimesSerial, mostCost, mostLateMs] = [8, 0.1, 500];
const [keys, limit] = [100, 16];
const [quickMs, slowMs] = [5, 1_000];
const retryMs = 1_000;
const rounds = 5;

/** How fast it is where records could stand in each other's way: ratios and lateness, which a busy machine bears. */
export const pace: ChaosWorkload = {
  name: "pace",
  shows:
    "Keys of one partition run beside each other, a slow topic leaves the consumer of another its pace, and a retry is never early and hardly late",
  scales: { small: "1,000 records of each kind", full: "5,000 records of each kind" },
  async run(servers, seed, scale) {
    const count = scale === "full" ? 5_000 : 1_000;
    const signals: Signal[] = [];
    const app = await connect({
      brokers: [...servers.brokers],
      registry: servers.registryUrl,
      logging: { level: "error" },
      observe: (signal) => void signals.push(signal),
    });
    try {
      const parts = [
        await measureKeys(servers, app, seed, count),
        await measureNeighbours(servers, app, 4 * count),
        await measureRetries(servers, app, signals, count / 10),
      ];
      return {
        figures: Object.assign({}, ...parts.map(({ figures }) => figures)),
        problems: parts.flatMap(({ problems }) => problems),
      };
    } finally {
      await app.close();
    }
  },
};

async function createOrders(
  { brokers }: ChaosServers,
  name: string,
  partitions: number,
  delaysMs: readonly number[] = [],
): Promise<Order> {
  const topic = uniqueName(name);
  await createTopics(brokers, [{ topic, partitions }]);
  const policy = { ...OrderPlaced.policy, retry: { delaysMs }, deadLetter: `${topic}-dlq` };
  return { ...OrderPlaced, topic, subject: `${topic}-value`, policy };
}

async function publish(app: KeryxApp, order: Order, count: number, workMs: () => number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => send(app, order, index, workMs())));
}

function send(app: KeryxApp, order: Order, index: number, workMs: number): Promise<unknown> {
  return app.producer.send(order, {
    ...{ eventId: `${order.topic}-${index}`, orderId: `key-${index % keys}`, customerId: "c" },
    totalMinor: BigInt(workMs),
  });
}

/** Handles all that is there, under a group of its own. Gives records a second, from the first handler to the last. */
async function drain(
  app: KeryxApp,
  order: Order,
  count: number,
  options: Partial<ConsumerOptions>,
): Promise<{ readonly rate: number; readonly most: number }> {
  let [handled, running, most, startedAt] = [0, 0, 0, 0];
  const consumer = app
    .consumer({ group: uniqueName("pace"), createTopics: true, ...options })
    .on(order, async ({ totalMinor }) => {
      startedAt ||= performance.now();
      most = Math.max(most, ++running);
      await wait(Number(totalMinor));
      running--;
      handled++;
    });
  await consumer.start();
  await waitUntil(`${order.topic} is handled`, () => handled === count, { timeoutMs: 300_000 });
  const seconds = (performance.now() - startedAt) / 1_000;
  await consumer.close();
  return { rate: count / seconds, most };
}

/** One partition, and handlers of 0 to 5 ms. */
async function measureKeys(
  servers: ChaosServers,
  app: KeryxApp,
  seed: number,
  count: number,
): Promise<ChaosResult> {
  const random = createRandom(seed);
  const order = await createOrders(servers, "keys", 1);
  const { key: _, ...free } = await createOrders(servers, "no-keys", 1);
  const work = (): number => Math.floor(random() * 6);
  await publish(app, order, count, work);
  await publish(app, free, count, work);
  const serial = await drain(app, order, count, { order: "partition", concurrency: limit });
  const byKey = await drain(app, order, count, { concurrency: limit });
  const byNone = await drain(app, free, count, { concurrency: limit });
  const times = byKey.rate / serial.rate;
  return {
    figures: {
      "100 keys of one partition, 16 at once, to one at a time": round(times),
      "without keys, to one at a time": round(byNone.rate / serial.rate),
    },
    problems: [
      ...unless(times >= leastTimesSerial, `100 keys at once are only ${round(times)} times as fast`),
      ...unless(byNone.most === limit, `only ${byNone.most} records without keys ran at once`),
    ],
  };
}

/** A consumer alone, and beside one of another topic whose handlers take a second, in turn. */
async function measureNeighbours(servers: ChaosServers, app: KeryxApp, count: number): Promise<ChaosResult> {
  const quick = await createOrders(servers, "quick", 4);
  const slow = await createOrders(servers, "slow", 4);
  await publish(app, quick, count, () => quickMs);
  await publish(app, slow, count, () => slowMs);
  const costs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const alone = await drain(app, quick, count, {});
    let busy = 0;
    const neighbour = app
      .consumer({ group: uniqueName("slow"), createTopics: true, closeTimeoutMs: 2_000 })
      .on(slow, async (__, { signal }) => {
        busy++;
        await wait(slowMs, undefined, { signal });
      });
    await neighbour.start();
    await waitUntil("the slow topic is at work", () => busy >= 64);
    const beside = await drain(app, quick, count, {});
    await neighbour.close();
    costs.push(1 - beside.rate / alone.rate);
  }
  const cost = costs.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 1;
  return {
    figures: { "what a slow topic beside it costs a consumer (%)": round(cost * 100) },
    problems: unless(cost <= mostCost, `a slow topic costs another one ${round(cost * 100)} %`),
  };
}

/** Retries one after the other on a partition that has nothing else to do. */
async function measureRetries(
  servers: ChaosServers,
  app: KeryxApp,
  signals: readonly Signal[],
  count: number,
): Promise<ChaosResult> {
  const order = await createOrders(servers, "retries", 1, [retryMs]);
  const startedMs = new Map<string, number>();
  const perform = ({ attempt, messageId }: Delivery): void => {
    if (attempt === 1) throw new Error("not yet");
    startedMs.set(messageId, Date.now());
  };
  const consumer = app
    .consumer({ group: uniqueName("pace"), createTopics: true })
    .on(order, (__, delivery) => perform(delivery));
  await consumer.start();
  for (let index = 0; index < count; index++) {
    await send(app, order, index, 0);
    await wait(20);
  }
  await waitUntil("all retries ran", () => startedMs.size === count, { timeoutMs: 60_000 });
  await consumer.close();
  const late = signals.flatMap((signal) => {
    if (signal.kind !== "record.handled" || signal.record.topic !== order.topic) return [];
    const startMs = startedMs.get(signal.record.messageId ?? "");
    const dueMs = signal.next?.dueAtMs;
    return startMs === undefined || dueMs === undefined ? [] : startMs - dueMs;
  });
  late.sort((a, b) => a - b);
  const p99 = late[Math.floor(late.length * 0.99)] ?? Number.NaN;
  return {
    figures: { "retries that ran": late.length, "how late, 99th percentile (ms)": p99 },
    problems: [
      ...unless(late.length === count, `only ${late.length} retries were told of`),
      ...unless((late[0] ?? -1) >= 0, `a retry ran ${late[0]} ms early`),
      ...unless(p99 <= mostLateMs, `one retry in a hundred was ${p99} ms late or more`),
    ],
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;
