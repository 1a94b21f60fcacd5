import { createHash, randomBytes } from "node:crypto";
import { connect as connectSocket } from "node:net";
import { expect } from "chai";
import { Kafka, logLevel } from "kafkajs";
import { createFrameReader } from "../../../../src/embedded/broker/wire/frame.ts";
import { chaosProxies } from "../../../support/chaos-proxies.ts";
import { embeddedBrokers, until } from "../../../support/embedded.ts";
import { withLength } from "../../../support/embedded-wire.ts";
import { testTls } from "../../../support/tls.ts";

const sha256 = (frames: readonly Buffer[]): string =>
  frames.reduce((hash, frame) => hash.update(frame), createHash("sha256")).digest("hex");

/** A request of an API whose answers name nobody, with any bytes as its body. */
function anyRequest(key: number, correlationId: number, size: number): Buffer {
  const head = Buffer.alloc(10);
  head.writeInt16BE(key, 0);
  head.writeInt16BE(5, 2);
  head.writeInt32BE(correlationId, 4);
  head.writeInt16BE(-1, 8);
  return Buffer.concat([head, randomBytes(size)]);
}

describe("what passes the chaos proxy", () => {
  const { proxy, server } = chaosProxies();
  const { start } = embeddedBrokers();

  it("is the same on both sides, byte for byte, in both directions", async () => {
    const [sent, seen, answered, received]: Buffer[][] = [[], [], [], []];
    const broker = await server((frame) => {
      seen?.push(frame);
      const answer = Buffer.concat([frame.subarray(4, 8), randomBytes(1 + (frame.length % 70_000))]);
      answered?.push(answer);
      return [answer];
    });
    const { brokers } = await proxy({ brokers: [broker.address] });
    const [host, port] = (brokers[0] ?? "").split(":");
    const client = connectSocket({ host: host ?? "", port: Number(port) });
    const frames = createFrameReader(1 << 30);
    client.on("data", (chunk) => {
      frames.push(chunk);
      for (let frame = frames.next(); frame !== undefined; frame = frames.next()) received?.push(frame);
    });
    const keys = [1, 2, 8, 9, 11, 12, 13, 14, 17, 36, 42, 68, 999];
    for (let id = 0; id < 300; id++) {
      const frame = anyRequest(keys[id % keys.length] ?? 1, id, (id * 977) % 90_000);
      sent?.push(frame);
      client.write(withLength(frame));
    }
    await until(() => received?.length === 300, "every answer has come");
    client.destroy();
    expect(sha256(seen ?? []), "requests").to.equal(sha256(sent ?? []));
    expect(sha256(received ?? []), "answers").to.equal(sha256(answered ?? []));
  });

  it("never names a real broker: kafkajs with three of them connects to the proxy alone", async () => {
    const broker = await start({
      brokers: 3,
      topics: [{ name: "orders", partitions: 6, replicationFactor: 3 }],
    });
    const chaos = await proxy({ brokers: broker.bootstrap().slice(0, 1) });
    const reached = new Set<string>();
    const kafka = new Kafka({
      brokers: [...chaos.brokers],
      logLevel: logLevel.NOTHING,
      socketFactory: ({ host, port, onConnect }) => {
        reached.add(`${host}:${port}`);
        return connectSocket({ host, port }, onConnect);
      },
    });
    const [producer, consumer, admin] = [
      kafka.producer(),
      kafka.consumer({ groupId: "billing", maxWaitTimeInMs: 50 }),
      kafka.admin(),
    ];
    const values = new Set<string>();
    try {
      await producer.connect();
      const messages = Array.from({ length: 60 }, (_, i) => ({ key: `k${i}`, value: `v${i}` }));
      await producer.send({ topic: "orders", messages });
      await consumer.subscribe({ topic: "orders", fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void values.add(String(message.value)) });
      await until(() => values.size === 60, "every record has come");
      await admin.connect();
      expect((await admin.describeCluster()).brokers.map(({ port }) => port)).not.to.include.members(
        broker.bootstrap().map((address) => Number(address.split(":")[1])),
      );
    } finally {
      await Promise.all([producer.disconnect(), consumer.disconnect(), admin.disconnect()]);
    }
    const real = new Set(broker.bootstrap());
    expect([...reached].filter((address) => real.has(address))).to.deep.equal([]);
    expect(reached.size, "a port for each broker").to.equal(3);
    expect(new Set(chaos.timeline.map((event) => event.broker))).to.include.members([0, 1, 2]);
  });

  it("may be encrypted on either side", async () => {
    const { ca, server: certificate } = testTls;
    const broker = await start({
      topics: [{ name: "orders" }],
      listeners: [{ name: "tls", tls: certificate }],
    });
    const chaos = await proxy({ brokers: broker.bootstrap(), tls: certificate, upstreamTls: { ca } });
    const kafka = new Kafka({ brokers: [...chaos.brokers], ssl: { ca }, logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    const rule = chaos.rule({ api: "Produce", topic: "orders" }, { kind: "error", code: 7 });
    await producer.send({ topic: "orders", messages: [{ value: "v" }] });
    await producer.disconnect();
    expect([rule.hits, broker.records("orders").length]).to.deep.equal([1, 1]);
  });

  it("ends with the connection that sends a frame too long, a negative length or bytes that are no request", async () => {
    const broker = await start({});
    const chaos = await proxy({ brokers: broker.bootstrap(), maxFrameBytes: 1000 });
    const [host, port] = (chaos.brokers[0] ?? "").split(":");
    for (const hostile of [
      [0, 0, 4, 0],
      [255, 255, 255, 255],
      [0, 0, 0, 2, 1, 1],
    ]) {
      const client = connectSocket({ host: host ?? "", port: Number(port) });
      client.on("error", () => {});
      client.write(Buffer.from(hostile));
      await new Promise((resolve) => client.once("close", resolve));
    }
    await until(() => chaos.connections().length === 0, "the proxy has forgotten them");
  });

  it("ends with the connection whose broker answers with what cannot be read", async () => {
    const broker = await server((frame) => [Buffer.concat([frame.subarray(4, 8), Buffer.alloc(6, 0x7f)])]);
    const chaos = await proxy({ brokers: [broker.address] });
    const [host, port] = (chaos.brokers[0] ?? "").split(":");
    const client = connectSocket({ host: host ?? "", port: Number(port) });
    client.on("error", () => {});
    client.write(withLength(anyRequest(3, 1, 8)));
    await new Promise((resolve) => client.once("close", resolve));
  });

  it("is refused where the broker is not there, and addresses have to be some", async () => {
    const broker = await start({});
    const chaos = await proxy({ brokers: broker.bootstrap() });
    await broker.close();
    const [host, port] = (chaos.brokers[0] ?? "").split(":");
    const client = connectSocket({ host: host ?? "", port: Number(port) });
    client.on("error", () => {});
    client.write(withLength(anyRequest(1, 1, 8)));
    await new Promise((resolve) => client.once("close", resolve));
    const error = await proxy({ brokers: ["nowhere"] }).catch((one: unknown) => one);
    expect(error).to.have.property("code", "config_invalid");
  });
});
