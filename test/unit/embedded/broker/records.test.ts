import { expect } from "chai";
import { embeddedBrokers } from "../../../support/embedded.ts";
import { dig } from "../../../support/embedded-wire.ts";

describe("a record on the embedded broker", () => {
  const { start, wire, kafka } = embeddedBrokers();

  it("goes in through kafkajs and comes out of a fetch", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    const producer = kafka(broker).producer();
    await producer.connect();
    await producer.send({ topic: "orders", messages: [{ key: "k", value: "v", headers: { h: "1" } }] });

    expect(
      broker.records("orders").map(({ offset, key, value }) => [offset, `${key}`, `${value}`]),
    ).to.deep.equal([[0, "k", "v"]]);
    const client = await wire(broker);
    const answer = await client.ask("Fetch", 4, {
      minBytes: 1,
      topics: [{ name: "orders", partitions: [{ index: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
    });
    expect(dig(answer, "topics", 0, "partitions", 0, "highWatermark")).to.equal(1);
  });
});
