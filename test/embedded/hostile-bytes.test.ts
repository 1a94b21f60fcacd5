import { expect } from "chai";
import type { EventType } from "keryx";
import { startTestServers, type TestServers } from "keryx/testing";
import { ApiRequest, OrderPlaced } from "../../generated/index.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import { samples } from "../support/samples.ts";

/** 2^31 as Avro's count or length; 2^31 - 1 as Protobuf's length. */
const billions = { avro: [0x80, 0x80, 0x80, 0x80, 0x10], protobuf: [0xff, 0xff, 0xff, 0xff, 0x07] };

describe("Records of a few bytes that declare billions of items", function () {
  this.timeout(30_000);
  let servers: TestServers;
  before(async () => {
    servers = await startTestServers();
  });
  after(() => servers.close());

  const events = [ApiRequest, OrderPlaced] as readonly unknown[] as readonly EventType[];
  for (const event of events)
    it(`become dead letters with a reason and their bytes as they were, and hold nothing up: ${event.format}`, async () => {
      const app = await servers.connect();
      const sample = samples.find((one) => one.event.name === event.name) ?? expect.fail(event.name);
      await app.producer.send(event, sample.init);
      const [good] = servers.broker.records(event.topic);
      const frame = [...(good?.value ?? [])].slice(0, event.format === "avro" ? 5 : 6);
      const hostile = Buffer.from([
        ...frame,
        ...(event.format === "avro" ? billions.avro : [0x0a, ...billions.protobuf]),
      ]);
      const port = createKafkajsPort({ brokers: servers.brokers }, () => {});
      const producer = port.producer({
        ...{ acks: "all", idempotent: false, compression: "none", requestTimeoutMs: 10_000 },
      });
      await producer.connect();
      await producer.send([{ topic: event.topic, key: null, value: hostile, headers: [] }]);
      await producer.send([{ topic: event.topic, key: null, value: good?.value ?? null, headers: [] }]);
      await producer.close();
      await port.close();

      let handled = 0;
      const consumer = app.consumer({ group: `of-${event.format}`, dedupe: "off" }).on(event, () => {
        handled += 1;
      });
      await consumer.start();
      await servers.untilProcessed(`of-${event.format}`);
      expect(handled).to.equal(2);
      const letters = servers.broker.records(event.policy.deadLetter);
      expect(letters.map(({ value }) => Buffer.from(value ?? []))).to.deep.equal([hostile]);
      const header = (named: string): string =>
        String(letters[0]?.headers.find(({ name }) => name === named)?.value);
      expect(header("keryx-failure-class")).to.equal("bad-bytes");
      expect(header("keryx-failure-code")).to.equal("malformed");
    });
});
