import { expect } from "chai";
import type { DevBroker } from "../../../../../src/embedded/broker/index.ts";
import { embeddedBrokers, until } from "../../../../support/embedded.ts";
import { baseOffsets, batchOf, fetchFrom, produce } from "../../../../support/embedded-batch.ts";
import { dig, type WireClient } from "../../../../support/embedded-wire.ts";
import { createManualClock } from "../../../../support/manual-clock.ts";

describe("fetching from the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const size = batchOf(["x".repeat(100)]).length;

  const fill = (broker: DevBroker, topic: string, count: number, partition = 0): void => {
    for (let index = 0; index < count; index++) broker.seed(topic, [{ value: "x".repeat(100) }], partition);
  };
  const started = async (count: number) => {
    const broker = await start({ topics: [{ name: "orders", partitions: 3 }] });
    fill(broker, "orders", count);
    return { broker, client: await wire(broker) };
  };
  /** Base offsets per partition of one fetch. */
  const fetched = async (
    client: WireClient,
    parts: readonly (readonly [index: number, fetchOffset: number, partitionMaxBytes: number])[],
    limits: { readonly maxBytes?: number; readonly minBytes?: number; readonly maxWaitMs?: number } = {},
  ) => {
    const partitions = parts.map(([index, fetchOffset, partitionMaxBytes]) => ({
      index,
      fetchOffset,
      partitionMaxBytes,
    }));
    const answer = await client.ask("Fetch", 11, { ...limits, topics: [{ name: "orders", partitions }] });
    return parts.map((_, at) =>
      baseOffsets(dig(answer, "topics", 0, "partitions", at, "records") as Buffer[]),
    );
  };

  it("gives whole batches up to the limit of a partition", async () => {
    const { client } = await started(5);
    expect(await fetched(client, [[0, 1, 2 * size]])).to.deep.equal([[1, 2]]);
    expect(await fetched(client, [[0, 1, 3 * size - 1]])).to.deep.equal([[1, 2]]);
    expect(await fetched(client, [[0, 1, 100 * size]])).to.deep.equal([[1, 2, 3, 4]]);
  });

  it("gives the first batch even when it is larger than every limit, and only the first of the answer", async () => {
    const { broker, client } = await started(2);
    fill(broker, "orders", 2, 1);
    expect(await fetched(client, [[0, 0, 1]])).to.deep.equal([[0]]);
    expect(
      await fetched(
        client,
        [
          [0, 0, 1],
          [1, 0, 1],
        ],
        { maxBytes: 1 },
      ),
    ).to.deep.equal([[0], []]);
    expect(
      await fetched(
        client,
        [
          [0, 2, 1],
          [1, 0, 1],
        ],
        { maxBytes: 1 },
      ),
    ).to.deep.equal([[], [0]]);
  });

  it("holds the limit of the whole answer over all partitions", async () => {
    const { broker, client } = await started(3);
    fill(broker, "orders", 3, 1);
    fill(broker, "orders", 3, 2);
    const all: Parameters<typeof fetched>[1] = [
      [0, 0, 10 * size],
      [1, 0, 10 * size],
      [2, 0, 10 * size],
    ];
    expect(await fetched(client, all, { maxBytes: 5 * size })).to.deep.equal([[0, 1, 2], [0, 1], []]);
    expect(await fetched(client, all, { maxBytes: 4 * size - 1 })).to.deep.equal([[0, 1, 2], [], []]);
  });

  it("gives the whole batch for an offset in its middle", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    broker.seed("orders", [{ value: "a" }, { value: "b" }, { value: "c" }]);
    broker.seed("orders", [{ value: "d" }]);
    expect(baseOffsets((await fetchFrom(await wire(broker), "orders", 2)).records)).to.deep.equal([0, 3]);
  });

  it("is 1 below the start and above the end of the log, with where they are", async () => {
    const { broker, client } = await started(5);
    broker.truncateBefore("orders", 0, 2);
    const watermarks = { highWatermark: 5, lastStableOffset: 5, logStartOffset: 2 };
    expect(await fetchFrom(client, "orders", 1)).to.include({ errorCode: 1, ...watermarks });
    expect(await fetchFrom(client, "orders", 6)).to.include({ errorCode: 1, ...watermarks });
    expect(await fetchFrom(client, "orders", -1)).to.include({ errorCode: 1 });
    expect(await fetchFrom(client, "orders", 5)).to.include({ errorCode: 0, ...watermarks });
  });

  it("gives no session, whatever is asked", async () => {
    const { client } = await started(1);
    const answer = await client.ask("Fetch", 11, { sessionEpoch: 0, topics: [] });
    expect(answer).to.include({ errorCode: 0, sessionId: 0, throttleTimeMs: 0 });
  });

  it("answers at once when nothing is asked for or something has failed", async () => {
    const broker = await start({ clock: createManualClock(), topics: [{ name: "orders" }] });
    const client = await wire(broker);
    const wait = { maxWaitMs: 60_000, minBytes: 1 };
    expect(await client.ask("Fetch", 11, { ...wait, topics: [] })).to.deep.include({ topics: [] });
    const partitions = [
      { index: 0, fetchOffset: 0 },
      { index: 7, fetchOffset: 0 },
    ];
    const answer = await client.ask("Fetch", 11, { ...wait, topics: [{ name: "orders", partitions }] });
    expect(dig(answer, "topics", 0, "partitions", 1, "errorCode")).to.equal(3);
  });

  describe("while it waits", () => {
    const waiting = async (minBytes = 1, options: { readonly brokers?: number } = {}) => {
      const clock = createManualClock();
      const broker = await start({ clock, topics: [{ name: "orders" }], ...options });
      const client = await wire(broker);
      const partitions = [{ index: 0, fetchOffset: 0, partitionMaxBytes: 10_000 }];
      let isAnswered = false;
      const answer = client
        .ask("Fetch", 11, { maxWaitMs: 30_000, minBytes, topics: [{ name: "orders", partitions }] })
        .finally(() => {
          isAnswered = true;
        });
      const told = answer.then((one) => {
        const part = dig(one, "topics", 0, "partitions", 0);
        return [dig(part, "errorCode"), baseOffsets(dig(part, "records") as Buffer[])];
      });
      await until(() => broker.requests({ api: "Fetch" }).length === 1, "the fetch has arrived");
      return { clock, broker, told, isAnswered: () => isAnswered };
    };

    it("answers with nothing when its time is over", async () => {
      const { clock, told, isAnswered } = await waiting();
      await clock.advance(29_999);
      expect(isAnswered()).to.equal(false);
      await clock.advance(1);
      expect(await told).to.deep.equal([0, []]);
    });

    it("answers with what has come meanwhile, however little, when its time is over", async () => {
      const { clock, broker, told } = await waiting(2 * size);
      fill(broker, "orders", 1);
      await clock.advance(30_000);
      expect(await told).to.deep.equal([0, [0]]);
    });

    it("answers as soon as there is enough", async () => {
      const { broker, told } = await waiting(2 * size);
      fill(broker, "orders", 2);
      expect(await told).to.deep.equal([0, [0, 1]]);
    });

    it("answers 6 when the leader moves", async () => {
      const { broker, told } = await waiting(1, { brokers: 2 });
      broker.moveLeader("orders", 0, 1);
      expect(await told).to.deep.equal([6, []]);
    });

    it("answers 3 when the topic is deleted", async () => {
      const { broker, told } = await waiting();
      await (await wire(broker)).ask("DeleteTopics", 1, { topics: ["orders"] });
      expect(await told).to.deep.equal([3, []]);
    });

    it("sees what a snapshot brings back, and what comes behind it", async () => {
      const other = await start({ topics: [{ name: "orders" }] });
      fill(other, "orders", 1);
      const { broker, told } = await waiting(2 * size);
      broker.restore(other.snapshot());
      fill(broker, "orders", 1);
      expect(await told).to.deep.equal([0, [0, 1]]);
    });
  });

  describe("under read_committed", () => {
    const transactional = async () => {
      const broker = await start({ topics: [{ name: "orders" }] });
      const client = await wire(broker);
      const begin = async (transactionalId: string) => {
        const { producerId, producerEpoch } = (await client.ask("InitProducerId", 1, {
          transactionalId,
          transactionTimeoutMs: 60_000,
        })) as { readonly producerId: number; readonly producerEpoch: number };
        const claim = { transactionalId, producerId, producerEpoch };
        await client.ask("AddPartitionsToTxn", 1, {
          ...claim,
          topics: [{ name: "orders", partitions: [0] }],
        });
        let sequence = 0;
        return {
          producerId,
          send: (value: string) =>
            produce(
              client,
              "orders",
              batchOf([value], { producerId, producerEpoch, sequence: sequence++, isTransactional: true }),
              { transactionalId },
            ),
          end: (committed: boolean) => client.ask("EndTxn", 1, { ...claim, committed }),
        };
      };
      const read = async (offset: number, maxBytes = 100_000) => {
        const part = await fetchFrom(client, "orders", offset, { isolationLevel: 1, maxBytes });
        return {
          offsets: baseOffsets(part.records),
          aborted: part.abortedTransactions?.map((one) => one.firstOffset),
        };
      };
      return { broker, client, begin, read };
    };

    it("stops at the first open transaction, and goes on when it ends", async () => {
      const { client, begin, read } = await transactional();
      const one = await begin("one");
      await produce(client, "orders", batchOf(["plain"]));
      await one.send("a");
      await produce(client, "orders", batchOf(["behind"]));
      expect(await read(0)).to.deep.equal({ offsets: [0], aborted: [] });
      expect(await fetchFrom(client, "orders", 0)).to.include({ highWatermark: 3, lastStableOffset: 1 });
      await one.end(true);
      expect(await read(0)).to.deep.equal({ offsets: [0, 1, 2, 3], aborted: [] });
    });

    it("names the aborted transactions of the range that it gives, and no others", async () => {
      const { begin, read } = await transactional();
      for (const id of ["one", "two", "three"]) {
        const one = await begin(id);
        await one.send(id);
        await one.end(false);
      }
      expect(await read(0)).to.deep.equal({ offsets: [0, 1, 2, 3, 4, 5], aborted: [0, 2, 4] });
      expect((await read(0, 1)).aborted).to.deep.equal([0]);
      expect((await read(2, 1)).aborted).to.deep.equal([2]);
      expect((await read(4)).aborted).to.deep.equal([4]);
      expect((await read(6)).aborted).to.deep.equal([]);
    });

    it("forgets aborted transactions with the log that they lie in", async () => {
      const { broker, begin, read } = await transactional();
      const one = await begin("one");
      await one.send("a");
      await one.end(false);
      broker.truncateBefore("orders", 0, 2);
      expect(await read(2)).to.deep.equal({ offsets: [], aborted: [] });
      expect(broker.snapshot().topics[0]?.partitions[0]?.log.aborted).to.deep.equal([]);
    });

    it("gives null instead of the list to readers of everything", async () => {
      const { client } = await transactional();
      expect((await fetchFrom(client, "orders", 0)).abortedTransactions).to.equal(null);
    });
  });
});
