import { expect } from "chai";
import { filter } from "../../../../src/middleware/filter.ts";
import { batchBench, type Items, textsOf, Written } from "../../../support/batches.ts";
import { header, type Note, noteEvent, until } from "../../../support/consumer-harness.ts";

describe("A batch", () => {
  const bench = batchBench();
  const { append, committed, handled, start } = bench;

  it("is handed over when it is full, or when it has waited", async () => {
    append("abcdefgh");
    await start(() => {}, { maxRecords: 3 });
    await until("committed", () => committed() === 8n);
    expect(bench.calls).to.deep.equal(["abc", "def", "gh"]);
    expect(handled("processed")).to.equal(8);
  });

  it("has every record's own delivery, in the order of its partition, whatever the order mode", async () => {
    const seen: unknown[] = [];
    append("ab");
    append("xy", 1);
    await start(
      (items) => {
        for (const { value, delivery } of items)
          seen.push([
            value === delivery.event,
            delivery.partition,
            delivery.offset,
            delivery.key,
            delivery.attempt,
          ]);
      },
      { options: { order: "none" } },
    );
    await until("committed", () => committed(0) === 2n && committed(1) === 2n);
    expect(bench.calls.toSorted()).to.deep.equal(["ab", "xy"]);
    expect(seen).to.have.deep.members([
      [true, 0, 0n, "a", 1],
      [true, 0, 1n, "b", 1],
      [true, 1, 0n, "x", 1],
      [true, 1, 1n, "y", 1],
    ]);
  });

  it("gathers what comes while it waits and while another one of its partition runs, one at a time", async () => {
    let running = 0;
    let most = 0;
    await start(
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running--;
      },
      { maxRecords: 4, maxWaitMs: 60_000 },
    );
    append("a");
    await new Promise((resolve) => setImmediate(resolve));
    append("bcd");
    await until("the first runs", () => bench.calls.length === 1);
    append("efgh");
    await until("committed", () => committed() === 8n);
    expect(bench.calls).to.deep.equal(["abcd", "efgh"]);
    expect(most).to.equal(1);
  });

  it("never holds what cannot be decoded, has no handler or is filtered out: that is settled on the way", async () => {
    bench.kafka.append("notes", 0, { key: "1", value: "Written|a" });
    bench.kafka.append("notes", 0, { key: "2", value: "garbage" });
    bench.kafka.append("notes", 0, { key: "3", value: "Other|x" });
    bench.kafka.append("notes", 0, { key: "4", value: null });
    bench.kafka.append("notes", 0, { key: "5", value: "Written|no" });
    bench.kafka.append("notes", 0, { key: "6", value: "Written|b" });
    await start(() => {}, { use: [[Written, filter<Note>(({ text }) => text !== "no", "unwanted")]] });
    await until("committed", () => committed() === 6n);
    expect(bench.calls).to.deep.equal(["ab"]);
    expect(bench.harness.outcomes()).to.deep.equal([
      "dead_lettered",
      "dead_lettered",
      "dead_lettered",
      "skipped",
      "processed",
      "processed",
    ]);
  });

  it("ends before what has another handler, which is run in its turn", async () => {
    const Single = noteEvent("Single");
    append("ab");
    bench.kafka.append("notes", 0, { key: "t", value: null });
    append("c");
    bench.kafka.append("notes", 0, { key: "s", value: "Single|s" });
    append("de");
    await start(() => {}, {
      onBatch: [[Written, (items: Items) => void bench.calls.push(textsOf(items)), { maxWaitMs: 100 }]],
      on: [[Single, ({ text }) => void bench.calls.push(text)]],
      tombstones: { notes: (key) => void bench.calls.push(key ?? "") },
    });
    await until("committed", () => committed() === 7n);
    expect(bench.calls).to.deep.equal(["ab", "t", "c", "s", "de"]);
  });

  it("holds one event, also where another one of its topic is handled in batches", async () => {
    append("ab");
    append("x", 0, "Other");
    append("cd");
    const take = (items: Items): void => void bench.calls.push(textsOf(items));
    await start(() => {}, {
      onBatch: [
        [Written, take, { maxWaitMs: 100 }],
        [noteEvent("Other"), take, { maxWaitMs: 100 }],
      ],
    });
    await until("committed", () => committed() === 5n);
    expect(bench.calls).to.deep.equal(["ab", "x", "cd"]);
  });

  it("can be larger than what a partition keeps ready for its lanes", async () => {
    bench.kafka.maxFetch = 1_000;
    append("x".repeat(700));
    await start(() => {}, { maxRecords: 600 });
    await until("committed", () => committed() === 700n);
    expect(bench.calls.map(({ length }) => length)).to.deep.equal([600, 100]);
  });

  it("holds one record of an id, and its repeats have no effect", async () => {
    for (const text of ["a", "b", "b", "a", "c"])
      bench.kafka.append("notes", 0, { value: `Written|${text}`, headers: [header("message-id", text)] });
    await start(() => {});
    await until("committed", () => committed() === 5n);
    expect(bench.calls.join("")).to.have.length(3);
    expect(handled("processed")).to.equal(3);
    expect(handled("deduped")).to.equal(2);
  });
});
