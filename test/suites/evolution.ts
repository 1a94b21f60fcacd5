import { randomUUID } from "node:crypto";
import avsc from "avsc";
import { expect } from "chai";
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs";
import { type App, type Consumer, connect, type EventType, type Signal } from "keryx";
import protobuf from "protobufjs";
import { OrderPlaced, PaymentFailed } from "../../generated/index.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { createTopics, uniqueName, waitUntil } from "../support/servers.ts";

interface AvroText {
  fields: { name: string; type: unknown; default?: unknown }[];
}

const uuid = "0b8f6c1e-5f0a-4d7c-9a51-3a9f7f0c2e11";

/** What the sample's writer wrote before anything was changed, as avsc takes it. */
const failed = {
  eventId: uuid,
  orderId: "o-1",
  amount: Buffer.from("7f", "hex"),
  currency: "EUR",
  reason: "DECLINED",
  providerAnswer: "51",
  failedAt: 1_790_000_000_123,
  retryable: true,
};

/** What holds on any Kafka and registry. */
export function describeEvolution(requireServers: GetServers): void {
  describe("a consumer that was generated from an older schema", function () {
    this.timeout(60_000);
    let servers: Awaited<ReturnType<GetServers>>;
    let producer: Producer;
    let admin: Admin;

    before(async function () {
      servers = await requireServers(this);
      const kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
      producer = kafka.producer();
      admin = kafka.admin();
      await Promise.all([producer.connect(), admin.connect()]);
    });

    after(() => Promise.all([producer?.disconnect(), admin?.disconnect()]));

    /** Registers a writer's schema under a subject of its own, as another team's tool would. */
    const register = async (schemaType: "AVRO" | "PROTOBUF", schema: string): Promise<number> => {
      const answer = await fetch(`${servers.registryUrl}/subjects/${uniqueName("writer")}/versions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ schemaType, schema }),
      });
      expect(answer.status, await answer.clone().text()).to.equal(200);
      return ((await answer.json()) as { id: number }).id;
    };

    const send = async (
      topic: string,
      id: number,
      payload: Uint8Array,
      indexes: readonly number[] = [],
    ): Promise<void> => {
      const frame = Buffer.from([0, 0, 0, 0, 0, ...indexes]);
      frame.writeInt32BE(id, 1);
      await producer.send({ topic, messages: [{ key: "k", value: Buffer.concat([frame, payload]) }] });
    };

    /** Runs a consumer of the event on a fresh topic while `body` sends to it. */
    const consume = async <Value, Init>(
      event: EventType<Value, Init>,
      body: (topic: string, handled: readonly Value[], signals: readonly Signal[]) => Promise<void>,
    ): Promise<void> => {
      const topic = uniqueName("evolution");
      await createTopics(servers.brokers, [{ topic, partitions: 1 }]);
      const handled: Value[] = [];
      const signals: Signal[] = [];
      const app: App = await connect({
        brokers: servers.brokers,
        registry: servers.registryUrl,
        createTopics: true,
        logging: { level: "silent" },
        observe: (signal) => signals.push(signal),
        environment: {},
      });
      const moved = { ...event, topic, policy: { ...event.policy, deadLetter: `${topic}-dlq` } };
      const consumer: Consumer = app
        .consumer({ group: uniqueName("older") })
        .on<Value, Init>(moved, (value) => {
          handled.push(value);
        });
      try {
        await consumer.start();
        await body(topic, handled, signals);
      } finally {
        await app.close();
      }
    };

    const outcomes = (signals: readonly Signal[]): string[] =>
      signals.flatMap((signal) =>
        signal.kind === "record.handled" ? [`${signal.outcome} ${signal.failureClass ?? ""}`.trim()] : [],
      );

    it("reads Avro of a newer writer: a field added, an enum and a union grown, fields in another order", async () => {
      const newer: AvroText = JSON.parse(PaymentFailed.wire.schema);
      newer.fields.reverse();
      newer.fields.push({ name: "attempt", type: "int", default: 0 });
      const text = JSON.stringify(newer)
        .replace('"FRAUD_SUSPECTED"', '"FRAUD_SUSPECTED","SANCTIONED"')
        .replace('["null","int","string"]', '["null","boolean","int","string"]');
      const type = avsc.Type.forSchema(JSON.parse(text));
      await consume(PaymentFailed, async (topic, handled, signals) => {
        await send(
          topic,
          await register("AVRO", text),
          type.toBuffer({ ...failed, reason: "SANCTIONED", attempt: 3 }),
        );
        await waitUntil("the record to be handled", async () => handled.length === 1);
        expect(handled[0]).to.deep.equal(
          PaymentFailed.codec.create({
            eventId: uuid,
            orderId: "o-1",
            amount: { unscaled: 127n, scale: 2 },
            currency: "EUR",
            reason: "OTHER",
            providerAnswer: { kind: "string", value: "51" },
            failedAt: new Date(1_790_000_000_123),
            retryable: true,
          }),
        );
        expect(outcomes(signals)).to.deep.equal(["processed"]);
      });
    });

    it("reads Protobuf of a newer writer, and keeps what it does not know", async () => {
      const text = OrderPlaced.wire.schema.replace(
        "optional string note = 12;",
        "optional string note = 12;\n  string voucher = 13;",
      );
      const root = new protobuf.Root();
      const timestamps = protobuf.common.get("google/protobuf/timestamp.proto");
      root.addJSON(timestamps?.nested ?? {});
      protobuf.parse(text, root);
      const type = root.resolveAll().lookupType("orders.v1.OrderPlaced");
      await consume(OrderPlaced, async (topic, handled) => {
        const payload = type
          .encode(type.fromObject({ eventId: randomUUID(), orderId: "o-1", voucher: "SUMMER" }))
          .finish();
        await send(topic, await register("PROTOBUF", text), payload, [0]);
        await waitUntil("the record to be handled", async () => handled.length === 1);
        expect(handled[0]?.orderId).to.equal("o-1");
        expect(handled[0]?.$unknown).to.have.length(1);
        const again = type.decode(OrderPlaced.codec.encode(handled[0] ?? expect.fail(), 0));
        expect(type.toObject(again)["voucher"]).to.equal("SUMMER");
      });
    });

    it("dead-letters what cannot be resolved as incompatible-schema at the first attempt, bytes untouched, and goes on", async () => {
      const other: AvroText = JSON.parse(PaymentFailed.wire.schema);
      other.fields = other.fields.map((field) =>
        field.name === "currency" ? { ...field, type: "int" } : field,
      );
      const type = avsc.Type.forSchema(JSON.parse(JSON.stringify(other)));
      const known = avsc.Type.forSchema(JSON.parse(PaymentFailed.wire.schema));
      await consume(PaymentFailed, async (topic, handled, signals) => {
        await send(
          topic,
          await register("AVRO", JSON.stringify(other)),
          type.toBuffer({ ...failed, currency: 978 }),
        );
        await send(topic, await register("AVRO", PaymentFailed.wire.schema), known.toBuffer(failed));
        await waitUntil(
          "the neighbour to be handled",
          async () => handled.length === 1 && outcomes(signals).length === 2,
        );
        expect(outcomes(signals).sort()).to.deep.equal(["dead_lettered incompatible-schema", "processed"]);
        const letter = signals.find(
          (signal) => signal.kind === "record.handled" && signal.outcome === "dead_lettered",
        );
        expect(letter).to.have.nested.property("record.attempt", 1);
        const offsets = await admin.fetchTopicOffsets(`${topic}-dlq`);
        expect(offsets.map(({ high }) => high)).to.deep.equal(["1"]);
      });
    });
  });
}
