import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { fromJson, toJson } from "@bufbuild/protobuf";
import { expect } from "chai";
import { type App, connect, type EventType } from "keryx";
import { messageJson } from "keryx/runtime/v1";
import { OrderPlaced, PaymentCaptured } from "../../generated/index.ts";
import { OrderPlacedSchema } from "../../generated/orders/v1/order_placed_pb.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { KafkaPort } from "../../src/transport/port.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";
import { samples } from "../support/samples.ts";
import { createTopics, uniqueName, waitUntil } from "../support/servers.ts";

/** Values that no text of ours shares four characters with. */
const secrets = ["Zq7#Wv9!Kx3%", "ŷẑẍ~jQw^Vx8&", "Xk4$Qz1|Jv6+", "Wq5*Zx2=Kj0;"] as const;
const [email, token, holder, iban] = secrets;
/** Every run of four bytes of a secret, as text would show it. */
const runs = secrets.flatMap((secret) => {
  const bytes = Buffer.from(secret);
  return Array.from({ length: bytes.length - 3 }, (_, at) => bytes.subarray(at, at + 4).toString("latin1"));
});
const found = (bytes: Uint8Array | string): readonly string[] => {
  const text = Buffer.from(bytes).toString("latin1");
  return runs.filter((run) => text.includes(run));
};

const json: Pick<EventType, "serialization" | "json"> = {
  serialization: "JSON",
  json: messageJson<OrderPlaced>(OrderPlaced.name, {
    shape: OrderPlacedSchema,
    toJson: (value) => toJson(OrderPlacedSchema, value),
    fromJson: (text) => fromJson(OrderPlacedSchema, text, { ignoreUnknownFields: true }),
  }) as NonNullable<EventType["json"]>,
};

describe("sensitive values", function () {
  this.timeout(60_000);
  let app: App;
  let port: KafkaPort;
  const said: string[] = [];
  const thrown: unknown[] = [];
  const dead: string[] = [];

  const initOf = (event: { readonly name: string }): object =>
    samples.find((one) => one.event.name === event.name)?.init ?? expect.fail(event.name);
  const order = { ...initOf(OrderPlaced), customerEmail: email, note: `${email}${token}` };
  const payment = {
    ...{ ...initOf(PaymentCaptured), cardHolder: holder },
    instrument: { kind: "BankAccount", value: { iban, bankName: null } },
  };
  const placed = (more: object = {}): object => ({
    ...{ ...order, eventId: randomUUID(), orderId: randomUUID(), ...more },
    payment: { case: "card", value: { token, brand: "b", lastDigits: "1" } },
  });
  const captured = (more: object = {}): object => ({
    ...{ ...payment, eventId: randomUUID(), orderId: randomUUID(), ...more },
  });

  before(async function () {
    const { brokers, registryUrl } = await requireEmbeddedServers(this);
    app = await connect({
      ...{ brokers, registry: registryUrl, createTopics: true, environment: {} },
      logging: { level: "debug" },
      logDestination: { write: (line) => said.push(line) },
      observe: (signal) => said.push(inspect(signal, { depth: 8 })),
      producer: { deadLetter: "topic" },
    });
    port = createKafkajsPort({ brokers }, () => {});
    const events = ([OrderPlaced, PaymentCaptured] as readonly unknown[] as readonly EventType[]).flatMap(
      (event) =>
        [{}, event.format === "avro" ? { serialization: "JSON" as const } : json].map(
          (written): EventType => {
            const topic = uniqueName("private");
            const policy = { ...event.policy, retry: { delaysMs: [] }, deadLetter: `${topic}-dlq` };
            return { ...event, ...written, topic, subject: `${topic}-value`, policy };
          },
        ),
    );
    await createTopics(
      brokers,
      events.flatMap(({ topic }) => [topic, `${topic}-dlq`]).map((topic) => ({ topic, partitions: 1 })),
    );
    const consumer = app.consumer({ group: uniqueName("leaky"), failureStack: true });
    for (const event of events)
      consumer.on(event, (value) => {
        // Its own values, as a careless handler quotes them.
        const own = event.format === "avro" ? [holder, iban] : [email, token];
        const cause = new TypeError(`${own.join()} in ${inspect(value, { depth: 5 })}`);
        throw Object.assign(new Error(`no charge for ${own.join()}: ${inspect(value)}`, { cause }), {
          value,
        });
      });
    await consumer.start();
    for (const event of events) {
      const make = event.format === "avro" ? captured : placed;
      const wrong: object =
        event.format === "avro" ? { cardHolder: { is: holder } } : { customerEmail: [email] };
      for (const value of [make(), make(wrong), make({ orderId: "" })])
        await app.producer.send(event, value).catch((error: unknown) => thrown.push(error));
    }
    // Of each event: one that its handler failed, and two that could not be sent.
    await waitUntil("all dead letters", async () => {
      dead.length = 0;
      let records = 0;
      for (const { topic } of events)
        await readHeaders(`${topic}-dlq`, () => {
          records += 1;
        });
      return records === events.length * 3;
    });
  });

  const readHeaders = async (topic: string, each: () => void): Promise<void> => {
    const admin = port.admin();
    try {
      for (const { partition, low, high } of await admin.offsets(topic))
        if (low < high)
          await port.read({ topic, partition, offset: low }, high, async ({ headers, value }) => {
            each();
            for (const [name, content] of headers)
              dead.push(`${name}: ${Buffer.from(content ?? []).toString("latin1")}`);
            // What could not be encoded is there as a view for people; what could keeps its bytes.
            const isView = headers.some(([, content]) => String(content).includes("dead-letter+json"));
            if (isView) dead.push(Buffer.from(value ?? []).toString("latin1"));
          });
    } finally {
      await admin.close();
    }
  };

  after(async () => {
    await app?.close();
    await port?.close();
  });

  it("are there to be leaked", () => {
    expect(found(inspect(placed()))).to.not.be.empty;
    expect(thrown).to.have.length(8);
    expect(said.length).to.be.above(20);
    expect(dead.join("\n")).to.include("no charge for");
    expect(dead.join("\n")).to.include("[redacted]");
  });

  it("show no run of four bytes in logs and signals", () => {
    expect(said.filter((line) => found(line).length > 0)).to.deep.equal([]);
  });

  it("show none in what a send throws", () => {
    for (const error of thrown) expect(found(inspect(error, { depth: 8 }))).to.deep.equal([]);
  });

  it("show none in headers and views of dead letters", () => {
    expect(dead.filter((line) => found(Buffer.from(line, "latin1")).length > 0)).to.deep.equal([]);
  });
});
