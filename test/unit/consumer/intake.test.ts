import { expect } from "chai";
import { createIntakes } from "../../../src/consumer/assignment/intake.ts";
import type { Partition } from "../../../src/consumer/assignment/partition.ts";
import { createPartition, createWork } from "../../../src/consumer/assignment/partition.ts";
import type { RawRecord } from "../../../src/core/record.ts";
import type { PortBatch } from "../../../src/transport/port.ts";
import { queueRecords } from "../../../src/transport/records.ts";

describe("What an assignment takes of its fetches", () => {
  let resolved: bigint[] = [];

  const create = (partition = 0): Partition =>
    createPartition({
      topic: "t",
      partition,
      epoch: 1,
      route: {} as never,
      stage: 0,
      group: "g",
      port: { pause() {}, resume() {} },
      observe() {},
      touch() {},
    });
  const record = (offset: bigint): RawRecord => ({
    topic: "t",
    partition: 0,
    offset,
    timestampMs: 0,
    key: null,
    value: new Uint8Array(936),
    headers: [],
  });
  const batch = (offsets: readonly bigint[], nextOffset: bigint): PortBatch => ({
    topic: "t",
    partition: 0,
    records: queueRecords(offsets.map(record)),
    highWatermark: 100n,
    nextOffset,
    epoch: 1,
    resolve: (offset) => void resolved.push(offset),
  });
  const drain = (partition: Partition): bigint[] => {
    const offsets: bigint[] = [];
    for (let head = partition.buffer.peek(); head; head = partition.buffer.peek()) {
      offsets.push(head.offset);
      partition.buffer.shift();
    }
    return offsets;
  };

  beforeEach(() => {
    resolved = [];
  });

  it("is never the same record twice, and moves the fetches on to where it has come", () => {
    const intakes = createIntakes(1_000_000);
    const partition = create();
    intakes.take(partition, batch([0n, 1n], 4n));
    intakes.take(partition, batch([1n, 5n], 6n));
    intakes.take(partition, batch([0n], 1n));
    expect(drain(partition)).to.deep.equal([0n, 1n, 5n]);
    expect(partition.buffer.size()).to.equal(0);
    expect(resolved).to.deep.equal([3n, 5n, 5n]);
    expect(intakes.of(partition).bytes).to.equal(3_000);
  });

  it("is nothing of a batch while there is no room, and told when there is again", () => {
    const intakes = createIntakes(2_000);
    const [first, second] = [create(0), create(1)];
    intakes.take(first, batch([0n, 1n], 2n));
    intakes.take(second, batch([0n], 1n));
    expect([intakes.isStarved(first), intakes.isStarved(second)]).to.deep.equal([false, true]);
    expect([second.buffer.size(), resolved]).to.deep.equal([0, [1n]]);
    expect(intakes.finish(createWork(first, record(0n), undefined))).to.deep.equal([second]);
    expect(intakes.isStarved(second)).to.equal(false);
    intakes.take(second, batch([0n], 1n));
    expect(intakes.drop(first)).to.deep.equal([]);
    expect(intakes.of(first).bytes).to.equal(0);
  });

  it("leaves the others as much room again as what stands still keeps", () => {
    const intakes = createIntakes(2_000);
    const [still, other] = [create(0), create(1)];
    intakes.take(still, batch([0n, 1n], 2n));
    intakes.take(other, batch([0n], 1n));
    still.pauses.add("sink");
    expect(intakes.blocked()).to.deep.equal([other]);
    for (const offset of [0n, 1n, 2n]) intakes.take(other, batch([offset], offset + 1n));
    expect([other.buffer.size(), intakes.isStarved(other)]).to.deep.equal([2, true]);
    still.pauses.remove("sink");
    expect(intakes.finish(createWork(other, record(0n), undefined))).to.deep.equal([]);
  });

  it("goes on one partition at a time while another one keeps more than half of the room for itself", () => {
    const intakes = createIntakes(4_000);
    const [stuck, ...others] = [create(0), create(1), create(2)] as const;
    intakes.take(stuck, batch([0n, 1n, 2n], 3n));
    intakes.take(others[0], batch([0n], 1n));
    for (const other of others) intakes.take(other, batch([1n], 2n));
    expect(intakes.finish(createWork(others[0], record(0n), undefined))).to.deep.equal([others[0]]);
    intakes.take(others[0], batch([1n], 2n));
    expect(intakes.finish(createWork(others[0], record(1n), undefined))).to.deep.equal([others[1]]);
    expect(others.map(intakes.isStarved)).to.deep.equal([false, false]);
  });
});
