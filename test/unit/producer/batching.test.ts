import { expect } from "chai";
import { createBatchQueue } from "../../../src/producer/batching.ts";

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
