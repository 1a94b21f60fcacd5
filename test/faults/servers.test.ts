import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import {
  type RegistryFaultEffect,
  type RunPolicy,
  recordSend,
  startTestServers,
  type TestServers,
  type TestServersOptions,
} from "keryx/testing";
import { ApiRequest } from "../../generated/index.ts";
import { connect } from "../../src/keryx.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import type { RegisteredSchema } from "../../src/registry/port.ts";
import { toOrder, toRequest } from "../support/effects/workload.ts";
import { connectWire } from "../support/embedded-wire.ts";
import { leadersOf } from "../support/faults/cluster.ts";
import { until } from "../support/faults/run.ts";
import { describeScenarios, type Scenarios } from "../support/faults/scenarios.ts";

/** Servers of a scenario's own. */
interface World {
  servers(options?: TestServersOptions): Promise<TestServers>;
  close(): Promise<void>;
}

const idRoute = "/schemas/ids/{id}";
const registryOutages: Readonly<Record<string, RegistryFaultEffect>> = {
  "that is down": { kind: "close", handled: false },
  "that answers 429": { kind: "status", status: 429 },
  "that answers 500": { kind: "status", status: 500 },
  "that answers in ten seconds": { kind: "delay", delayMs: 10_000 },
};

const scenarios: Scenarios<World> = {
  "a broker that dies and comes back: sends go on without it, and all that was acknowledged is handled":
    async ({ world, start }) => {
      const servers = await world.servers({ broker: { brokers: 3 } });
      const run = await start({ servers, name: "broker-dies" });
      await run.during("broker 1 is dead", async () => {
        await servers.broker.stopBroker(1);
        const [acknowledged, topic] = [run.sender.acknowledged, run.topics.retried.name];
        expect(await leadersOf(servers.broker, topic), "leaders").not.to.include(1);
        await until("sends to be acknowledged", () => run.sender.acknowledged > acknowledged + 120);
        await run.untilHandled(60);
      });
      await servers.broker.startBroker(1);
      await run.untilHandled(60);
      await run.finish();
      const rejected = run.history.filter(({ name }) => name === "producer_send_error");
      expect(rejected, "sends that failed").to.deep.equal([]);
    },
  ...Object.fromEntries(
    Object.entries(registryOutages).map(([what, effect]): [string, Scenarios<World>[string]] => [
      `a registry ${what} pauses what needs it: no dead letter, not ready, and on again when it answers`,
      async ({ world, start }) => {
        const servers = await world.servers();
        const run = await start({
          ...{ servers, name: `registry-${what.replaceAll(" ", "-")}`, sendsDirectly: true },
          connect: { registry: { url: servers.registryUrl, timeoutMs: 1_000 } },
          beforeConsuming: async ({ sender }) => {
            await until("events are sent", () => sender.acknowledged > 60);
            servers.registry.faults.inject({ route: idRoute }, effect, { times: Number.POSITIVE_INFINITY });
          },
        });
        await run.during("the registry is away", async () => {
          const isHeld = (signal: (typeof run.signals)[number]): boolean =>
            signal.kind === "partition.paused" && signal.cause === "registry";
          await until("partitions wait for the registry", () => run.signals.some(isHeld));
          await wait(2_000);
          expect(run.effects, "effects").to.deep.equal([]);
          expect(run.app.health(), "health").to.include({ live: true, ready: false });
        });
        expect(servers.registry.faults.unused()).to.deep.equal([]);
        servers.registry.faults.clear();
        const healedAt = performance.now();
        await run.untilHandled(60);
        // Five seconds of the probe, and what a busy machine takes.
        expect(performance.now() - healedAt, "milliseconds until it went on").to.be.lessThan(10_000);
        await run.finish();
      },
    ]),
  ),
  "a registry that gives the wrong schema: dead letters say incompatible-schema, and the partition moves":
    async ({ world, seed }) => {
      const servers = await world.servers();
      const [topic, dlq] = ["wrong-schema", "wrong-schema-dlq"];
      const event = {
        ...ApiRequest,
        topic,
        subject: `${topic}-value`,
        policy: { ...ApiRequest.policy, ordered: false, retry: { delaysMs: [] }, deadLetter: dlq },
      };
      let isWrong = true;
      const inner = createHttpRegistry({ url: servers.registryUrl }, () => {});
      const schemaById = async (id: number): Promise<RegisteredSchema> => {
        const found = await inner.schemaById(id);
        // A string is read where the reader has a number.
        return isWrong ? { ...found, schema: found.schema.replaceAll('"int"', '"string"') } : found;
      };
      const app = await servers.connect({
        registry: { ...inner, schemaById, cachedSchema: () => undefined },
      });
      const handled: string[] = [];
      const consume = (group: string) =>
        app.consumer({ group, from: "earliest" }).on(event, ({ requestId }) => void handled.push(requestId));
      const task = { flow: "ordered", key: "k", seq: 0, succeedsAt: 1, workMs: 0 } as const;
      const ids = Array.from(
        { length: 20 },
        (_, i) => `${String(seed).padStart(8, "0").slice(-8)}-0000-4000-8000-${String(i).padStart(12, "0")}`,
      );
      for (const id of ids) await servers.publish(event, toRequest({ ...task, id }));
      await consume("billing").start();
      await servers.untilProcessed("billing");
      const letters = servers.broker.records(dlq);
      const classes = letters.map(({ headers }) =>
        ["keryx-failure-class", "keryx-attempt-count"].map((name) =>
          String(headers.find((one) => one.name === name)?.value),
        ),
      );
      expect(classes).to.deep.equal(ids.map(() => ["incompatible-schema", "1"]));
      expect(handled).to.deep.equal([]);
      isWrong = false;
      await consume("audit").start();
      await servers.untilProcessed("audit");
      expect(new Set(handled)).to.deep.equal(new Set(ids));
    },
  "a topic that grows: its new partitions are read from their start, also by who begins at the end": async ({
    world,
    start,
  }) => {
    const servers = await world.servers();
    const run = await start({
      ...{ servers, name: "grows", partitions: 2, consumer: { from: "latest" } },
      // Keys move to other partitions, so that their order is given up.
      policy: (given: RunPolicy) => ({
        ...given,
        flows: given.flows.map((flow) => ({ ...flow, order: "none" as const })),
      }),
    });
    await run.during("more partitions", async () => {
      const client = await connectWire(servers.brokers[0] ?? "");
      const topics = [run.topics.retried, run.topics.ordered].map(({ name }) => ({
        name,
        count: 4,
        assignments: null,
      }));
      await client.ask("CreatePartitions", 0, { topics, timeoutMs: 1_000 });
      client.close();
      // By a producer that knows of them at once, before the group does.
      for (let i = 0; i < 40; i++) {
        const task = {
          flow: "retried",
          id: `new-${i}`,
          key: `new-${i}`,
          seq: 0,
          succeedsAt: 1,
          workMs: 0,
        } as const;
        const { id, key, seq } = task;
        await recordSend(run.log, { id, key, seq, topic: run.topics.retried.name }, () =>
          servers.publish(run.topics.order, toOrder(task)),
        );
      }
      const isNew = ({
        at,
      }: {
        readonly at: { readonly topic: string; readonly partition: number };
      }): boolean => at.topic === run.topics.retried.name && at.partition >= 2;
      await run.untilHandled(10, isNew, 90_000);
    });
    await run.finish();
  },
  "a topic that is deleted and made again: nothing of the old log is applied to the new one": async ({
    world,
  }) => {
    const servers = await world.servers();
    const topic = "made-again";
    const event = {
      ...ApiRequest,
      topic,
      subject: `${topic}-value`,
      policy: { ...ApiRequest.policy, ordered: false, retry: { delaysMs: [] }, deadLetter: `${topic}-dlq` },
    };
    servers.broker.createTopic({ name: topic, partitions: 1 });
    const app = await servers.connect();
    const handled: string[] = [];
    await app
      .consumer({ group: "billing", sessionTimeoutMs: 6_000, drainTimeoutMs: 500, commitTimeoutMs: 2_000 })
      .on(event, ({ path }) => void handled.push(path))
      .start();
    const send = async (name: string, count: number): Promise<void> => {
      const task = { flow: "ordered", key: "k", seq: 0, succeedsAt: 1, workMs: 0 } as const;
      const sender = await connect({
        ...{ brokers: [...servers.brokers], registry: servers.registryUrl, environment: {} },
        logging: { level: "silent" },
      });
      const init = toRequest({ ...task, id: "00000000-0000-4000-8000-000000000000" });
      for (let i = 0; i < count; i++)
        await sender.producer.send(event, {
          ...init,
          requestId: crypto.randomUUID() as typeof init.requestId,
          path: `${name}${i}`,
        });
      await sender.close();
    };
    await send("old", 50);
    await until("the old ones are handled", () => handled.length === 50);
    await until("they are committed", () =>
      servers.broker.lag("billing").every(({ committed, end }) => committed === end),
    );
    const client = await connectWire(servers.brokers[0] ?? "");
    await client.ask("DeleteTopics", 1, { topics: [topic], timeoutMs: 1_000 });
    client.close();
    servers.broker.createTopic({ name: topic, partitions: 1 });
    await send("new", 30);
    await until("all of the new log is handled", () => handled.length === 80, 60_000).catch(
      (error: Error) => {
        throw new Error(
          `${error.message}: ${handled.length - 50} of 30, ${JSON.stringify(servers.broker.lag("billing"))}`,
        );
      },
    );
    expect(handled.slice(50)).to.deep.equal(Array.from({ length: 30 }, (_, i) => `new${i}`));
  },
};

describeScenarios(
  "When servers fail or change, nothing is lost, invented, reordered or committed too early",
  scenarios,
  async (): Promise<World> => {
    const open: TestServers[] = [];
    return {
      async servers(options) {
        const servers = await startTestServers(options);
        open.push(servers);
        return servers;
      },
      close: async () => void (await Promise.all(open.map((servers) => servers.close()))),
    };
  },
  (world) => world.close(),
);
