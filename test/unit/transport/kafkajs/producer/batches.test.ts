import { expect } from "chai";
import type { OutgoingRecord } from "../../../../../src/core/record.ts";
import {
  createMessages,
  toResults,
  toShipments,
  toTopicMessages,
} from "../../../../../src/transport/kafkajs/producer/batches.ts";
import { outgoing } from "../../../../suites/transport-tools.ts";

describe("batches of records", () => {
  it("a record keeps its partition over all tries, also when partitions were added meanwhile", () => {
    const messageOf = createMessages();
    const records = Array.from({ length: 30 }, (_, i) => outgoing("t", i % 2 ? `k${i}` : null, "v"));
    const first = records.map((record) => messageOf(record, 3).partition);
    expect(records.map((record) => messageOf(record, 50).partition)).to.deep.equal(first);
  });

  it("a partition that was chosen above is left alone", () => {
    expect(createMessages()(outgoing("t", "k", "v", 7), 12).partition).to.equal(7);
  });

  it("are split by the broker that leads each partition, in their order", () => {
    const messageOf = createMessages();
    const batch: OutgoingRecord[] = [
      outgoing("a", "k", "1", 0),
      outgoing("a", "k", "2", 1),
      outgoing("b", "k", "3", 0),
      outgoing("a", "k", "4", 0),
    ];
    const shipments = toShipments(
      batch,
      (record) => messageOf(record, 2),
      (topic, partition) => (topic === "a" && partition === 1 ? 2 : 1),
    );
    expect(shipments.map(({ records }) => records)).to.deep.equal([
      [batch[0], batch[2], batch[3]],
      [batch[1]],
    ]);
    const [first] = shipments;
    expect(
      toTopicMessages(first!.records, first!.messages).map(({ topic, messages }) => [topic, messages.length]),
    ).to.deep.equal([
      ["a", 2],
      ["b", 1],
    ]);
  });

  it("offsets count on from the base of each partition; without one they are unknown", () => {
    const messageOf = createMessages();
    const batch = [
      outgoing("a", "k", "1", 0),
      outgoing("a", "k", "2", 1),
      outgoing("a", "k", "3", 0),
      outgoing("a", "k", "4", 2),
    ];
    const sent = batch.map((record) => messageOf(record, 3));
    const results = toResults(batch, sent, [
      { topicName: "a", partition: 0, baseOffset: "40" },
      { topicName: "a", partition: 1, baseOffset: "-1" },
    ]);
    expect(results.map(({ offset }) => offset)).to.deep.equal([40n, -1n, 41n, -1n]);
  });
});
