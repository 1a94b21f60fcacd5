import { tmpdir } from "node:os";
import { expect } from "chai";
import kafkajs from "kafkajs";
import type { EventType } from "../../src/core/event.ts";
import { headerText } from "../../src/core/headers.ts";
import type { RawRecord } from "../../src/core/record.ts";
import type { Signal } from "../../src/core/signals.ts";
import { type ConnectOptions, connect, type KeryxApp } from "../../src/index.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { uniqueName, withAdmin } from "../support/servers.ts";
import { caught, createOrderEvent, type Order } from "../unit/producer/memory-kafka.ts";

/** The order event on a topic of its own, with a schema that a registry takes. */
function createEvent(topic: string): EventType<Order> {
  const schema = JSON.stringify({ type: "record", name: `R${topic.replaceAll("-", "_")}`, fields: [] });
  return { ...createOrderEvent("order.placed", topic), wire: { schema, references: [] } };
}

/** What holds on any Kafka and registry. */
export function describeProducer(requireServers: GetServers): void {
  describe("a producer on real Kafka", function () {
    this.timeout(60_000);
    let servers: Awaited<ReturnType<GetServers>>;
    let topic = "";
    let placed = createEvent("orders");
    const apps: KeryxApp[] = [];
    before(async function () {
      servers = await requireServers(this);
    });
    beforeEach(() => {
      topic = uniqueName("producer");
      placed = createEvent(topic);
    });
    afterEach(async () => {
      await Promise.all(apps.splice(0).map((app) => app.close()));
    });

    async function open(options: ConnectOptions = {}, signals: Signal[] = []): Promise<KeryxApp> {
      const app = await connect({
        brokers: servers.brokers,
        registry: servers.registryUrl,
        cwd: tmpdir(),
        environment: {},
        logDestination: { write: () => {} },
        observe: (signal) => signals.push(signal),
        createTopics: true,
        defaults: { partitions: 6 },
        ...options,
      });
      apps.push(app);
      return app;
    }

    /** Everything on a topic, partition by partition. */
    async function readAll(name: string): Promise<RawRecord[]> {
      const port = createKafkajsPort({ brokers: servers.brokers }, () => {});
      const records: RawRecord[] = [];
      try {
        for (const { partition, low, high } of await port.admin().offsets(name))
          if (high > low)
            await port.read({ topic: name, partition, offset: low }, high, async (record) => {
              records.push(record);
            });
      } finally {
        await port.close();
      }
      return records;
    }

    const orderOf = (record: RawRecord): Order =>
      JSON.parse(
        Buffer.from(record.value ?? [])
          .subarray(5)
          .toString(),
      ) as Order;

    it("creates the topic as configured, and tells where each record landed", async () => {
      const signals: Signal[] = [];
      const app = await open({ topics: { [topic]: { partitions: 3 } } }, signals);
      const results = await Promise.all(
        Array.from({ length: 30 }, (_, i) => app.producer.send(placed, { key: `k${i}`, id: `id-${i}` })),
      );
      expect(signals.find((signal) => signal.kind === "topic.created")).to.include({ topic, partitions: 3 });
      const records = await readAll(topic);
      expect(records).to.have.length(30);
      for (const { partition, offset, messageId } of results) {
        const record = records.find((one) => one.partition === partition && one.offset === offset);
        expect(headerText(record?.headers ?? [], "message-id")).to.equal(messageId);
      }
    });

    it("names the missing topic and the setting that creates it", async () => {
      const app = await open({ createTopics: false });
      const error = await caught(app.producer.send(placed, { key: "k", id: "i" }));
      expect(error.code).to.equal("topic_missing");
      expect(error.message).to.include(topic);
      expect(error.help).to.include("createTopics: true");
    });

    it("puts keys where Java's partitioner puts them, with headers that a plain client reads", async () => {
      const app = await open();
      const sentAt = Date.now();
      await app.producer.send(
        placed,
        { key: "foobar", id: "i-1", at: 1_700_000_000_000 },
        { headers: { tenant: "blå" } },
      );
      // toPositive(murmur2("foobar")) % 6, murmur2 as in Kafka's own UtilsTest.
      const partition = (-790332482 & 0x7fffffff) % 6;
      const kafka = new kafkajs.Kafka({ brokers: [...servers.brokers], logLevel: kafkajs.logLevel.NOTHING });
      const consumer = kafka.consumer({ groupId: uniqueName("plain"), maxWaitTimeInMs: 100 });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      const { message, ...at } = await new Promise<kafkajs.EachMessagePayload>((resolve) => {
        void consumer.run({ eachMessage: async (payload) => resolve(payload) });
      });
      await consumer.disconnect();
      expect(at.partition).to.equal(partition);
      expect(message.key?.toString()).to.equal("foobar");
      expect(Number(message.timestamp)).to.be.within(sentAt - 1_000, Date.now() + 1_000);
      const text = (name: string): string => String(message.headers?.[name]);
      expect(text("message-id")).to.equal("i-1");
      expect(text("correlation-id")).to.equal("i-1");
      expect(text("event-type")).to.equal("order.placed");
      expect(text("event-time")).to.equal("1700000000000");
      expect(Number(text("produced-at"))).to.be.within(sentAt - 1_000, Date.now() + 1_000);
      expect(text("tenant")).to.equal("blå");
    });

    for (const producer of [{}, { idempotent: true }, { compression: "zstd" }, { acks: 1 }] as const)
      it(`keeps the order per key of 2,000 sends, with ${JSON.stringify(producer)}`, async () => {
        const app = await open({ producer });
        const orders = app.topicProducer({ name: topic, events: [placed] });
        await orders.start();
        const sends: Promise<unknown>[] = [];
        for (let i = 0; i < 2_000; i++) {
          sends.push(orders.send(placed, { key: `k${i % 20}`, id: String(i) }));
          if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        await Promise.all(sends);
        expect(orders.stats()).to.include({ sent: 2_000, produced: 2_000, failed: 0, inFlight: 0 });
        expect(orders.stats().batches).to.be.below(200);
        // With acks 1 the copies, and so what readers may see, come a moment later.
        let records = await readAll(topic);
        for (let look = 0; look < 50 && records.length < 2_000; look++) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          records = await readAll(topic);
        }
        expect(new Set(records.map((record) => orderOf(record).id)).size).to.equal(2_000);
        for (let key = 0; key < 20; key++) {
          const ids = records
            .filter((record) => Buffer.from(record.key ?? []).toString() === `k${key}`)
            .map((record) => Number(orderOf(record).id));
          expect(ids).to.deep.equal(ids.toSorted((a, b) => a - b));
        }
      });

    it("refuses only the record that the topic finds too large", async () => {
      await withAdmin(servers.brokers, (admin) =>
        admin.createTopics({
          waitForLeaders: false,
          topics: [
            { topic, numPartitions: 1, configEntries: [{ name: "max.message.bytes", value: "20000" }] },
          ],
        }),
      );
      const app = await open();
      const orders = app.topicProducer({ name: topic, events: [placed] });
      await orders.start();
      const ends = await Promise.allSettled(
        Array.from({ length: 40 }, (_, i) =>
          orders.send(placed, { key: "k", id: String(i), text: "x".repeat(i === 20 ? 50_000 : 1_500) }),
        ),
      );
      const failed = ends.flatMap((end, i) => (end.status === "rejected" ? [[i, end.reason.code]] : []));
      expect(failed).to.deep.equal([[20, "record_too_large"]]);
      const ids = (await readAll(topic)).map((record) => Number(orderOf(record).id));
      expect([...new Set(ids)]).to.deep.equal(
        Array.from({ length: 40 }, (_, i) => i).filter((i) => i !== 20),
      );
    });

    it("writes its dead letters to the event's dead-letter topic", async () => {
      const app = await open({ producer: { deadLetter: "topic" } });
      const orders = app.topicProducer({ name: topic, events: [placed] });
      await orders.start();
      const error = await caught(
        orders.send(placed, { key: "k", id: "i", text: "unfit", secret: "4111-1111" }),
      );
      expect(error.code).to.equal("encode_failed");
      expect(error.details["deadLettered"]).to.equal(true);
      const [letter] = await readAll(`${topic}-dlq`);
      expect(headerText(letter?.headers ?? [], "keryx-side")).to.equal("producer");
      const view = JSON.parse(Buffer.from(letter?.value ?? []).toString());
      expect(view).to.deep.include({
        topic,
        attempt_count: 1,
        side: "producer",
        failure_code: "encode_failed",
      });
      expect(view.event.secret).to.equal("[redacted]");
    });

    it("publishes tombstones, and drains what is under way when the app closes", async () => {
      const app = await open();
      const orders = app.topicProducer({ name: topic, events: [placed] });
      await orders.start();
      const sends = Array.from({ length: 500 }, (_, i) => orders.send(placed, { key: `k${i}`, id: `${i}` }));
      const gone = orders.tombstone("k1");
      await app.close();
      await Promise.all([...sends, gone]);
      const records = await readAll(topic);
      expect(records).to.have.length(501);
      expect(records.filter((record) => record.value === null)).to.have.length(1);
    });
  });
}
