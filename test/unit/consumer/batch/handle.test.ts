import { expect } from "chai";
import { BatchFailure } from "../../../../src/core/batch.ts";
import { filter } from "../../../../src/middleware/filter.ts";
import { batchBench, textsOf, Written } from "../../../support/batches.ts";
import { type Note, textOf, until } from "../../../support/consumer-harness.ts";

describe("A batch", () => {
  const bench = batchBench();
  const { append, attempts, committed, handled, start } = bench;

  it("of which one record is named as failed has its head done, its tail handed over again, and only that one retried", async () => {
    append("abXde");
    append("pq", 1);
    await start((items) => {
      const index = items.findIndex(({ value }) => value.text === "X");
      if (index >= 0) throw new BatchFailure(index, Object.assign(new Error("broken"), { code: "E_X" }));
    });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    await until("committed", () => committed() === 5n && committed(1) === 2n);
    expect(bench.calls.toSorted()).to.deep.equal(["X", "X", "abXde", "de", "pq"].toSorted());
    expect(attempts()).to.deep.equal([["Written|X", "3"]]);
    expect(textOf(bench.kafka.records("notes-dlq")[0], "keryx-failure-reason")).to.equal("broken");
    expect(textOf(bench.kafka.records("notes-dlq")[0], "keryx-failure-code")).to.equal("E_X");
    expect(handled("processed")).to.equal(6);
    expect(handled("retried")).to.equal(2);
  });

  it("whose handler names nobody is tried once as a whole, then record by record, and costs only the bad one an attempt", async () => {
    append("abXd");
    append("pq", 1);
    await start((items) => {
      if (textsOf(items).includes("X")) throw new Error("something is broken");
    });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    await until("committed", () => committed() === 4n && committed(1) === 2n);
    expect(bench.calls.filter((call) => call !== "pq")).to.deep.equal(["abXd", "a", "b", "X", "d", "X", "X"]);
    expect(bench.calls.filter((call) => call === "pq")).to.have.length(1);
    expect(attempts()).to.deep.equal([["Written|X", "3"]]);
    expect(handled("processed")).to.equal(5);
  });

  it("takes an index that it does not have for no name at all", async () => {
    append("aX");
    await start((items) => {
      if (items.length > 1) throw new BatchFailure(items.length, new Error("off by one"));
      if (textsOf(items) === "X") throw new BatchFailure(-1, new Error("off by two"));
    });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    expect(bench.calls.slice(0, 3)).to.deep.equal(["aX", "a", "X"]);
    expect(attempts()).to.deep.equal([["Written|X", "3"]]);
  });

  it("lets its handler decide about one record by an outcome", async () => {
    append("sdb");
    await start((items) => {
      for (const [index, { value, delivery }] of items.entries()) {
        if (value.text === "s") throw new BatchFailure(index, delivery.skip("not ours"));
        if (value.text === "d") throw new BatchFailure(index, delivery.deadLetter("for good"));
      }
    });
    await until("committed", () => committed() === 3n);
    expect(bench.calls).to.deep.equal(["sdb", "db", "b"]);
    expect(bench.harness.outcomes()).to.deep.equal(["skipped", "dead_lettered", "processed"]);
    expect(textOf(bench.kafka.records("notes-dlq")[0], "keryx-failure-class")).to.equal("non-retriable");
  });

  it("takes a filter that throws for a failure of that record alone", async () => {
    append("aXb");
    await start(() => {}, {
      use: [
        [
          Written,
          filter<Note>(({ text }) => {
            if (text === "X") throw new Error("no opinion");
            return true;
          }),
        ],
      ],
    });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    await until("committed", () => committed() === 3n);
    expect(bench.calls).to.deep.equal(["ab"]);
    expect(attempts()).to.deep.equal([["Written|X", "3"]]);
  });

  it("keeps the order of its partition where order is declared: behind a failing record nothing runs, and it is tried alone", async () => {
    append("abXcd", 0, "Ordered");
    let left = 2;
    await start(
      (items) => {
        const index = items.findIndex(({ value }) => value.text === "X");
        if (index >= 0 && left-- > 0) throw new BatchFailure(index, new Error("soon"));
      },
      { on: [], options: { here: { baseMs: 20, maxMs: 40 } } },
    );
    await until("committed", () => committed() === 5n);
    expect(bench.calls).to.deep.equal(["abXcd", "X", "X", "cd"]);
    const received = bench.harness.signals.flatMap((one) =>
      one.kind === "record.handled" ? [`${one.record.offset}:${one.record.attempt}:${one.outcome}`] : [],
    );
    expect(received).to.deep.equal([
      "0:1:processed",
      "1:1:processed",
      "2:1:retried",
      "2:2:retried",
      "2:3:processed",
      "3:1:processed",
      "4:1:processed",
    ]);
  });

  it("of ordered events stops its partition at a record that stays broken, with everything before it committed", async () => {
    append("aXb", 0, "Ordered");
    append("pq", 1, "Ordered");
    await start(
      (items) => {
        if (textsOf(items).includes("X")) throw new Error("always");
      },
      { on: [], options: { here: { tries: 3, baseMs: 1, maxMs: 2 } } },
    );
    await until("stopped", () => handled("stopped") === 1);
    await until("committed", () => committed() === 1n && committed(1) === 2n);
    expect(bench.calls.filter((call) => call !== "pq")).to.deep.equal(["aXb", "a", "X", "X", "X"]);
  });

  it("says nothing on defects of ours but stops its lane, and does not go on over the record", async () => {
    const Broken = {
      ...Written,
      id: (): string => {
        throw new TypeError("undefined is not a function");
      },
    };
    append("a");
    append("b", 1);
    const running = await start(() => {}, { onBatch: [[Broken, () => {}]] });
    await until("stopped", () => handled("stopped") === 2);
    expect(running.signals.filter(({ kind }) => kind === "internal.error")).to.have.length(2);
    expect([committed(), committed(1)]).to.deep.equal([undefined, undefined]);
  });
});
