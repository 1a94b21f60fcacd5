import { expect } from "chai";
import type { BrokerSignal } from "../../../../src/embedded/broker/signals.ts";
import { embeddedBrokers, until } from "../../../support/embedded.ts";

describe("How far a group is, as the embedded broker tells", () => {
  const { start, kafka } = embeddedBrokers();

  it("covers every partition of the topics that its members subscribe to, committed or not", async () => {
    const broker = await start({ topics: [{ name: "orders", partitions: 2 }, { name: "others" }] });
    const value = Buffer.from("v");
    broker.seed(
      "orders",
      [
        { key: null, value },
        { key: null, value },
      ],
      1,
    );
    expect(broker.lag("billing")).to.deep.equal([]);
    const consumer = kafka(broker).consumer({ groupId: "billing", maxWaitTimeInMs: 20 });
    await consumer.connect();
    await consumer.subscribe({ topics: ["orders"], fromBeginning: true });
    const first = { topic: "orders", partition: 0, committed: undefined, start: 0, end: 0 };
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    await until(() => broker.lag("billing").length > 0, "the group has a member");
    expect(broker.lag("billing")).to.deep.equal([first, { ...first, partition: 1, end: 2 }]);
    await consumer.commitOffsets([{ topic: "orders", partition: 1, offset: "1" }]);
    expect(broker.lag("billing")).to.deep.equal([first, { ...first, partition: 1, committed: 1, end: 2 }]);
  });

  it("is known from commits alone, which observers hear of, and names no topic that is gone", async () => {
    const heard: BrokerSignal[] = [];
    const broker = await start({ topics: [{ name: "orders" }], observe: (signal) => heard.push(signal) });
    const consumer = kafka(broker).consumer({ groupId: "billing", maxWaitTimeInMs: 20 });
    await consumer.connect();
    await consumer.subscribe({ topics: ["orders"] });
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    await until(() => broker.lag("billing").length > 0, "the group has a member");
    await consumer.commitOffsets([{ topic: "orders", partition: 0, offset: "0" }]);
    await consumer.disconnect();
    expect(broker.lag("billing")).to.deep.equal([
      { topic: "orders", partition: 0, committed: 0, start: 0, end: 0 },
    ]);
    const commit = { group: "billing", topic: "orders", partition: 0, offset: 0 } as const;
    expect(heard).to.deep.include({ kind: "offsets.committed", ...commit });
    const admin = kafka(broker).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: ["orders"] });
    expect(broker.lag("billing")).to.deep.equal([]);
  });
});
