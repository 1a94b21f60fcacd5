import { SchemaRegistry as KafkajsRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { expect } from "chai";
import type { Context } from "mocha";
import protobuf from "protobufjs";
import { PaymentCaptured, type PaymentCapturedInit } from "../../generated/payments/v1/payment-captured.ts";
import { KeryxError } from "../../src/core/errors.ts";
import type { EventType } from "../../src/core/event.ts";
import type { RawRecord } from "../../src/core/record.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import { createKafkajsRegistry } from "../../src/registry/kafkajs-registry.ts";
import type { SchemaRegistry } from "../../src/registry/port.ts";
import { createDeserializer } from "../../src/serde/deserializer.ts";
import { createSerializer } from "../../src/serde/serializer.ts";
import { uniqueName } from "../support/servers.ts";

const observe = (): void => {};
const toRecord = (value: Uint8Array): RawRecord => ({
  topic: "interop",
  partition: 0,
  offset: 0n,
  timestampMs: 0,
  key: null,
  value,
  headers: [],
});

const eventId = "4f8c3f9e-2a1d-4f1c-9a35-0d0e8f6c2b11";
const paymentId = "0b7c4c39-5a3f-4f5e-8f0e-1c9f5a7d2e22";
const capturedAtMs = 1_732_188_000_123;

/** The same payment in our words and in the library's. */
export const ours: PaymentCapturedInit = {
  eventId: eventId,
  orderId: "o-1",
  paymentId: paymentId,
  amount: { unscaled: 4_200n, scale: 2 },
  currency: "EUR",
  provider: "ADYEN",
  cardHolder: "Ada Ü. 🎉",
  instrument: { kind: "BankAccount", value: { iban: "DE02", bankName: "Bank" } },
  capturedAt: new Date(capturedAtMs),
  feesMinor: [1n, -2n],
};
const theirs = {
  eventId,
  orderId: "o-1",
  paymentId,
  amount: Buffer.from([0x10, 0x68]),
  currency: "EUR",
  provider: "ADYEN",
  cardHolder: "Ada Ü. 🎉",
  instrument: { "payments.v1.BankAccount": { iban: "DE02", bankName: "Bank" } },
  capturedAt: capturedAtMs,
  settlementDate: null,
  feesMinor: [1, -2],
};

const pingText =
  'syntax = "proto3";\npackage interop.v1;\n\nmessage Ping {\n  string id = 1;\n  uint32 count = 2;\n}\n';
const pingType = protobuf.parse(pingText).root.lookupType("interop.v1.Ping");
type Ping = { readonly id: string; readonly count: number };

function pingEvent(subject: string): EventType<Ping> {
  return {
    type: "interop.ping",
    topic: "interop",
    name: "interop.v1.Ping",
    subject,
    format: "protobuf",
    fingerprint: "0".repeat(64),
    index: [0],
    wire: { schema: pingText, references: [] },
    policy: { retry: { delaysMs: [] }, deadLetter: "interop-dlq", compatibility: "BACKWARD", ordered: false },
    sensitive: [],
    codec: {
      create: (ping) => ping,
      encode: (ping, room) => Buffer.concat([Buffer.alloc(room), pingType.encode(ping).finish()]),
      decode: (payload) => pingType.toObject(pingType.decode(payload), { defaults: true }) as Ping,
    },
  };
}

export interface InteropRegistry {
  readonly name: string;
  /** In a `before` hook, whose context it is given. */
  start(test: Context): Promise<string>;
}

/** Events of ours and @kafkajs/confluent-schema-registry, as it is, read each other on a registry. */
export function registryInterop({ name, start }: InteropRegistry): void {
  describe(`Beside @kafkajs/confluent-schema-registry, on ${name}`, () => {
    let kafkajs: KafkajsRegistry;
    const clients: { name: string; create(): SchemaRegistry; registry?: SchemaRegistry }[] = [];
    let url = "";
    before(async function () {
      url = await start(this);
      kafkajs = new KafkajsRegistry({ host: url });
    });
    clients.push(
      { name: "the HTTP client", create: () => createHttpRegistry({ url }, observe) },
      { name: "the team's own instance", create: () => createKafkajsRegistry(kafkajs, observe) },
    );

    for (const client of clients)
      describe(`through ${client.name}`, () => {
        let registry: SchemaRegistry;
        before(() => {
          registry = client.create();
        });
        after(() => registry?.close());

        it("Avro that it wrote is read by a generated event", async () => {
          const event = { ...PaymentCaptured, subject: `${uniqueName("theirs")}-value` };
          const schema = { type: SchemaType.AVRO, schema: event.wire.schema } as const;
          await registry.setSubjectLevel(event.subject, "BACKWARD");
          const { id } = await kafkajs.register(schema, { subject: event.subject });
          const bytes = await kafkajs.encode(id, theirs);
          const decoded = await createDeserializer({ registry, events: [event] }).decode(toRecord(bytes));
          expect(decoded).to.deep.equal({
            kind: "decoded",
            event,
            schemaId: id,
            value: PaymentCaptured.codec.create(ours),
          });
        });

        it("Avro that a generated event wrote is read by it", async () => {
          const event = { ...PaymentCaptured, subject: `${uniqueName("ours")}-value` };
          const serializer = createSerializer({ registry, autoRegister: true, observe });
          await serializer.prepare([event]);
          const bytes = serializer.serialize(event, PaymentCaptured.codec.create(ours));
          const read = await kafkajs.decode(Buffer.from(bytes));
          expect(JSON.parse(JSON.stringify(read))).to.deep.equal(JSON.parse(JSON.stringify(theirs)));
        });

        it("Protobuf that it wrote, without message indexes, is read with the option only", async () => {
          const event = pingEvent(`${uniqueName("theirs")}-value`);
          const serializer = createSerializer({ registry, autoRegister: true, observe });
          await serializer.prepare([event]);
          const { id } = (await registry.lookup(event.subject, {
            type: "PROTOBUF",
            schema: pingText,
            references: [],
          })) ?? { id: 0 };
          const bytes = await kafkajs.encode(id, { id: "p-1", count: 7 });
          expect(bytes[5], "the first byte of the payload, where the indexes should be").to.equal(0x0a);

          const strict = createDeserializer({ registry, events: [event] });
          const refused = await Promise.resolve()
            .then(() => strict.decode(toRecord(bytes)))
            .catch((error: unknown) => error);
          expect(refused).to.be.instanceOf(KeryxError).and.to.include({ code: "decode_failed" });

          const told = createDeserializer({ registry, events: [event], protobufWithoutIndexes: true });
          expect(await told.decode(toRecord(bytes))).to.deep.include({ value: { id: "p-1", count: 7 } });
        });

        it("Protobuf of ours is read by it, as long as the message is the first of its file", async () => {
          const event = pingEvent(`${uniqueName("ours")}-value`);
          const serializer = createSerializer({ registry, autoRegister: true, observe });
          await serializer.prepare([event]);
          const bytes = serializer.serialize(event, { id: "p-2", count: 9 });
          expect([...bytes.subarray(0, 1), bytes[5]]).to.deep.equal([0, 0]);
          expect({ ...(await kafkajs.decode(Buffer.from(bytes))) }).to.deep.equal({ id: "p-2", count: 9 });
        });
      });
  });
}
