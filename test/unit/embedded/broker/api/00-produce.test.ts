import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect } from "chai";
import { embeddedBrokers, until } from "../../../../support/embedded.ts";
import {
  baseOffsets,
  batchOf,
  fetchFrom,
  place,
  produce,
  valuesOf,
} from "../../../../support/embedded-batch.ts";

describe("producing to the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const topics = [{ name: "orders" }];
  const started = async (configs: Readonly<Record<string, string>> = {}) => {
    const broker = await start({ topics: [{ name: "orders", configs }] });
    return { broker, client: await wire(broker) };
  };

  it("gives each batch the offset behind the one before, in the batch, too", async () => {
    const { client } = await started();
    expect((await produce(client, "orders", batchOf(["a", "b", "c"]))).baseOffset).to.equal(0);
    const told = await produce(client, "orders", batchOf(["d"]));
    expect(told).to.deep.equal({
      index: 0,
      errorCode: 0,
      baseOffset: 3,
      logAppendTimeMs: -1,
      logStartOffset: 0,
    });
    expect(baseOffsets((await fetchFrom(client, "orders", 0)).records)).to.deep.equal([0, 3]);
  });

  it("serves the bytes of a producer as they came, but for offset and leader epoch", async () => {
    const { client } = await started();
    const batch = batchOf(["a"]);
    await produce(client, "orders", batchOf(["before"]));
    await produce(client, "orders", batch);
    const stored = Buffer.concat((await fetchFrom(client, "orders", 1)).records ?? []);
    expect(stored.readBigInt64BE(0)).to.equal(1n);
    expect(stored.subarray(16).equals(batch.subarray(16))).to.equal(true);
  });

  const refused: Readonly<Record<string, readonly [code: number, batch: Buffer | null]>> = {
    "no batch at all": [87, null],
    "an empty batch": [87, Buffer.alloc(0)],
    "a batch that is cut off": [87, batchOf(["a"]).subarray(0, -1)],
    "two batches": [87, Buffer.concat([batchOf(["a"]), batchOf(["b"])])],
    "message format 1": [87, batchOf(["a"], { spoil: (batch) => batch.writeInt8(1, place.magic) })],
    "a wrong checksum": [2, Buffer.concat([batchOf(["a"]).subarray(0, -1), Buffer.from([9])])],
    "more records than offsets": [
      87,
      batchOf(["a"], { spoil: (batch) => batch.writeInt32BE(3, place.count) }),
    ],
    "fewer records than offsets": [
      87,
      batchOf(["a"], { spoil: (batch) => batch.writeInt32BE(4, place.lastOffsetDelta) }),
    ],
    "no record": [
      87,
      batchOf(["a"], {
        spoil: (batch) => {
          batch.writeInt32BE(0, place.count);
          batch.writeInt32BE(-1, place.lastOffsetDelta);
        },
      }),
    ],
    "a control batch": [87, batchOf(["a"], { attributes: 0x20 })],
    "a codec that there is not": [87, batchOf(["a"], { attributes: 5 })],
    "a sequence of a producer without a number": [87, batchOf(["a"], { producerId: 5, sequence: -1 })],
    "a transaction without a producer": [87, batchOf(["a"], { isTransactional: true })],
  };
  for (const [what, [code, batch]] of Object.entries(refused))
    it(`refuses ${what} with ${code} and adds nothing`, async () => {
      const { broker, client } = await started();
      expect(await produce(client, "orders", batch)).to.include({ errorCode: code, baseOffset: -1 });
      expect(broker.records("orders")).to.deep.equal([]);
    });

  it("refuses batches above max.message.bytes with 10", async () => {
    const batch = batchOf(["a".repeat(100)]);
    const { client } = await started({ "max.message.bytes": String(batch.length) });
    expect((await produce(client, "orders", batch)).errorCode).to.equal(0);
    expect((await produce(client, "orders", batchOf(["a".repeat(101)]))).errorCode).to.equal(10);
  });

  it("takes zstd from version 7 on, and refuses it with 76 below", async () => {
    const { client } = await started();
    const zstd = batchOf(["a"], { attributes: 4 });
    expect((await produce(client, "orders", zstd, { version: 6 })).errorCode).to.equal(76);
    expect((await produce(client, "orders", zstd)).errorCode).to.equal(0);
  });

  it("opens gzip and zstd to show records, and leaves snappy and lz4 closed", async () => {
    const { broker, client } = await started();
    const compressed = (codec: number, pack: (bytes: Buffer) => Buffer): Buffer => {
      const plain = batchOf([`codec ${codec}`]);
      const records = pack(plain.subarray(61));
      const batch = Buffer.concat([plain.subarray(0, 61), records]);
      batch.writeInt32BE(batch.length - 12, place.length);
      batch.writeInt16BE(codec, place.attributes);
      return batch;
    };
    for (const batch of [
      compressed(1, gzipSync),
      compressed(4, zstdCompressSync),
      compressed(2, (bytes) => bytes),
    ]) {
      const { crc32c } = await import("../../../../../src/embedded/broker/log/crc32c.ts");
      batch.writeUInt32BE(crc32c(batch.subarray(place.attributes)), place.crc);
      expect((await produce(client, "orders", batch)).errorCode).to.equal(0);
    }
    expect(valuesOf(broker.records("orders"))).to.deep.equal(["codec 1", "codec 4"]);
  });

  it("is 3 for topics and partitions that do not exist, even where Metadata may create them", async () => {
    const broker = await start({ topics, autoCreateTopics: true });
    const client = await wire(broker);
    expect((await produce(client, "other", batchOf(["a"]))).errorCode).to.equal(3);
    expect((await produce(client, "orders", batchOf(["a"]), { index: 1 })).errorCode).to.equal(3);
  });

  it("is 6 at a broker that does not lead the partition", async () => {
    const broker = await start({ brokers: 2, topics });
    const [leader, other] = [await wire(broker), await wire(broker, { index: 1 })];
    expect((await produce(other, "orders", batchOf(["a"]))).errorCode).to.equal(6);
    expect((await produce(leader, "orders", batchOf(["a"]))).errorCode).to.equal(0);
  });

  for (const acks of [1, -1])
    it(`answers acks ${acks} after the append`, async () => {
      const { broker, client } = await started();
      expect((await produce(client, "orders", batchOf(["a"]), { acks })).errorCode).to.equal(0);
      expect(broker.records("orders")).to.have.length(1);
    });

  it("refuses other acks with 21 and adds nothing", async () => {
    const { broker, client } = await started();
    for (const acks of [2, -2, 300])
      expect((await produce(client, "orders", batchOf(["a"]), { acks })).errorCode).to.equal(21);
    expect(broker.records("orders")).to.deep.equal([]);
  });

  const unanswered = (topic: string) => ({
    acks: 0,
    topics: [{ name: topic, partitions: [{ index: 0, records: [batchOf(["a"])] }] }],
  });

  it("answers acks 0 with nothing", async () => {
    const { broker, client } = await started();
    client.send("Produce", 7, unanswered("orders"));
    expect(await client.ask("Metadata", 1, { topics: [] })).to.include({ controllerId: 0 });
    expect(broker.records("orders")).to.have.length(1);
  });

  it("closes the connection of acks 0 when it fails, by itself or by a fault", async () => {
    const { broker, client } = await started();
    client.send("Produce", 7, unanswered("other"));
    await client.closed;
    broker.faults.inject({ api: "Produce" }, { kind: "error", code: 6 });
    const again = await wire(broker);
    again.send("Produce", 7, unanswered("orders"));
    await again.closed;
    await until(() => broker.connections().length === 0, "both connections are gone");
  });

  it("writes its own time into batches of LogAppendTime, with a new checksum", async () => {
    const { broker, client } = await started({ "message.timestamp.type": "LogAppendTime" });
    const before = Date.now();
    const { logAppendTimeMs } = await produce(client, "orders", batchOf([{ value: "a", timestampMs: 5 }]));
    expect(logAppendTimeMs).to.be.at.least(before);
    expect(broker.records("orders")[0]?.timestampMs).to.equal(logAppendTimeMs);
    const stored = Buffer.concat((await fetchFrom(client, "orders", 0)).records ?? []);
    expect((await produce(client, "orders", stored)).errorCode).to.equal(0);
  });

  it("keeps small batches without what came in around them", async () => {
    const { broker, client } = await started();
    for (let index = 0; index < 300; index++) await produce(client, "orders", batchOf([`${index}`]));
    const { batches } = broker.snapshot().topics[0]?.partitions[0]?.log ?? { batches: [] };
    const kept = [...new Set(batches.map(({ buffer }) => buffer))].reduce(
      (sum, { byteLength }) => sum + byteLength,
      0,
    );
    expect(kept).to.be.lessThan(2 * batches.reduce((sum, { length }) => sum + length, 0) + 16_384);
    expect(valuesOf(broker.records("orders"))).to.deep.equal(
      Array.from({ length: 300 }, (_, index) => `${index}`),
    );
  });
});
