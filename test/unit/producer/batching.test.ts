import { expect } from "chai";
import { createBatchQueue, createFifo } from "../../../src/producer/batching.ts";

const entry = (key: string | undefined, bytes = 1) => ({ key, bytes, settled: false });

describe("the batch queue", () => {
  it("cuts at the number of records and at the bytes, but never below one record", () => {
    const queue = createBatchQueue({ maxRecords: 2, maxBytes: 10 });
    for (const bytes of [1, 1, 1, 9, 50]) queue.push(entry(undefined, bytes));
    expect(queue.isFull()).to.equal(true);
    const sizes: number[][] = [];
    for (let batch = queue.take(); batch; batch = queue.take())
      sizes.push(batch.entries.map((one) => one.bytes));
    expect(sizes).to.deep.equal([[1, 1], [1, 9], [50]]);
    expect(queue.isFull()).to.equal(false);
  });

  it("lets records without a key pass those that wait for theirs", () => {
    const queue = createBatchQueue<ReturnType<typeof entry>>({ maxRecords: 10, maxBytes: 100 });
    queue.push(entry("a"));
    const first = queue.take();
    const [blocked, free] = [entry("a"), entry(undefined)];
    queue.push(blocked);
    queue.push(free);
    expect(queue.take()?.entries).to.deep.equal([free]);
    expect(queue.hasReady()).to.equal(false);
    expect(queue.take()).to.equal(undefined);
    if (first) queue.release(first);
    expect(queue.take()?.entries).to.deep.equal([blocked]);
  });

  it("passes over what was settled meanwhile", () => {
    const queue = createBatchQueue<{ key: string; bytes: number; settled: boolean }>({
      maxRecords: 10,
      maxBytes: 100,
    });
    const [gone, kept] = [entry("a"), entry("b")] as { key: string; bytes: number; settled: boolean }[];
    if (!gone || !kept) throw new Error("two entries");
    queue.push(gone);
    queue.push(kept);
    gone.settled = true;
    const batch = queue.take();
    expect(batch?.entries).to.deep.equal([kept]);
    expect([...(batch?.keys ?? [])]).to.deep.equal(["b"]);
  });
});

describe("a queue that is long", () => {
  it("keeps its order and forgets what was taken", () => {
    const fifo = createFifo<number>();
    let taken = 0;
    for (let i = 0; i < 10_000; i++) {
      fifo.push(i);
      if (i % 3 > 0) {
        expect(fifo.peek()).to.equal(taken++);
        fifo.shift();
      }
    }
    expect(fifo.size()).to.equal(10_000 - taken);
    for (; taken < 10_000; taken++) {
      expect(fifo.peek()).to.equal(taken);
      fifo.shift();
    }
    expect(fifo.size()).to.equal(0);
    expect(fifo.peek()).to.equal(undefined);
  });
});
