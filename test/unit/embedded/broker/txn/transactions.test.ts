import { expect } from "chai";
import type { BrokerSignal } from "../../../../../src/embedded/broker/signals.ts";
import { embeddedBrokers } from "../../../../support/embedded.ts";
import { batchOf, fetchFrom, produce } from "../../../../support/embedded-batch.ts";
import { committedOffset } from "../../../../support/embedded-groups.ts";
import { dig, type WireClient } from "../../../../support/embedded-wire.ts";
import { createManualClock } from "../../../../support/manual-clock.ts";

const minute = 60_000;
const transactionalId = "t";

async function init(client: WireClient) {
  const told = await client.ask("InitProducerId", 1, { transactionalId, transactionTimeoutMs: minute });
  const { producerId, producerEpoch } = told as Readonly<Record<"producerId" | "producerEpoch", number>>;
  const claim = { transactionalId, producerId, producerEpoch };
  let sequence = 0;
  return {
    claim,
    add: async (topic = "orders") => {
      const answer = await client.ask("AddPartitionsToTxn", 1, {
        ...claim,
        topics: [{ name: topic, partitions: [0] }],
      });
      return dig(answer, "topics", 0, "partitions", 0, "errorCode");
    },
    send: async (value: string, topic = "orders") => {
      const batch = batchOf([value], { producerId, producerEpoch, sequence, isTransactional: true });
      const { errorCode } = await produce(client, topic, batch, { transactionalId });
      if (errorCode === 0) sequence++;
      return errorCode;
    },
    commitOffset: async (offset: number, isAdded = true) => {
      if (isAdded) await client.ask("AddOffsetsToTxn", 1, { ...claim, groupId: "g" });
      const topics = [{ name: "orders", partitions: [{ index: 0, offset }] }];
      const answer = await client.ask("TxnOffsetCommit", 3, { ...claim, groupId: "g", topics });
      return dig(answer, "topics", 0, "partitions", 0, "errorCode");
    },
    end: async (committed: boolean) => (await client.ask("EndTxn", 1, { ...claim, committed }))["errorCode"],
  };
}

describe("transactions of the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const started = async () => {
    const clock = createManualClock();
    const signals: BrokerSignal[] = [];
    const observe = (signal: BrokerSignal) => void signals.push(signal);
    const broker = await start({ clock, observe, topics: [{ name: "orders" }] });
    const client = await wire(broker);
    const stable = async () => (await fetchFrom(client, "orders", 0, { isolationLevel: 1 })).lastStableOffset;
    return { broker, clock, client, stable, signals, producer: await init(client) };
  };

  it("time out counted from their beginning, whatever is written meanwhile", async () => {
    const { clock, producer, stable, client, signals } = await started();
    await clock.advance(10 * minute);
    await producer.add();
    await producer.send("a");
    await producer.commitOffset(5);
    await clock.advance(minute - 1);
    expect(await producer.send("b")).to.equal(0);
    expect(await stable()).to.equal(0);
    await clock.advance(1);
    expect(await stable()).to.equal(3);
    expect(await producer.send("c")).to.equal(47);
    expect(await committedOffset(client, "g", "orders")).to.include({ offset: -1 });
    expect(signals).to.deep.include({ kind: "transaction.ended", transactionalId, isCommit: false });
  });

  it("leave no timeout behind when they end", async () => {
    const { clock, producer, stable } = await started();
    await producer.add();
    await producer.send("a");
    await producer.end(true);
    await clock.advance(minute - 1);
    await producer.add();
    await producer.send("b");
    await clock.advance(minute - 1);
    expect(await stable()).to.equal(2);
    expect(await producer.end(true)).to.equal(0);
    expect(await stable()).to.equal(4);
  });

  it("take partitions and groups anew each time", async () => {
    const { producer } = await started();
    await producer.add();
    expect(await producer.send("a")).to.equal(0);
    expect(await producer.commitOffset(5)).to.equal(0);
    await producer.end(true);
    expect(await producer.send("b")).to.equal(48);
    await producer.add("orders");
    expect(await producer.commitOffset(6, false)).to.equal(48);
    await producer.end(true);
    await producer.commitOffset(7);
    expect(await producer.send("b")).to.equal(48);
  });

  it("give a new producer id when the epochs have run out, and the last one is fenced all the same", async () => {
    const { broker, client, clock, producer } = await started();
    for (let epoch = 0; epoch < 32_765; epoch++) broker.bumpEpoch(transactionalId);
    const last = await init(client);
    expect(last.claim).to.deep.equal({ ...producer.claim, producerEpoch: 32_766 });
    await last.add();
    await last.send("a");
    await clock.advance(minute);
    expect(await last.end(true)).to.equal(47);
    const next = await init(client);
    expect(next.claim).to.deep.equal({
      transactionalId,
      producerId: producer.claim.producerId + 1,
      producerEpoch: 0,
    });
    expect(await last.add()).to.equal(49);
    expect(await next.add()).to.equal(0);
    expect(await next.send("b")).to.equal(0);
  });

  it("are put back open, with their offsets and a timeout of their own", async () => {
    const { broker, client, clock, producer, stable } = await started();
    await producer.add();
    await producer.send("a");
    await producer.commitOffset(5);
    const snapshot = broker.snapshot();
    await producer.commitOffset(9);
    await producer.end(true);
    expect(await committedOffset(client, "g", "orders")).to.include({ offset: 9 });
    broker.restore(snapshot);
    expect(await committedOffset(client, "g", "orders")).to.include({ offset: -1 });
    expect(await stable()).to.equal(0);
    expect(await producer.end(true)).to.equal(0);
    expect(await committedOffset(client, "g", "orders")).to.include({ offset: 5 });
    expect(await stable()).to.equal(2);
    broker.restore(snapshot);
    await clock.advance(minute);
    expect(await stable()).to.equal(2);
    expect(await producer.end(true)).to.equal(47);
    expect(await committedOffset(client, "g", "orders")).to.include({ offset: -1 });
  });

  it("do not get back the offsets that came behind a snapshot", async () => {
    const { broker, client, producer } = await started();
    await producer.add();
    const snapshot = broker.snapshot();
    await producer.commitOffset(5);
    broker.restore(snapshot);
    await producer.end(true);
    expect(await committedOffset(client, "g", "orders")).to.include({ offset: -1 });
  });

  it("never move the stable offset before the start of the log", async () => {
    const { broker, producer, stable } = await started();
    broker.seed("orders", [{ value: "before" }]);
    await producer.add();
    await producer.send("a");
    await producer.send("b");
    expect(await stable().catch(() => -1)).to.equal(1);
    broker.truncateBefore("orders", 0, 3);
    const client = await wire(broker);
    const part = await fetchFrom(client, "orders", 3, { isolationLevel: 1 });
    expect(part).to.include({ errorCode: 0, logStartOffset: 3, lastStableOffset: 3, highWatermark: 3 });
  });

  it("end although a topic of theirs is gone, and know nothing of one that was made anew", async () => {
    const { client, broker, producer } = await started();
    await producer.add();
    await producer.send("a");
    await client.ask("DeleteTopics", 1, { topics: ["orders"], timeoutMs: 1 });
    broker.createTopic({ name: "orders" });
    expect(await producer.send("b")).to.equal(48);
    expect(await producer.end(true)).to.equal(0);
    expect(broker.records("orders")).to.deep.equal([]);
  });

  it("are looked after by one broker: the others answer 16", async () => {
    const broker = await start({ brokers: 2, topics: [{ name: "orders" }] });
    const clients = [await wire(broker), await wire(broker, { index: 1 })];
    const codes = async (name: string, request: object) =>
      Promise.all(clients.map(async (client) => (await client.ask(name, 1, request as never))["errorCode"]));
    expect(await codes("InitProducerId", { transactionalId, transactionTimeoutMs: 1 })).to.have.members([
      0, 16,
    ]);
    const claim = { transactionalId, producerId: 1, producerEpoch: 0 };
    expect(await codes("EndTxn", { ...claim, committed: true })).to.include(16);
    expect(await codes("AddOffsetsToTxn", { ...claim, groupId: "g" })).to.include(16);
  });
});
