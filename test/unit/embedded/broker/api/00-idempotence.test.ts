import { expect } from "chai";
import { embeddedBrokers } from "../../../../support/embedded.ts";
import { batchOf, produce, valuesOf } from "../../../../support/embedded-batch.ts";
import { dig } from "../../../../support/embedded-wire.ts";

describe("an idempotent producer at the embedded broker", () => {
  const { start, wire } = embeddedBrokers();

  const started = async () => {
    const broker = await start({ topics: [{ name: "orders", partitions: 2 }] });
    const client = await wire(broker);
    const { producerId } = (await client.ask("InitProducerId", 0, {
      transactionalId: null,
      transactionTimeoutMs: 1,
    })) as {
      readonly producerId: number;
    };
    const send = async (sequence: number, values = ["x"], producerEpoch = 0, index = 0) => {
      const batch = batchOf(values, { producerId, producerEpoch, sequence });
      const { errorCode, baseOffset } = await produce(client, "orders", batch, { index });
      return errorCode === 0 ? baseOffset : `refused ${errorCode}`;
    };
    return { broker, client, send };
  };

  it("gets the first offset of each of its last five batches again, and nothing is added", async () => {
    const { broker, send } = await started();
    for (let sequence = 0; sequence < 14; sequence += 2) await send(sequence, ["a", "b"]);
    for (const sequence of [4, 6, 8, 10, 12, 8, 4])
      expect(await send(sequence, ["a", "b"])).to.equal(sequence);
    expect(broker.records("orders")).to.have.length(14);
    expect(await send(14)).to.equal(14);
  });

  it("is 45 for a gap, for a part of a batch, and for what is older than five batches", async () => {
    const { broker, send } = await started();
    for (let sequence = 0; sequence < 14; sequence += 2) await send(sequence, ["a", "b"]);
    expect(await send(15)).to.equal("refused 45");
    expect(await send(2, ["a", "b"])).to.equal("refused 45");
    expect(await send(12)).to.equal("refused 45");
    expect(await send(13)).to.equal("refused 45");
    expect(broker.records("orders")).to.have.length(14);
  });

  it("is 47 for an old epoch, and begins a new one at zero", async () => {
    const { send } = await started();
    expect(await send(0)).to.equal(0);
    expect(await send(1, ["x"], 1)).to.equal("refused 45");
    expect(await send(0, ["x"], 1)).to.equal(1);
    expect(await send(1, ["x"], 0)).to.equal("refused 47");
    expect(await send(0, ["x"], 0)).to.equal("refused 47");
    expect(await send(1, ["x"], 1)).to.equal(2);
  });

  it("may begin anywhere in a partition that knows nothing of it, and counts by partition", async () => {
    const { send } = await started();
    expect(await send(41)).to.equal(0);
    expect(await send(42)).to.equal(1);
    expect(await send(7, ["x"], 0, 1)).to.equal(0);
    expect(await send(43)).to.equal(2);
  });

  it("goes on at zero behind the largest sequence", async () => {
    const { broker, send } = await started();
    const largest = 2 ** 31 - 1;
    expect(await send(largest - 1, ["a", "b", "c"])).to.equal(0);
    expect(await send(largest - 1, ["a", "b", "c"])).to.equal(0);
    expect(await send(1)).to.equal(3);
    expect(await send(3)).to.equal("refused 45");
    expect(valuesOf(broker.records("orders"))).to.deep.equal(["a", "b", "c", "x"]);
  });

  it("is known again after a snapshot was put back", async () => {
    const { broker, send } = await started();
    await send(0);
    const snapshot = broker.snapshot();
    await send(1);
    broker.restore(snapshot);
    expect(await send(0)).to.equal(0);
    expect(await send(2)).to.equal("refused 45");
    expect(await send(1)).to.equal(1);
  });

  it("gets another id than every other producer", async () => {
    const { client } = await started();
    const ask = () => client.ask("InitProducerId", 1, { transactionalId: null, transactionTimeoutMs: 0 });
    const ids = new Set([
      dig(await ask(), "producerId"),
      dig(await ask(), "producerId"),
      dig(await ask(), "producerId"),
    ]);
    expect(ids.size).to.equal(3);
  });
});
