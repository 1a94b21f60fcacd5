import { randomUUID } from "node:crypto";
import { fromJson, toJson } from "@bufbuild/protobuf";
import { expect } from "chai";
import {
  type App,
  connect,
  type Delivery,
  type EventPolicy,
  type EventType,
  type TopicDefinition,
} from "keryx";
import { messageJson } from "keryx/runtime/v1";
import {
  OrderPlaced,
  type OrderPlacedInit,
  PaymentCaptured,
  type PaymentCapturedInit,
} from "../../generated/index.ts";
import { OrderPlacedSchema } from "../../generated/orders/v1/order_placed_pb.ts";
import { headerText, toHeader } from "../../src/core/headers.ts";
import type { RawRecord } from "../../src/core/record.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { KafkaPort, PortProducer } from "../../src/transport/port.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { samples } from "../support/samples.ts";
import { createTopics, uniqueName, waitUntil } from "../support/servers.ts";

const initOf = (event: { readonly name: string }): object =>
  samples.find((one) => one.event.name === event.name)?.init ?? expect.fail(event.name);

interface Seen {
  readonly value: unknown;
  readonly delivery: Delivery<unknown>;
}

/** What holds on any Kafka; there is no registry at all. */
export function describeJson(requireServers: GetServers): void {
  describe("events that are written as JSON, with no registry to be reached", function () {
    this.timeout(60_000);
    let app: App;
    let port: KafkaPort;
    let foreign: PortProducer;
    let order: EventType<OrderPlaced, OrderPlacedInit>;
    let payment: EventType<PaymentCaptured, PaymentCapturedInit>;
    let lone: EventType<PaymentCaptured, PaymentCapturedInit>;
    let shop: TopicDefinition;
    const seen: Seen[] = [];
    let fails = (_: Seen): boolean => false;

    const on = <Event extends { readonly policy: EventPolicy }>(
      event: Event,
      topic: string,
      more: object,
    ): Event => ({
      ...event,
      ...more,
      topic,
      policy: { ...event.policy, retry: { delaysMs: [100] }, deadLetter: `${topic}-dlq` },
    });
    const handle = (value: unknown, delivery: Delivery<unknown>): void => {
      const one = { value, delivery };
      seen.push(one);
      if (fails(one)) throw new Error("not today");
    };
    const withKey = (key: string): readonly Seen[] => seen.filter(({ delivery }) => delivery.key === key);

    before(async function () {
      const { brokers } = await requireServers(this);
      const json = messageJson<OrderPlaced>(OrderPlaced.name, {
        shape: OrderPlacedSchema,
        toJson: (value) => toJson(OrderPlacedSchema, value),
        fromJson: (text) => fromJson(OrderPlacedSchema, text, { ignoreUnknownFields: true }),
      });
      const [several, single] = [uniqueName("shop"), uniqueName("lone")];
      order = on(OrderPlaced, several, { serialization: "JSON", json });
      payment = on(PaymentCaptured, several, { serialization: "JSON" });
      lone = on(PaymentCaptured, single, { serialization: "AVRO_JSON" });
      shop = { name: several, events: [order as EventType, payment as EventType] };
      await createTopics(brokers, [
        { topic: several, partitions: 2 },
        { topic: single, partitions: 1 },
      ]);
      app = await connect({
        brokers,
        registry: "http://127.0.0.1:1",
        createTopics: true,
        logging: { level: "silent" },
        environment: {},
      });
      const group = uniqueName("readers");
      await app
        .consumer({ group })
        .topic(shop)
        .on(order, handle)
        .on(payment, handle)
        .on(lone, handle)
        .start();
      port = createKafkajsPort({ brokers }, () => {});
      foreign = port.producer({
        acks: "all",
        idempotent: false,
        compression: "none",
        requestTimeoutMs: 10_000,
      });
      await foreign.connect();
    });

    after(async () => {
      await app?.close();
      await foreign?.close();
      await port?.close();
    });

    const send = (
      topic: string,
      key: string,
      value: string,
      headers: Readonly<Record<string, string>> = {},
    ) =>
      foreign.send([
        {
          ...{ topic, key: Buffer.from(key), value: Buffer.from(value) },
          headers: Object.entries(headers).map(([name, text]) => toHeader(name, text)),
        },
      ]);
    /** Records of a topic with this key. */
    const read = async (topic: string, key: string): Promise<readonly RawRecord[]> => {
      const found: RawRecord[] = [];
      const admin = port.admin();
      try {
        for (const { partition, low, high } of await admin.offsets(topic))
          if (low < high)
            await port.read({ topic, partition, offset: low }, high, async (record) => {
              if (String(record.key) === key) found.push(record);
            });
      } finally {
        await admin.close();
      }
      return found;
    };
    const deadLetter = async (topic: string, key: string): Promise<RawRecord> => {
      let found: readonly RawRecord[] = [];
      await waitUntil(`the dead letter of ${key}`, async () => {
        found = await read(`${topic}-dlq`, key);
        return found.length > 0;
      });
      return found[0] ?? expect.fail(key);
    };
    const textOf = (record: RawRecord, name: string): string | undefined => headerText(record.headers, name);

    it("reach their handlers exactly as they were sent, in both formats, and are plain text for anybody else", async () => {
      const orderId = randomUUID();
      const placed = { ...initOf(OrderPlaced), eventId: randomUUID(), orderId } as OrderPlacedInit;
      const captured = { ...initOf(PaymentCaptured), eventId: randomUUID(), orderId } as PaymentCapturedInit;
      await app.producer.send(order, placed);
      await app.producer.send(payment, captured);
      await app.producer.send(lone, {
        ...captured,
        eventId: randomUUID() as never,
        orderId: `${orderId}-lone`,
      });
      await waitUntil(
        "three events",
        () => withKey(orderId).length + withKey(`${orderId}-lone`).length === 3,
      );
      const value = (of: { readonly name: string }, key: string): unknown =>
        withKey(key).find((one) => "placedAt" in (one.value as object) === (of === OrderPlaced))?.value;
      expect(value(OrderPlaced, orderId)).to.deep.equal(OrderPlaced.codec.create(placed));
      expect(value(PaymentCaptured, orderId)).to.deep.equal(PaymentCaptured.codec.create(captured));
      const [first] = (await read(shop.name, orderId)).filter(
        (one) => textOf(one, "event-type") === "order.placed",
      );
      if (first === undefined) expect.fail("no order");
      expect(textOf(first, "content-type")).to.equal("application/json");
      expect(textOf(first, "message-id")).to.equal(placed.eventId);
      expect(JSON.parse(String(first.value))).to.include({ orderId, totalMinor: "9007199254740993" });
      const [alone] = await read(lone.topic, `${orderId}-lone`);
      expect(JSON.parse(String(alone?.value))).to.have.nested.property("instrument");
    });

    it("of other programs are found by event-type, without it as the topic's only event, else not at all", async () => {
      const key = randomUUID();
      const json = `{"eventId": "${key}", "orderId": "${key}", "totalMinor": 9007199254740993, "later": true}`;
      await send(shop.name, key, json, { "event-type": "order.placed" });
      await waitUntil("the order", () => withKey(key).length === 1);
      expect(withKey(key)[0]?.value).to.include({ totalMinor: 9_007_199_254_740_993n });

      const bytes = Buffer.from((await read(lone.topic, (await sentLone()).orderId))[0]?.value ?? []);
      const own = randomUUID();
      await send(lone.topic, own, String(bytes).replace(/"eventId":"[^"]+"/, `"eventId":"${own}"`));
      await waitUntil("the only event", () => withKey(own).length === 1);

      const [unnamed, unknown] = [randomUUID(), randomUUID()];
      await send(shop.name, unnamed, json);
      await send(shop.name, unknown, json, { "event-type": "order.lost" });
      for (const one of [unnamed, unknown])
        expect(textOf(await deadLetter(shop.name, one), "keryx-failure-code")).to.equal("unhandled-event");
    });

    const sentLone = async (): Promise<{ readonly orderId: string }> => {
      const orderId = randomUUID();
      const init = { ...initOf(PaymentCaptured), eventId: randomUUID(), orderId } as PaymentCapturedInit;
      await app.producer.send(lone, init);
      return { orderId };
    };

    it("are retried, dead-lettered with the same bytes, and handled once for each id", async () => {
      const key = randomUUID();
      const init: OrderPlacedInit = { ...initOf(OrderPlaced), eventId: randomUUID(), orderId: key };
      fails = ({ delivery }) => delivery.key === key;
      await app.producer.send(order, init);
      const dead = await deadLetter(shop.name, key);
      fails = () => false;
      const [source] = await read(shop.name, key);
      expect(dead.value).to.deep.equal(source?.value);
      expect(withKey(key).map(({ delivery }) => delivery.attempt)).to.deep.equal([1, 2]);
      const names = [
        "content-type",
        "event-type",
        "message-id",
        "keryx-attempt-count",
        "keryx-schema-subject",
      ];
      expect(names.map((name) => textOf(dead, name))).to.deep.equal([
        "application/json",
        "order.placed",
        init.eventId,
        "2",
        undefined,
      ]);

      const twice: OrderPlacedInit = { ...init, eventId: randomUUID(), orderId: `${key}-2` };
      await app.producer.send(order, twice);
      await app.producer.send(order, twice);
      // A third record of the same key: when it was handled, the copy before it was settled.
      await app.producer.send(order, { ...twice, eventId: randomUUID() });
      await waitUntil("the last record", () => withKey(`${key}-2`).length === 2);
      expect(new Set(withKey(`${key}-2`).map(({ delivery }) => delivery.messageId)).size).to.equal(2);
    });

    it("that do not fit are dead-lettered with a reason that quotes none of it", async () => {
      for (const [json, reason] of [
        ['{"customerEmail": "ada-secret"', "malformed"],
        ['{"totalMinor": "ada-secret"}', "type-mismatch"],
        [`{"lines": ${"[".repeat(2_000)}`, "too-deep"],
        ['{"note": "\\ud800 ada-secret"}', "invalid-text"],
      ] as const) {
        const key = randomUUID();
        await send(shop.name, key, json, {
          "event-type": "order.placed",
          "content-type": "application/json; x=y",
        });
        const dead = await deadLetter(shop.name, key);
        expect(textOf(dead, "keryx-failure-code"), json.slice(0, 40)).to.equal(reason);
        expect(String(dead.value)).to.equal(json);
        expect(dead.headers.map(([, value]) => String(value)).join()).to.not.include("secret");
      }
    });
  });
}
