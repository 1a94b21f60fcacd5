import { expect } from "chai";
import { type BatchSettings, baseOffsets, batchOf, fetchFrom, produce } from "../support/embedded-batch.ts";
import {
  committedOffset,
  describeGroup,
  foundGroup,
  joinGroup,
  syncGroup,
} from "../support/embedded-groups.ts";
import { dig, type Loose, type WireClient } from "../support/embedded-wire.ts";
import type { RawTarget } from "./groups.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again while the end of the last transaction is still under way (51), which a real broker does in the background. */
async function patiently(ask: () => Promise<Loose>): Promise<Loose> {
  for (let turn = 0; turn < 200; turn++) {
    const answer = await ask();
    if (!JSON.stringify(answer).includes('"errorCode":51')) return answer;
    await pause(25);
  }
  throw new Error("the last transaction does not end");
}

/** A transactional producer as frames. */
async function beginProducer(client: WireClient, transactionalId: string, transactionTimeoutMs = 60_000) {
  const told = await patiently(() =>
    client.ask("InitProducerId", 1, { transactionalId, transactionTimeoutMs }),
  );
  const { errorCode, producerId, producerEpoch } = told as Readonly<Record<string, number>>;
  const claim = { transactionalId, producerId, producerEpoch };
  let sequence = 0;
  return {
    errorCode,
    claim: claim as { transactionalId: string; producerId: number; producerEpoch: number },
    add: async (topic: string, partitions: readonly number[], other: Loose = {}) => {
      const asked = { ...claim, ...other, topics: [{ name: topic, partitions }] };
      const answer = await patiently(() => client.ask("AddPartitionsToTxn", 1, asked));
      const told = dig(answer, "topics", 0, "partitions") as readonly { index: number; errorCode: number }[];
      // Kafka answers in an order of its own.
      return partitions.map((index) => told.find((one) => one.index === index)?.errorCode);
    },
    addGroup: async (groupId: string, other: Loose = {}) =>
      (await patiently(() => client.ask("AddOffsetsToTxn", 1, { ...claim, ...other, groupId })))["errorCode"],
    /** The code that a batch of one record is answered with. */
    send: async (
      topic: string,
      value: string,
      settings: BatchSettings = {},
      id: string | null = transactionalId,
    ) => {
      const usual = { producerId, producerEpoch, sequence, isTransactional: true } as const;
      const batch = batchOf([value], { ...usual, ...settings } as BatchSettings);
      const told = await produce(client, topic, batch, { transactionalId: id });
      if (told.errorCode === 0 && settings.sequence === undefined) sequence++;
      return told.errorCode;
    },
    commitOffset: async (groupId: string, topic: string, offset: number, other: Loose = {}, version = 3) => {
      const topics = [{ name: topic, partitions: [{ index: 0, offset, metadata: "m" }] }];
      const answer = await client.ask("TxnOffsetCommit", version, { ...claim, groupId, topics, ...other });
      return dig(answer, "topics", 0, "partitions", 0, "errorCode") as number;
    },
    end: async (committed: boolean, other: Loose = {}) =>
      (await patiently(() => client.ask("EndTxn", 1, { ...claim, ...other, committed })))["errorCode"],
  };
}

/** Transactions (KIP-98, KIP-447), rule by rule, without a client library. */
export function transactionsContract(target: () => RawTarget): void {
  const connect = () => target().connect();
  const begun = async (timeoutMs?: number) => {
    const client = await connect();
    const topic = target().name("txn");
    const asked = [{ name: topic, numPartitions: 2, replicationFactor: 1 }];
    await client.ask("CreateTopics", 2, { topics: asked, timeoutMs: 10_000 });
    for (let turn = 0; (await fetchFrom(client, topic, 0)).errorCode !== 0; turn++) {
      if (turn > 100) throw new Error(`no topic ${topic}`);
      await pause(50);
    }
    const id = target().name("id");
    return { client, topic, id, producer: await beginProducer(client, id, timeoutMs) };
  };
  /** What a reader of committed records is served, once no transaction is open any more. */
  const settled = async (client: WireClient, topic: string, end: number, from = 0) => {
    for (let turn = 0; turn < 200; turn++) {
      const part = await fetchFrom(client, topic, from, { isolationLevel: 1 });
      if (part.lastStableOffset === end) return part;
      await pause(25);
    }
    throw new Error(`${topic} is not stable up to ${end}`);
  };

  describe("the owner of a transactional id", () => {
    it("gets the next epoch each time, and fences who had it before with 47", async () => {
      const { client, topic, id, producer } = await begun();
      expect(producer.claim.producerEpoch).to.equal(0);
      const next = await beginProducer(client, id);
      expect(next.claim).to.deep.equal({ ...producer.claim, producerEpoch: 1 });
      expect(await producer.add(topic, [0])).to.deep.equal([47]);
      expect(await producer.addGroup("g")).to.equal(47);
      expect(await producer.end(true)).to.equal(47);
      expect(await producer.send(topic, "x")).to.equal(47);
      expect(await next.add(topic, [0])).to.deep.equal([0]);
      expect(await producer.send(topic, "x")).to.equal(47);
      expect(await next.send(topic, "y")).to.equal(0);
    });

    it("moves by two epochs when a transaction was open, which is aborted", async () => {
      const { client, topic, id, producer } = await begun();
      await producer.add(topic, [0, 1]);
      await producer.send(topic, "x");
      const next = await beginProducer(client, id);
      expect(next.claim).to.deep.equal({ ...producer.claim, producerEpoch: 2 });
      expect(await producer.send(topic, "y")).to.equal(47);
      const { abortedTransactions } = await settled(client, topic, 2);
      expect(abortedTransactions).to.deep.equal([{ producerId: producer.claim.producerId, firstOffset: 0 }]);
    });

    it("is 42 without a name, 50 without a timeout that may be, 49 for what nobody owns", async () => {
      const { client, topic, producer } = await begun();
      const init = async (transactionalId: string | null, transactionTimeoutMs: number) =>
        (await client.ask("InitProducerId", 1, { transactionalId, transactionTimeoutMs }))["errorCode"];
      expect(await init("", 1000)).to.equal(42);
      expect(await init("x", 0)).to.equal(50);
      expect(await init("x", 900_001)).to.equal(50);
      expect(await init(null, 0), "without transactions").to.equal(0);
      for (const [other, code] of [
        [{ transactionalId: "" }, 42],
        [{ transactionalId: "nobody's" }, 49],
        [{ producerId: 1_234_567 }, 49],
        [{ producerEpoch: 7 }, 47],
      ] as const) {
        expect(await producer.add(topic, [0], other)).to.deep.equal([code]);
        expect(await producer.addGroup("g", other)).to.equal(code);
        expect(await producer.end(true, other)).to.equal(code);
      }
    });

    it("is fenced by the timeout of a transaction, which aborts it", async () => {
      const { client, topic, id, producer } = await begun(300);
      await producer.add(topic, [0]);
      await producer.send(topic, "x");
      const { abortedTransactions } = await settled(client, topic, 2);
      expect(abortedTransactions).to.have.length(1);
      expect(await producer.send(topic, "y")).to.equal(47);
      expect(await producer.end(true)).to.equal(47);
      expect(await producer.end(false)).to.equal(47);
      expect((await beginProducer(client, id)).claim.producerEpoch).to.equal(2);
    });
  });

  describe("a transaction", () => {
    it("takes partitions all together: 3 where there is none, and 55 beside it", async () => {
      const { topic, producer } = await begun();
      expect(await producer.add(topic, [0, 9])).to.deep.equal([55, 3]);
      expect(await producer.add(topic, [0, 9], { producerEpoch: 9 })).to.deep.equal([55, 3]);
      expect(await producer.send(topic, "x")).to.equal(48);
      expect(await producer.add(topic, [0])).to.deep.equal([0]);
      expect(await producer.add(topic, [0])).to.deep.equal([0]);
      expect(await producer.send(topic, "x")).to.equal(0);
    });

    it("refuses batches that are not its own", async () => {
      const { client, topic, producer } = await begun();
      await producer.add(topic, [0]);
      expect(await producer.send(topic, "x", {}, null), "no transactional id").to.equal(53);
      expect(await producer.send(topic, "x", {}, "another")).to.equal(49);
      expect(await producer.send(topic, "x", { producerId: 1_234_567 })).to.equal(49);
      expect(await producer.send(topic, "x", { producerEpoch: 4 })).to.equal(47);
      expect(await producer.send(topic, "x")).to.equal(0);
      expect(await producer.send(topic, "x", { sequence: 0 }), "sent again").to.equal(0);
      expect(await producer.send(topic, "x", { sequence: 5 })).to.equal(45);
      expect(await producer.send(topic, "x", { isTransactional: false })).to.equal(48);
      expect(await producer.end(true)).to.equal(0);
      await settled(client, topic, 2);
      expect(await producer.send(topic, "x", { sequence: 0 }), "sent again behind the end").to.equal(48);
    });

    it("ends once: the same end again is 0, the other one 48, and so is the end of none", async () => {
      const { topic, producer } = await begun();
      expect(await producer.end(true)).to.equal(48);
      for (const isCommit of [true, false]) {
        await producer.add(topic, [0]);
        expect(await producer.end(isCommit)).to.equal(0);
        expect(await producer.end(isCommit)).to.equal(0);
        expect(await producer.end(!isCommit)).to.equal(48);
      }
    });

    it("shows records to readers of committed ones when it is committed, and takes one offset for its end", async () => {
      const { client, topic, producer } = await begun();
      await producer.add(topic, [0, 1]);
      await producer.send(topic, "a");
      const open = await fetchFrom(client, topic, 0, { isolationLevel: 1 });
      expect(open).to.include({ highWatermark: 1, lastStableOffset: 0 });
      expect(Buffer.concat(open.records ?? [])).to.have.length(0);
      await producer.end(true);
      const committed = await settled(client, topic, 2);
      expect(committed.abortedTransactions).to.deep.equal([]);
      expect(baseOffsets(committed.records)[0]).to.equal(0);
      await producer.add(topic, [0]);
      await producer.send(topic, "b");
      await producer.end(false);
      // From the aborted one on: Kafka lists only what overlaps the records that it sends.
      const aborted = await settled(client, topic, 4, 2);
      const { producerId } = producer.claim;
      expect(aborted.abortedTransactions).to.deep.equal([{ producerId, firstOffset: 2 }]);
      const untouched = await client.ask("ListOffsets", 2, {
        replicaId: -1,
        topics: [{ name: topic, partitions: [{ index: 1, timestamp: -1 }] }],
      });
      expect(dig(untouched, "topics", 0, "partitions", 0, "offset"), "its marker alone").to.equal(1);
    });
  });

  describe("offsets of a transaction", () => {
    it("are refused with 48 until the group is added, and wait for the commit", async () => {
      const { client, topic, producer } = await begun();
      const id = target().name("group");
      expect(await producer.commitOffset(id, topic, 5)).to.equal(48);
      expect(await producer.addGroup(id)).to.equal(0);
      expect(await producer.commitOffset(id, topic, 5)).to.equal(0);
      expect(await producer.commitOffset(id, topic, 6, {}, 2), "once more").to.equal(0);
      expect(await committedOffset(client, id, topic)).to.include({ offset: -1 });
      await producer.end(true);
      for (let turn = 0; turn < 100 && (await committedOffset(client, id, topic)).offset < 0; turn++)
        await pause(25);
      expect(await committedOffset(client, id, topic)).to.deep.equal({ offset: 6, metadata: "m" });
    });

    it("are forgotten with an abort", async () => {
      const { client, topic, producer } = await begun();
      const id = target().name("group");
      await producer.addGroup(id);
      await producer.commitOffset(id, topic, 5);
      await producer.end(false);
      await producer.addGroup(id);
      await producer.commitOffset(id, target().topic, 7);
      await producer.end(true);
      for (let turn = 0; turn < 100 && (await committedOffset(client, id, target().topic)).offset < 0; turn++)
        await pause(25);
      expect(await committedOffset(client, id, topic)).to.include({ offset: -1 });
    });

    it("name their member from version 3 on, are taken in a rebalance, and are not checked below it", async () => {
      const { client, topic, producer } = await begun();
      const id = target().name("group");
      const joined = await joinGroup(client, id);
      await producer.addGroup(id);
      const { memberId, generationId } = joined;
      const commit = (other: Loose) => producer.commitOffset(id, topic, 5, other);
      expect((await describeGroup(client, id)).state).to.equal("CompletingRebalance");
      expect(await commit({ memberId, generationId })).to.equal(0);
      await syncGroup(client, id, joined);
      expect(await commit({ memberId, generationId })).to.equal(0);
      expect(await commit({ memberId, generationId: 0 })).to.equal(22);
      expect(await commit({ memberId })).to.equal(22);
      expect(await commit({ memberId: "x", generationId })).to.equal(25);
      expect(await commit({ groupInstanceId: "x" })).to.equal(25);
      expect(await commit({}), "nobody in particular").to.equal(0);
      expect(await producer.commitOffset(id, topic, 6, {}, 2)).to.equal(0);
    });

    it("are refused for static members that were replaced, for fenced producers and what is too long", async () => {
      const { client, topic, producer } = await begun();
      const id = target().name("group");
      const groupInstanceId = "one";
      const before = await foundGroup(client, id, { groupInstanceId });
      await joinGroup(await connect(), id, { groupInstanceId });
      await producer.addGroup(id);
      const { memberId, generationId } = before;
      expect(await producer.commitOffset(id, topic, 5, { memberId, generationId, groupInstanceId })).to.equal(
        82,
      );
      expect(await producer.commitOffset(id, topic, 5, { producerEpoch: 9 })).to.equal(47);
      expect(await producer.commitOffset(id, topic, 5, { producerId: 1_234_567 })).to.equal(49);
      const partitions = [{ index: 0, offset: 1, metadata: "x".repeat(4097) }];
      expect(await producer.commitOffset(id, topic, 5, { topics: [{ name: topic, partitions }] })).to.equal(
        12,
      );
      expect(await producer.commitOffset(id, "nowhere", 5)).to.equal(3);
    });
  });
}
