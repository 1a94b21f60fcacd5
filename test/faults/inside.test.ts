import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { type RunPolicy, startTestServers, type TestServers } from "keryx/testing";
import { createConsumer } from "../../src/consumer/consumer.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createContextStore } from "../../src/core/context.ts";
import type { Signal } from "../../src/core/signals.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import type { DedupeStore } from "../../src/stores/port.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import { createRandom } from "../support/effects/random.ts";
import { toFlowTopics, toOrder } from "../support/effects/workload.ts";
import { until } from "../support/faults/run.ts";
import { describeScenarios, type Scenarios } from "../support/faults/scenarios.ts";

const hourMs = 3_600_000;

/** The system's time, set wrong by so much. */
function createWrongClock() {
  const clock = {
    aheadMs: 0,
    now: (): number => systemClock.now() + clock.aheadMs,
    schedule: systemClock.schedule,
  };
  return clock;
}

async function withoutStore(
  world: TestServers,
  seed: number,
  onStoreDown: "pause" | "process",
): Promise<void> {
  const topics = toFlowTopics(`dedupe-${onStoreDown}-${seed}`);
  const group = `dedupe-${onStoreDown}-${seed}-group`;
  world.broker.createTopic({ name: topics.retried.name, partitions: 2 });
  const memory = createMemoryStore(systemClock);
  let isDown = false;
  const asked = <Result>(answer: () => Result): Result => {
    if (isDown) throw new Error("the store is down");
    return answer();
  };
  const store: DedupeStore = {
    claim: (...given) => asked(() => memory.claim(...given)),
    renew: (...given) => asked(() => memory.renew(...given)),
    done: (...given) => asked(() => memory.done(...given)),
    release: (...given) => asked(() => memory.release(...given)),
    close: () => memory.close(),
  };
  const transport = createKafkajsPort({ brokers: world.brokers }, () => {});
  const registry = createHttpRegistry({ url: world.registryUrl }, () => {});
  const [signals, handled]: [Signal[], string[]] = [[], []];
  const consumer = createConsumer(
    {
      ...{ transport, registry, clock: systemClock, context: createContextStore(), createTopics: true },
      ...{ dedupeStore: store, observe: (signal: Signal) => void signals.push(signal) },
    },
    { group, onStoreDown },
  ).on(topics.order, ({ eventId }) => void handled.push(eventId));
  const send = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++)
      await world.publish(
        topics.order,
        toOrder({ flow: "retried", id: `${i}`, key: `k${i % 7}`, seq: i, succeedsAt: 1, workMs: 0 }),
      );
  };
  try {
    await consumer.start();
    await send(0, 30);
    await until("the first are handled", () => handled.length === 30);
    isDown = true;
    await send(30, 60);
    if (onStoreDown === "process") {
      await until("all are handled without the store", () => handled.length === 60);
      const bypassed = signals.filter(({ kind }) => kind === "dedupe.bypassed");
      expect(bypassed.length, "records that went past it").to.be.at.least(30);
    } else {
      const isHeld = (signal: Signal): boolean =>
        signal.kind === "partition.paused" && signal.cause === "dedupe";
      await until("partitions wait for the store", () => signals.some(isHeld));
      await wait(1_000);
      expect(handled, "handled without the store").to.have.length(30);
    }
    isDown = false;
    await until("all are handled", () => handled.length >= 60);
    await until("all are committed", () =>
      world.broker.lag(group).every(({ committed = 0, end }) => committed === end),
    );
    expect(new Set(handled).size).to.equal(60);
    expect(handled).to.have.length(60);
  } finally {
    await consumer.close();
    await Promise.all([transport.close(), registry.close(), memory.close()]);
  }
}

const scenarios: Scenarios<TestServers> = {
  "a dedupe store that does not answer pauses, and nothing is handled twice or left out": ({ world, seed }) =>
    withoutStore(world, seed, "pause"),
  "a dedupe store that does not answer is done without where that was asked for, and each record is counted":
    ({ world, seed }) => withoutStore(world, seed, "process"),
  "a clock that jumps an hour ahead: nothing is tried too early by it, leases and timers go on": async ({
    world,
    start,
  }) => {
    const clock = createWrongClock();
    const run = await start({ servers: world, name: "clock-ahead", connect: { clock } });
    await run.during("an hour ahead", async () => {
      clock.aheadMs = hourMs;
      await run.untilHandled(150);
    });
    await run.finish();
  },
  "a clock that jumps an hour back and is set right again: nothing is tried too early, leases and timers go on":
    async ({ world, start }) => {
      const clock = createWrongClock();
      // A retry that seems to be due in an hour is looked at again every few seconds.
      const run = await start({
        servers: world,
        name: "clock-behind",
        connect: { clock },
        patienceMs: 80_000,
      });
      await run.during("an hour behind", async () => {
        clock.aheadMs = -hourMs;
        await run.untilHandled(100);
        clock.aheadMs = 0;
      });
      await run.untilHandled(50);
      await run.finish();
    },
  "one value in a hundred is damaged: it is dead-lettered at once as what it is, and the rest moves": async ({
    world,
    seed,
    start,
  }) => {
    const classes = ["transient", "bad-bytes", "unknown-schema"];
    const run = await start({
      ...{ servers: world, name: "damaged" },
      policy: (given: RunPolicy) => ({
        ...given,
        flows: given.flows.map((flow) => ({ ...flow, isShared: true, failureClasses: classes })),
      }),
    });
    const random = createRandom(seed);
    const port = createKafkajsPort({ brokers: world.brokers }, () => {});
    const producer = port.producer({
      acks: "all",
      idempotent: false,
      compression: "none",
      requestTimeoutMs: 5_000,
    });
    const damaged = 12;
    await run.during("damaged values", async () => {
      for (let i = 0; i < damaged; i++) {
        const value = Uint8Array.from({ length: 1 + Math.floor(random() * 40) }, () =>
          Math.floor(random() * 256),
        );
        // Every other one at least looks like a record of the registry, of a schema that is none.
        if (i % 2 === 0) value.set([0, 0, 0, 0, 1].slice(0, value.length));
        const headers = [["message-id", new TextEncoder().encode(`damaged-${i}`)]] as const;
        await producer.send([
          { topic: run.topics.retried.name, key: new TextEncoder().encode(`d${i}`), value, headers },
        ]);
        await run.untilHandled(4);
      }
    });
    await producer.close();
    await port.close();
    const { partitions } = await run.finish();
    const letters = partitions
      .filter(({ topic }) => topic === run.topics.order.policy.deadLetter)
      .flatMap(({ records }) => records)
      .filter(({ id }) => id.startsWith("damaged-"));
    expect(letters.map(({ id }) => id).toSorted()).to.deep.equal(
      Array.from({ length: damaged }, (_, i) => `damaged-${i}`).toSorted(),
    );
    for (const { headers } of letters) {
      const of = (name: string): string => headers.findLast(([own]) => own === name)?.[1] ?? "";
      expect(["bad-bytes", "unknown-schema"]).to.include(of("keryx-failure-class"));
      expect(of("keryx-attempt-count")).to.equal("1");
    }
  },
  "a log and observers that hang or throw: events are handled as before": async ({ world, start }) => {
    let written = 0;
    let observed = 0;
    const run = await start({
      ...{ servers: world, name: "sinks" },
      connect: {
        logging: { level: "debug" },
        logDestination: {
          write() {
            written++;
            // As a stream that nobody reads any more.
            throw new Error("the log cannot be written");
          },
        },
        observe: () => {
          observed++;
          if (observed % 2 === 0) throw new Error("the sink is broken");
          // Never resolves: nobody may wait for it.
          return new Promise<void>(() => {}) as unknown as undefined;
        },
      },
    });
    await run.during("broken sinks", () => run.untilHandled(150));
    await run.finish();
    expect([written > 0, observed > 0], "both were asked").to.deep.equal([true, true]);
  },
};

describeScenarios(
  "When what is inside a process fails, nothing is lost, invented, reordered or committed too early",
  scenarios,
  () => startTestServers({ broker: { brokers: 2 } }),
  (servers) => servers.close(),
);
