import { expect } from "chai";
import { Kafka, logLevel } from "kafkajs";
import { OrderPlaced } from "../../generated/orders/v1/order_placed_events.ts";
import { createConsumer } from "../../src/consumer/consumer.ts";
import { type ReplayDeps, replay } from "../../src/consumer/replay/replay.ts";
import type { Consumer, ConsumerOptions } from "../../src/core/app.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createContextStore } from "../../src/core/context.ts";
import { KeryxError } from "../../src/core/errors.ts";
import type { EventPolicy } from "../../src/core/event.ts";
import type { Delivery, TombstoneHandler } from "../../src/core/handler.ts";
import { headerText, toHeader } from "../../src/core/headers.ts";
import type { Header, OutgoingRecord, RawRecord } from "../../src/core/record.ts";
import type { Signal } from "../../src/core/signals.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import type { SchemaRegistry } from "../../src/registry/port.ts";
import type { Serializer } from "../../src/serde/serializer.ts";
import { createSerializer } from "../../src/serde/serializer.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { KafkaPort, PortProducer } from "../../src/transport/port.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { createTopics, uniqueName, waitUntil } from "../support/servers.ts";

type Order = Parameters<typeof OrderPlaced.codec.encode>[0];
type OrderEvent = typeof OrderPlaced;

/** What holds on any Kafka and registry. */
export function describeConsumer(requireServers: GetServers): void {
  describe("a consumer on Kafka", function () {
    this.timeout(90_000);
    let servers: Awaited<ReturnType<GetServers>>;
    let port: KafkaPort;
    let registry: SchemaRegistry;
    let serializer: Serializer;
    let producer: PortProducer;
    let consumers: Consumer[] = [];
    let signals: Signal[] = [];
    let topic = "";
    let group = "";

    before(async function () {
      servers = await requireServers(this);
    });

    beforeEach(async () => {
      signals = [];
      consumers = [];
      topic = uniqueName("orders");
      group = uniqueName("billing");
      port = createKafkajsPort({ brokers: servers.brokers }, (signal) => signals.push(signal));
      registry = createHttpRegistry({ url: servers.registryUrl }, () => {});
      serializer = createSerializer({ registry, autoRegister: true, observe: () => {} });
      producer = port.producer({
        acks: "all",
        idempotent: false,
        compression: "none",
        requestTimeoutMs: 10_000,
      });
      await producer.connect();
      await createTopics(servers.brokers, [{ topic, partitions: 2 }]);
    });

    afterEach(async () => {
      await Promise.all(consumers.map((consumer) => consumer.close()));
      await producer.close();
      await registry.close();
      await port.close();
    });

    const orderEvent = (
      policy: Partial<EventPolicy> = {},
      delaysMs: readonly number[] = [300, 700],
    ): OrderEvent =>
      ({
        ...OrderPlaced,
        topic,
        subject: `${topic}-orders.v1.OrderPlaced`,
        policy: { ...OrderPlaced.policy, retry: { delaysMs }, deadLetter: `${topic}-dlq`, ...policy },
      }) as OrderEvent;

    const create = (options: Partial<ConsumerOptions> = {}): Consumer => {
      const consumer = createConsumer(
        {
          transport: port,
          registry,
          observe: (signal) => signals.push(signal),
          clock: systemClock,
          context: createContextStore(),
          createTopics: false,
        },
        {
          group,
          createTopics: true,
          sessionTimeoutMs: 10_000,
          drainTimeoutMs: 2_000,
          commitTimeoutMs: 3_000,
          ...options,
        },
      );
      consumers.push(consumer);
      return consumer;
    };

    const start = async (
      event: OrderEvent,
      handler: (order: Order, delivery: Delivery<Order>) => unknown,
      options: Partial<ConsumerOptions> = {},
      tombstone?: TombstoneHandler,
    ): Promise<Consumer> => {
      const consumer = create(options).on(event, handler as never);
      if (tombstone) consumer.onTombstone(topic, tombstone);
      await consumer.start();
      return consumer;
    };

    const encode = async (event: OrderEvent, orderId: string): Promise<Uint8Array> => {
      await serializer.prepare([event as never]);
      const value = event.codec.create({
        orderId,
        eventId: `e-${orderId}`,
        customerId: "c-1",
        totalMinor: 4_200n,
      });
      return serializer.serialize(event as never, value);
    };

    const send = async (
      record: Omit<OutgoingRecord, "topic" | "headers" | "key"> & { key?: string; headers?: Header[] },
    ) => {
      const key = record.key === undefined ? null : new TextEncoder().encode(record.key);
      await producer.send([{ partition: 0, ...record, topic, key, headers: record.headers ?? [] }]);
    };

    const readAll = async (name: string): Promise<RawRecord[]> => {
      const admin = port.admin();
      const records: RawRecord[] = [];
      try {
        for (const { partition, low, high } of await admin.offsets(name))
          if (low < high)
            await port.read({ topic: name, partition, offset: low }, high, async (record) => {
              records.push(record);
            });
      } finally {
        await admin.close();
      }
      return records;
    };

    const committed = async (name: string, of: string): Promise<bigint> => {
      const admin = port.admin();
      try {
        const offsets = await admin.groupOffsets(of, [name]);
        return offsets.reduce((sum, { offset }) => sum + (offset > 0n ? offset : 0n), 0n);
      } finally {
        await admin.close();
      }
    };

    it("tries on main, retry-1 and retry-2, never early, with bytes and message id equal on every hop", async () => {
      const event = orderEvent();
      const passes: { attempt: number; stage: string; atMs: number; id: string; orderId: string }[] = [];
      await start(event, async (order, { attempt, stage, messageId }) => {
        passes.push({ attempt, stage, atMs: Date.now(), id: messageId, orderId: order.orderId });
        if (attempt < 3) throw new Error("card declined");
      });
      const value = await encode(event, "o-1");
      const headers = [toHeader("message-id", "e-o-1"), toHeader("tenant", "a"), toHeader("tenant", "b")];
      await send({ key: "o-1", value, headers });
      await waitUntil("three passes", () => passes.length === 3);
      expect(passes.map(({ attempt, stage, id, orderId }) => [attempt, stage, id, orderId])).to.deep.equal([
        [1, "main", "e-o-1", "o-1"],
        [2, "retry-1", "e-o-1", "o-1"],
        [3, "retry-2", "e-o-1", "o-1"],
      ]);
      for (const stage of [1, 2]) {
        const [hop] = await readAll(`${topic}-retry-${stage}`);
        expect(Buffer.from(hop?.value ?? [])).to.deep.equal(Buffer.from(value));
        expect(Buffer.from(hop?.key ?? []).toString()).to.equal("o-1");
        const own = (hop?.headers ?? []).filter(([name]) => !name.startsWith("keryx-"));
        expect(own.map(([name, bytes]) => [name, Buffer.from(bytes ?? []).toString()])).to.have.deep.members([
          ["message-id", "e-o-1"],
          ["tenant", "a"],
          ["tenant", "b"],
        ]);
        const dueAtMs = Number(headerText(hop?.headers ?? [], "keryx-due-at"));
        expect(passes[stage]?.atMs).to.be.at.least(dueAtMs);
        expect(dueAtMs - Number(headerText(hop?.headers ?? [], "keryx-last-attempt"))).to.equal(
          [300, 700][stage - 1],
        );
      }
      expect(await readAll(`${topic}-dlq`)).to.deep.equal([]);
      await waitUntil(
        "retry commits",
        async () => (await committed(`${topic}-retry-2`, `${group}-retry`)) === 1n,
      );
    });

    it("dead-letters a poison record at attempt 1 and handles its neighbours", async () => {
      const event = orderEvent();
      const seen: string[] = [];
      await start(event, (order) => void seen.push(order.orderId));
      await send({ key: "k", value: await encode(event, "o-1") });
      const poison = new Uint8Array([
        0,
        0,
        0,
        0,
        ...(await encode(event, "o-1")).slice(4, 6),
        0xff,
        0xff,
        0xff,
      ]);
      await send({ key: "k", value: poison });
      await send({ key: "k", value: new TextEncoder().encode("not framed") });
      await send({ key: "k", value: await encode(event, "o-2") });
      await waitUntil("neighbours handled", () => seen.length === 2);
      await waitUntil("dead letters", async () => (await readAll(`${topic}-dlq`)).length === 2);
      const letters = await readAll(`${topic}-dlq`);
      expect(seen).to.deep.equal(["o-1", "o-2"]);
      expect(Buffer.from(letters[0]?.value ?? [])).to.deep.equal(Buffer.from(poison));
      for (const { headers } of letters) {
        expect(headerText(headers, "keryx-failure-class")).to.equal("bad-bytes");
        expect(headerText(headers, "keryx-attempt-count")).to.equal("1");
        expect(headerText(headers, "keryx-original-topic")).to.equal(topic);
      }
      await waitUntil("committed", async () => (await committed(topic, group)) === 4n);
    });

    it("hands a tombstone to its handler and runs one effect for duplicates of one id", async () => {
      const event = orderEvent();
      const seen: string[] = [];
      const handler = (order: Order): void => void seen.push(order.orderId);
      await start(event, handler, {}, (key) => void seen.push(`gone ${key}`));
      for (let i = 0; i < 3; i++) await send({ key: `k${i}`, value: await encode(event, "o-1") });
      await send({ key: "o-1", value: null });
      await waitUntil("committed", async () => (await committed(topic, group)) === 4n);
      expect(seen.toSorted()).to.deep.equal(["gone o-1", "o-1"]);
    });

    it("keeps a declared order on failure: again here, then the partition stops and others go on", async () => {
      const event = orderEvent({ ordered: true }, []);
      const seen: string[] = [];
      await start(
        event,
        (order, { attempt }) => {
          seen.push(`${order.orderId}/${attempt}`);
          if (order.orderId === "flaky" && attempt < 3) throw new Error("soon");
          if (order.orderId === "broken") throw new Error("never");
        },
        { here: { tries: 3, baseMs: 50, maxMs: 100 } },
      );
      for (const orderId of ["flaky", "next", "broken", "behind"])
        await send({ key: "k", value: await encode(event, orderId) });
      await waitUntil("stopped", () => signals.some(({ kind }) => kind === "partition.stopped"));
      await send({ key: "other", value: await encode(event, "elsewhere"), partition: 1 });
      await waitUntil("other partition", () => seen.includes("elsewhere/1"));
      expect(seen.filter((one) => one !== "elsewhere/1")).to.deep.equal([
        "flaky/1",
        "flaky/2",
        "flaky/3",
        "next/1",
        "broken/1",
        "broken/2",
        "broken/3",
      ]);
      await waitUntil("committed", async () => (await committed(topic, group)) === 3n);
    });

    it("refuses to start without its retry topics, naming each, and creates them as promised when it may", async () => {
      const event = orderEvent();
      const refused = create({ createTopics: false }).on(event, () => {});
      const error = await refused.start().then(
        () => undefined,
        (thrown: unknown) => KeryxError.from(thrown),
      );
      expect(error?.code).to.equal("start_refused");
      for (const name of [`${topic}-retry-1`, `${topic}-retry-2`, `${topic}-dlq`])
        expect(error?.message).to.contain(name);
      await start(event, () => {});
      const admin = port.admin();
      const [described] = await admin.describeTopics([`${topic}-retry-1`]);
      const config = await admin.describeConfig(`${topic}-dlq`);
      await admin.close();
      expect(described?.partitions).to.equal(2);
      expect([config.get("cleanup.policy"), config.get("retention.ms")]).to.deep.equal([
        "delete",
        "2592000000",
      ]);
    });

    it("names a source topic that does not exist", async () => {
      topic = `${topic}-nowhere`;
      const event = orderEvent();
      const error = await create({ createTopics: false })
        .on(event, () => {})
        .start()
        .then(
          () => undefined,
          (thrown: unknown) => KeryxError.from(thrown),
        );
      expect([error?.code, error?.message.includes(topic)]).to.deep.equal(["topic_missing", true]);
    });

    it("closes without duplicates: what finished is committed, the rest is left to the next member", async () => {
      const event = orderEvent();
      const seen: string[] = [];
      const handler = async (order: Order): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        seen.push(order.orderId);
      };
      const first = await start(event, handler, { concurrency: 4 });
      const values = await Promise.all(Array.from({ length: 200 }, (_, i) => encode(event, `o-${i}`)));
      await producer.send(
        values.map((value, i) => ({ topic, partition: i % 2, key: null, value, headers: [] })),
      );
      await waitUntil("some handled", () => seen.length > 20);
      await first.close();
      const byFirst = seen.length;
      await start(event, handler);
      await waitUntil("all handled", () => new Set(seen).size === 200);
      await waitUntil("committed", async () => (await committed(topic, group)) === 200n);
      expect(byFirst).to.be.below(200);
      expect(seen.length).to.equal(200);
    });

    it("redrives dead letters through the group's own retry topic, and only counts them at first", async () => {
      const event = orderEvent({}, [200]);
      let isFixed = false;
      const handled: string[] = [];
      await start(event, (order, { stage }) => {
        if (!isFixed) throw new Error("out of order");
        handled.push(`${order.orderId}/${stage}`);
      });
      for (const orderId of ["o-1", "o-2"]) await send({ key: orderId, value: await encode(event, orderId) });
      await waitUntil("dead letters", async () => (await readAll(`${topic}-dlq`)).length === 2);
      // Retry topics give up the order between keys, so either may have come first.
      const dead = await readAll(`${topic}-dlq`);
      const ids = dead.map(({ key }) => Buffer.from(key ?? []).toString());
      isFixed = true;
      const deps: ReplayDeps = {
        transport: port,
        registry,
        serializer,
        observe: (signal: Signal) => signals.push(signal),
        clock: systemClock,
        events: [],
        naming: "topic",
        createTopics: false,
      };
      expect(await replay(deps, { topic, group })).to.deep.include({ planned: 2, sent: 0, skipped: 0 });
      expect(await replay(deps, { topic, group: "another", dryRun: false })).to.deep.include({
        planned: 0,
        sent: 0,
        skipped: 2,
      });
      const range = { toOffsets: { 0: 1n }, dryRun: false };
      expect(await replay(deps, { topic, group, ...range })).to.deep.include({
        planned: 1,
        sent: 1,
        skipped: 0,
      });
      await waitUntil("one handled", () => handled.length === 1);
      await replay(deps, { topic, group, fromOffsets: { 0: 1n }, dryRun: false });
      await waitUntil("both handled", () => handled.length === 2);
      expect(handled).to.deep.equal(ids.map((id) => `${id}/retry-1`));
      const replayed = (await readAll(`${topic}-retry-1`)).slice(-1)[0]?.headers ?? [];
      expect(headerText(replayed, "keryx-replayed-from")).to.equal(`${topic}-dlq/0/1`);
      expect(headerText(replayed, "keryx-replay-count")).to.equal("1");
      const original = headerText(dead[1]?.headers ?? [], "keryx-original-offset");
      expect(headerText(replayed, "keryx-original-offset")).to.equal(original);
      expect(signals.filter(({ kind }) => kind === "replay.record")).to.have.length(4);
    });

    it("lets a plain kafkajs consumer of another service read the same topic unharmed", async () => {
      const event = orderEvent();
      await start(event, () => {});
      const value = await encode(event, "o-1");
      await send({ key: "o-1", value, headers: [toHeader("message-id", "e-o-1")] });
      const kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
      const classic = kafka.consumer({ groupId: uniqueName("classic"), maxWaitTimeInMs: 100 });
      const values: Buffer[] = [];
      await classic.connect();
      await classic.subscribe({ topic, fromBeginning: true });
      await classic.run({
        eachMessage: async ({ message }) => {
          if (message.value) values.push(message.value);
        },
      });
      await waitUntil("read", () => values.length === 1);
      await classic.disconnect();
      expect(values[0]).to.deep.equal(Buffer.from(value));
    });
  });
}
