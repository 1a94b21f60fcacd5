import { randomUUID } from "node:crypto";
import avsc from "avsc";
import { expect } from "chai";
import { Kafka, type Consumer as KafkajsConsumer, logLevel, type Producer } from "kafkajs";
import { type App, type Consumer, connect, type Delivery, type SendResult } from "keryx";
import protobuf from "protobufjs";
import * as generated from "../../generated/index.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { type Sample, samples } from "../support/samples.ts";

interface Independent {
  decode(payload: Uint8Array): object;
  encode(value: object): Uint8Array;
}

// Optional values: avsc tags only unions whose branches it cannot tell apart, and protobufjs leaves absent ones out.
function toIndependent({ event }: Sample): Independent {
  if (event.format === "avro") {
    const wrapUnions =
      event.name === "api.v1.ApiError" || event.name === "api.v1.ApiRequest" ? "never" : "auto";
    const type = avsc.Type.forSchema(JSON.parse(event.wire.schema), { wrapUnions });
    return {
      decode: (payload) => type.fromBuffer(Buffer.from(payload)),
      encode: (value) => type.toBuffer(value),
    };
  }
  const root = new protobuf.Root();
  for (const name of ["timestamp", "duration"]) {
    const file = protobuf.common.get(`google/protobuf/${name}.proto`);
    if (file) root.addJSON(file.nested ?? {});
  }
  protobuf.parse(event.wire.schema, root);
  const type = root.resolveAll().lookupType(event.name);
  return {
    decode: (payload) => type.toObject(type.decode(payload), { longs: String }),
    encode: (value) => type.encode(type.fromObject(value)).finish(),
  };
}

const withoutUndefined = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));

/** `order-events` → the generated factories of that topic. */
function factoriesOf(topic: string): {
  producer(app: App): Record<string, (value: object) => Promise<SendResult>>;
  consumer(app: App, options: object, handlers: object): Consumer;
} {
  const name = topic.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const all = generated as unknown as Record<string, never>;
  return { producer: all[`${name}Producer`] as never, consumer: all[`${name}Consumer`] as never };
}

/** What holds on any Kafka and registry. */
export function describeEvents(requireServers: GetServers): void {
  describe("the sample events between Keryx and other people's programs", function () {
    this.timeout(60_000);
    let servers: Awaited<ReturnType<GetServers>>;
    let kafka: Kafka;
    let app: App;
    let plainProducer: Producer;
    let plainConsumer: KafkajsConsumer;
    const read = new Map<string, { key: string; value: Buffer; headers: Record<string, string> }>();
    const waiting = new Map<string, () => void>();

    before(async function () {
      servers = await requireServers(this);
      const settings = { brokers: servers.brokers, registry: servers.registryUrl, createTopics: true };
      app = await connect({ ...settings, clientId: "events", logging: { level: "error" }, environment: {} });
      for (const topic of new Set(samples.map(({ event }) => event.topic)))
        await factoriesOf(topic).producer(app)["start"]?.({});
      kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
      plainProducer = kafka.producer();
      await plainProducer.connect();
      plainConsumer = kafka.consumer({ groupId: `plain-${randomUUID()}`, maxWaitTimeInMs: 100 });
      await plainConsumer.connect();
      await plainConsumer.subscribe({
        topics: [...new Set(samples.map(({ event }) => event.topic))],
        fromBeginning: true,
      });
      await plainConsumer.run({
        async eachMessage({ topic, partition, message }) {
          const at = `${topic}/${partition}/${message.offset}`;
          const headers = Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          );
          read.set(at, { key: String(message.key), value: message.value ?? Buffer.alloc(0), headers });
          waiting.get(at)?.();
        },
      });
    });

    after(async () => {
      await plainConsumer?.disconnect();
      await plainProducer?.disconnect();
      await app?.close();
    });

    const readAt = async ({ topic, partition, offset }: SendResult) => {
      const at = `${topic}/${partition}/${offset}`;
      if (!read.has(at)) await new Promise<void>((resolve) => waiting.set(at, resolve));
      return read.get(at) ?? expect.fail(at);
    };

    const idOf = async (sample: Sample): Promise<number> => {
      const schemaType = sample.event.format === "avro" ? "AVRO" : "PROTOBUF";
      const answer = await fetch(
        `${servers.registryUrl}/subjects/${encodeURIComponent(sample.event.subject)}?normalize=true`,
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ schema: sample.event.wire.schema, schemaType }),
        },
      );
      expect(answer.status, sample.event.subject).to.equal(200);
      return ((await answer.json()) as { id: number }).id;
    };

    /** Magic byte, id as int32, and for Protobuf the index of the first message as the single byte 0. */
    const frameOf = async (sample: Sample): Promise<Buffer> => {
      const frame = Buffer.alloc(sample.event.format === "avro" ? 5 : 6);
      frame.writeInt32BE(await idOf(sample), 1);
      return frame;
    };

    for (const sample of samples) {
      const { event, method, init } = sample;
      const judge = toIndependent(sample);
      const expected = withoutUndefined(sample.independent);
      const judgeName = event.format === "avro" ? "avsc" : "protobufjs";

      it(`${event.type}: its generated producer's record is read by kafkajs and decoded by ${judgeName}`, async () => {
        const send = factoriesOf(event.topic).producer(app)[method] ?? expect.fail(method);
        const { key, value, headers } = await readAt(await send(init));
        const frame = await frameOf(sample);
        expect(value.subarray(0, frame.length).toString("hex")).to.equal(frame.toString("hex"));
        expect(toPlain(judge.decode(value.subarray(frame.length)))).to.deep.equal(toPlain(expected));
        const complete = event.codec.create(init);
        expect(key).to.equal(event.key?.(complete));
        expect(headers["message-id"]).to.equal(event.id?.(complete));
        expect(headers["event-type"]).to.equal(event.type);
        expect(Number(headers["event-time"])).to.equal(event.time?.(complete));
        expect(headers["produced-at"]).to.match(/^\d{13}$/);
        expect(headers["correlation-id"]).to.equal(headers["message-id"]);
      });

      it(`${event.type}: a record encoded by ${judgeName} and sent by kafkajs reaches its handler as the same value`, async () => {
        const messageId = randomUUID();
        const { promise, resolve } = Promise.withResolvers<{ value: unknown; delivery: Delivery }>();
        const handlers = new Proxy(
          {},
          {
            get: (_, name) =>
              name === "tombstone"
                ? undefined
                : (value: unknown, delivery: Delivery) => {
                    if (
                      delivery.headers.some(
                        ([header, bytes]) =>
                          header === "sent-as" && String(Buffer.from(bytes ?? [])) === messageId,
                      )
                    )
                      resolve({ value, delivery });
                  },
          },
        );
        const options = {
          group: `reverse-${messageId}`,
          from: "latest",
          sessionTimeoutMs: 10_000,
          drainTimeoutMs: 1_000,
          commitTimeoutMs: 1_000,
        };
        const consumer = factoriesOf(event.topic).consumer(app, options, handlers);
        await consumer.start();
        try {
          const value = Buffer.concat([await frameOf(sample), judge.encode(expected)]);
          await plainProducer.send({
            topic: event.topic,
            messages: [{ key: "k", value, headers: { "sent-as": messageId } }],
          });
          const received = await promise;
          expect(received.value).to.deep.equal(event.codec.create(init));
          expect(received.delivery.eventType).to.equal(event.type);
          expect(received.delivery.messageId).to.equal(event.id?.(event.codec.create(init)));
        } finally {
          await consumer.close();
        }
      });
    }
  });
}

/** Buffers, prototypes and key order aside. */
function toPlain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toPlain(one)]));
}
