import { expect } from "chai";
import { embeddedBrokers } from "../../../../support/embedded.ts";
import { batchOf, produce } from "../../../../support/embedded-batch.ts";
import { dig, type WireClient } from "../../../../support/embedded-wire.ts";

describe("looking up offsets on the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const lookUp = async (
    client: WireClient,
    timestamp: number,
    { version = 3, isolationLevel = 0, index = 0 } = {},
  ) => {
    const request = { isolationLevel, topics: [{ name: "orders", partitions: [{ index, timestamp }] }] };
    const part = dig(await client.ask("ListOffsets", version, request), "topics", 0, "partitions", 0);
    return [dig(part, "errorCode"), dig(part, "offset"), dig(part, "timestamp")];
  };
  const started = async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    broker.seed("orders", [
      { value: "a", timestampMs: 100 },
      { value: "b", timestampMs: 200 },
    ]);
    broker.seed("orders", [
      { value: "c", timestampMs: 150 },
      { value: "d", timestampMs: 300 },
    ]);
    return { broker, client: await wire(broker) };
  };

  it("knows the earliest and the latest", async () => {
    const { broker, client } = await started();
    for (const version of [1, 2, 3]) {
      expect(await lookUp(client, -2, { version })).to.deep.equal([0, 0, -1]);
      expect(await lookUp(client, -1, { version })).to.deep.equal([0, 4, -1]);
    }
    broker.truncateBefore("orders", 0, 3);
    expect(await lookUp(client, -2)).to.deep.equal([0, 3, -1]);
  });

  it("finds the first record at or after a time", async () => {
    const { client } = await started();
    expect(await lookUp(client, 0)).to.deep.equal([0, 0, 100]);
    expect(await lookUp(client, 100)).to.deep.equal([0, 0, 100]);
    expect(await lookUp(client, 101)).to.deep.equal([0, 1, 200]);
    expect(await lookUp(client, 201)).to.deep.equal([0, 3, 300]);
    expect(await lookUp(client, 301)).to.deep.equal([0, -1, -1]);
  });

  it("passes over what lies before the start of the log", async () => {
    const { broker, client } = await started();
    broker.truncateBefore("orders", 0, 1);
    expect(await lookUp(client, 0)).to.deep.equal([0, 1, 200]);
    broker.truncateBefore("orders", 0, 3);
    expect(await lookUp(client, 0)).to.deep.equal([0, 3, 300]);
  });

  it("goes on behind a batch whose late records lie before the start", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    broker.seed("orders", [
      { value: "late", timestampMs: 900 },
      { value: "early", timestampMs: 1 },
    ]);
    broker.seed("orders", [{ value: "later", timestampMs: 950 }]);
    broker.truncateBefore("orders", 0, 1);
    expect(await lookUp(await wire(broker), 900)).to.deep.equal([0, 2, 950]);
  });

  it("answers with the first offset of a batch that it does not open", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    const client = await wire(broker);
    const records = [
      { value: "a", timestampMs: 100 },
      { value: "b", timestampMs: 200 },
    ];
    for (const attributes of [2, 3]) await produce(client, "orders", batchOf(records, { attributes }));
    expect(await lookUp(client, 150)).to.deep.equal([0, 0, 200]);
  });

  it("ends at the last stable offset for readers of what is committed", async () => {
    const { client } = await started();
    const asked = { transactionalId: "t", transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = (await client.ask("InitProducerId", 1, asked)) as {
      readonly producerId: number;
      readonly producerEpoch: number;
    };
    const claim = { transactionalId: "t", producerId, producerEpoch };
    await client.ask("AddPartitionsToTxn", 1, { ...claim, topics: [{ name: "orders", partitions: [0] }] });
    const open = batchOf([{ value: "open", timestampMs: 400 }], {
      producerId,
      sequence: 0,
      isTransactional: true,
    });
    await produce(client, "orders", open, { transactionalId: "t" });
    expect(await lookUp(client, -1)).to.deep.equal([0, 5, -1]);
    expect(await lookUp(client, -1, { isolationLevel: 1 })).to.deep.equal([0, 4, -1]);
    expect(await lookUp(client, 400)).to.deep.equal([0, 4, 400]);
    expect(await lookUp(client, 400, { isolationLevel: 1 })).to.deep.equal([0, -1, -1]);
  });

  it("is 3 and 6 where there is no such partition, and where it is led elsewhere", async () => {
    const broker = await start({ brokers: 2, topics: [{ name: "orders" }] });
    expect(await lookUp(await wire(broker), -1, { index: 4 })).to.deep.equal([3, -1, -1]);
    expect(await lookUp(await wire(broker, { index: 1 }), -1)).to.deep.equal([6, -1, -1]);
  });
});
