import { expect } from "chai";
import { crc32c } from "../../../../src/embedded/broker/log/crc32c.ts";
import type { BrokerSignal } from "../../../../src/embedded/broker/signals.ts";
import { embeddedBrokers, until } from "../../../support/embedded.ts";
import { batchOf, produce, valuesOf } from "../../../support/embedded-batch.ts";
import { dig, type WireClient } from "../../../support/embedded-wire.ts";

describe("looking into the embedded broker", () => {
  const { start, wire } = embeddedBrokers();

  const commit = (client: WireClient, groupId: string, offset: number) => {
    const partitions = [{ index: 0, offset, metadata: "kept" }];
    return client.ask("OffsetCommit", 2, {
      groupId,
      generationId: -1,
      topics: [{ name: "orders", partitions }],
    });
  };
  const committed = async (client: WireClient, groupId: string) => {
    const answer = await client.ask("OffsetFetch", 2, { groupId, topics: null });
    return dig(answer, "topics", 0, "partitions", 0, "offset");
  };

  it("shows seeded records as a producer would have sent them", async () => {
    const broker = await start({ topics: [{ name: "orders", partitions: 2 }] });
    broker.seed("orders", [
      { key: "k", value: "a", headers: { h: "1", b: Buffer.from([2]) }, timestampMs: 7 },
      { value: null },
    ]);
    broker.seed("orders", [{ value: "b", timestampMs: 2 ** 40 }], 1);
    broker.seed("orders", []);
    const [first, second, third] = broker.records("orders");
    expect(first).to.deep.include({
      partition: 0,
      offset: 0,
      timestampMs: 7,
      key: Buffer.from("k"),
      value: Buffer.from("a"),
    });
    expect(first?.headers).to.deep.equal([
      { name: "h", value: Buffer.from("1") },
      { name: "b", value: Buffer.from([2]) },
    ]);
    expect(second).to.deep.include({ partition: 0, offset: 1, key: null, value: null });
    expect(third).to.deep.include({ partition: 1, offset: 0, timestampMs: 2 ** 40 });
    expect(broker.records("orders")).to.have.length(3);
    expect(() => broker.seed("orders", [{ value: "c" }], 9)).to.throw("orders-9");
    expect(() => broker.createTopic({ name: "orders" })).to.throw("36");
  });

  it("seeds very many records at once", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    broker.seed(
      "orders",
      Array.from({ length: 200_000 }, (_, index) => ({ value: `${index}` })),
    );
    expect(broker.records("orders").at(-1)).to.deep.include({
      offset: 199_999,
      value: Buffer.from("199999"),
    });
  });

  it("lists connections, and the last thousand requests", async () => {
    const broker = await start({ brokers: 2 });
    const client = await wire(broker, { index: 1, clientId: "somebody" });
    for (let index = 0; index < 1005; index++) await client.ask("ApiVersions", index === 1004 ? 2 : 1);
    expect(broker.connections()).to.deep.equal([{ id: 1, broker: 1 }]);
    expect(broker.requests()).to.have.length(1000);
    const last = { api: "ApiVersions", version: 2, broker: 1, connection: 1, clientId: "somebody" };
    expect(broker.requests({ api: "ApiVersions" }).at(-1)).to.deep.equal(last);
    expect(broker.requests({ api: "Fetch" })).to.deep.equal([]);
  });

  it("tells what happens as signals", async () => {
    const signals: BrokerSignal[] = [];
    const broker = await start({ brokers: 2, observe: (signal) => void signals.push(signal) });
    broker.createTopic({ name: "orders", partitions: 2 });
    const client = await wire(broker);
    await client.ask("DeleteTopics", 1, { topics: ["orders"] });
    client.close();
    await until(() => broker.connections().length === 0, "the broker has seen it go");
    await broker.stopBroker(1);
    await wire(broker);
    await until(() => broker.connections().length === 1, "another client has come");
    await broker.addBroker();
    await broker.stopBroker(0);
    const closed = signals.filter(({ kind }) => kind === "connection.closed");
    expect(closed.map((signal) => dig(signal, "reason"))).to.deep.equal([undefined, "the broker stops"]);
    const kinds = signals.map(({ kind }) => kind);
    expect(kinds).to.deep.equal([
      ...["broker.started", "broker.started", "topic.created"],
      ...["request.received", "topic.deleted", "connection.closed", "broker.stopped"],
      ...["broker.started", "connection.closed", "broker.stopped"],
    ]);
  });

  it("puts topics, records, settings, offsets and transactions back to where they were", async () => {
    const topics = [{ name: "orders", configs: { "retention.ms": "5000" } }];
    const broker = await start({ topics });
    const client = await wire(broker);
    const asked = { transactionalId: "t", transactionTimeoutMs: 60_000 };
    const { producerId } = (await client.ask("InitProducerId", 1, asked)) as { readonly producerId: number };
    const claim = { transactionalId: "t", producerId, producerEpoch: 0 };
    await client.ask("AddPartitionsToTxn", 1, { ...claim, topics: [{ name: "orders", partitions: [0] }] });
    const open = batchOf(["open"], { producerId, sequence: 0, isTransactional: true });
    const records = [{ name: "orders", partitions: [{ index: 0, records: [open] }] }];
    await client.ask("Produce", 7, { transactionalId: "t", acks: 1, topics: records });
    await commit(client, "g", 1);
    const snapshot = broker.snapshot();

    await client.ask("EndTxn", 1, { ...claim, committed: false });
    await commit(client, "g", 9);
    await commit(client, "other", 9);
    broker.createTopic({ name: "later" });
    broker.seed("orders", [{ value: "later" }]);
    for (const other of [broker, await start({ brokers: 2 })]) {
      other.restore(snapshot);
      const at = await wire(other, { index: other === broker ? 0 : other.bootstrap().length - 1 });
      expect(valuesOf(other.records("orders"))).to.deep.equal(["open"]);
      expect(other.group("g")).to.deep.include({ state: "Empty", members: [] });
      expect(other.group("other")).to.equal(undefined);
      expect(other.transactions()).to.deep.equal([{ id: "t", state: "Ongoing", epoch: 0 }]);
      expect(dig(await at.ask("Metadata", 1, { topics: null }), "topics", 1)).to.equal(undefined);
      at.close();
    }
    expect(await committed(client, "g")).to.equal(1);
    expect(await client.ask("EndTxn", 1, { ...claim, committed: true })).to.include({ errorCode: 0 });
    expect((await produce(client, "orders", batchOf(["plain"]))).baseOffset).to.equal(2);
    broker.restore(snapshot);
    expect(broker.records("orders")).to.have.length(1);
  });

  it("says which broker or partition there is not", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    const refusals = [() => broker.stopBroker(7), () => broker.startBroker(7), () => broker.stopBroker(0)];
    for (const refused of refusals)
      expect(await refused().catch((error: Error) => error.message)).to.match(/no broker 7|last broker/);
    expect(() => broker.truncateBefore("orders", 3, 0)).to.throw("orders-3");
    await broker.startBroker(0);
    expect(broker.bootstrap()).to.have.length(1);
    broker.expireSession("nobody");
    broker.forceRebalance("nobody");
    expect(broker.group("nobody")).to.equal(undefined);
  });

  it("checks batches with CRC-32C", () => {
    expect(crc32c(Buffer.from("123456789"))).to.equal(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).to.equal(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).to.equal(0x62a8ab43);
    expect(crc32c(Buffer.alloc(0))).to.equal(0);
  });
});
