import { expect } from "chai";
import { BatchFailure } from "../../../src/core/batch.ts";
import { decodeError, KeryxError } from "../../../src/core/errors.ts";
import { headerNames } from "../../../src/core/headers.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { DedupeStore } from "../../../src/stores/port.ts";
import { consumerBench } from "../../support/consumer-bench.ts";
import { header, noteEvent, textOf, until } from "../../support/consumer-harness.ts";

describe("A consumer that has to wait", () => {
  const Written = noteEvent("Written", { delaysMs: [50] });
  const bench = consumerBench({ event: Written, partitions: 2 });
  const { clock, committed, start } = bench;

  const Ordered = noteEvent("Ordered", { ordered: true });
  const causes = (kind: "partition.paused" | "partition.resumed"): unknown[] =>
    bench.harness.signals.flatMap((signal) =>
      signal.kind === kind ? `${signal.partition}:${signal.cause}` : [],
    );

  it("pauses the partition while the registry cannot be asked, dead-letters nothing, and resumes by itself", async () => {
    const seen: string[] = [];
    const running = await start((event) => void seen.push(event.text));
    running.registry.isDown = true;
    bench.kafka.append("notes", 0, { key: "a", value: "Written|a" });
    await until("paused", () => causes("partition.paused").includes("0:registry"));
    bench.kafka.append("notes", 0, { key: "b", value: "Written|b" });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(seen).to.deep.equal([]);
    running.registry.isDown = false;
    await until("committed", () => committed(0) === 2n);
    expect(seen).to.have.members(["a", "b"]);
    expect(causes("partition.resumed")).to.include("0:registry");
    expect(bench.kafka.records("notes-dlq")).to.have.length(0);
    expect(new Set(running.outcomes())).to.deep.equal(new Set(["held", "processed"]));
  });

  it("dead-letters a record whose schema does not exist, naming the id that its frame holds", async () => {
    const running = await start(() => {});
    running.registry.faults.set("ghost", () => decodeError("unknown-schema", "no schema 9"));
    bench.kafka.append("notes", 0, {
      value: new Uint8Array([0, 0, 0, 0, 9, ...new TextEncoder().encode("ghost")]),
    });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    const [letter] = bench.kafka.records("notes-dlq");
    expect(textOf(letter, headerNames.failureClass)).to.equal("unknown-schema");
    expect(textOf(letter, headerNames.schemaId)).to.equal("9");
    expect(textOf(letter, headerNames.attemptCount)).to.equal("1");
  });

  it("moves no offset while the dead-letter topic cannot be written, runs no handler again, and others go on", async () => {
    const runs: string[] = [];
    await start((event) => {
      runs.push(event.text);
      if (event.text === "broken") throw new KeryxError("encode_failed", "hopeless");
    });
    let down = true;
    bench.kafka.faults.send = () => (down ? new KeryxError("broker_unreachable", "nobody there") : undefined);
    bench.kafka.append("notes", 0, { key: "a", value: "Written|broken" });
    await until("paused", () => causes("partition.paused").includes("0:sink"));
    bench.kafka.append("notes", 1, { key: "b", value: "Written|fine" });
    await until("other partition committed", () => committed(1) === 1n);
    expect(committed(0)).to.equal(undefined);
    down = false;
    await until("committed", () => committed(0) === 1n);
    expect(runs.filter((text) => text === "broken")).to.have.length(1);
    expect(bench.kafka.records("notes-dlq")).to.have.length(1);
  });

  it("drops the reason when a hand-over is too large, and stops when that is not enough", async () => {
    const running = await start((event) => {
      throw new KeryxError("encode_failed", event.text);
    });
    bench.kafka.faults.send = (batch) => {
      const [record] = batch;
      const isHuge = new TextDecoder().decode(record?.value ?? undefined).includes("huge");
      const withReason = record?.headers.some(([name]) => name === headerNames.failureReason);
      return isHuge || withReason ? new KeryxError("record_too_large", "too large") : undefined;
    };
    bench.kafka.append("notes", 0, { key: "a", value: "Written|big" });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    expect(textOf(bench.kafka.records("notes-dlq")[0], headerNames.failureReason)).to.equal(undefined);
    bench.kafka.append("notes", 1, { key: "a", value: "Written|huge" });
    await until("stopped", () => running.outcomes().includes("stopped"));
    await until("committed", () => committed(0) === 1n);
    expect(committed(1)).to.equal(undefined);
  });

  it("keeps an ordered key in order on failure, then stops its partition and no other", async () => {
    const seen: string[] = [];
    const running = await start(() => {}, {
      on: [
        [
          Ordered,
          (event, { key }) => {
            seen.push(`${key}${event.text}`);
            if (event.text === "1" && key === "bad") throw new Error("always");
            if (event.text === "1" && seen.filter((one) => one === `${key}1`).length < 3)
              throw new Error("soon");
          },
        ],
      ],
      options: { here: { tries: 4, baseMs: 20, maxMs: 50 } },
    });
    bench.kafka.append("notes", 0, { key: "good", value: "Ordered|1" });
    bench.kafka.append("notes", 0, { key: "good", value: "Ordered|2" });
    await until("committed", () => committed(0) === 2n);
    expect(seen).to.deep.equal(["good1", "good1", "good1", "good2"]);
    bench.kafka.append("notes", 0, { key: "bad", value: "Ordered|1" });
    bench.kafka.append("notes", 0, { key: "bad", value: "Ordered|2" });
    bench.kafka.append("notes", 1, { key: "fine", value: "Ordered|2" });
    await until("stopped", () => running.signals.some(({ kind }) => kind === "partition.stopped"));
    await until("other partition committed", () => committed(1) === 1n);
    bench.kafka.append("notes", 0, { key: "later", value: "Ordered|2" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen.filter((one) => one.startsWith("bad"))).to.deep.equal(Array(4).fill("bad1"));
    expect(seen).not.to.include("later2");
    expect(committed(0)).to.equal(2n);
    expect(bench.kafka.topics()).to.deep.equal(["notes"]);
    await bench.kafka.rebalance("billing");
    await until("tried again in the new epoch", () => seen.filter((one) => one === "bad1").length > 4);
  });

  it("stops at once on bytes it cannot read where order is declared, and discards only when told so", async () => {
    const running = await start(() => {}, { on: [[Ordered, () => {}]] });
    bench.kafka.append("notes", 0, { key: "a", value: "garbage" });
    await until("stopped", () => running.outcomes().includes("stopped"));
    await running.close();
    const second = await start(() => {}, { on: [[Ordered, () => {}]], options: { exhausted: "discard" } });
    await until("discarded", () => second.outcomes().includes("discarded"));
    await until("committed", () => committed(0) === 1n);
  });

  it("waits for a lease that is held elsewhere, and never drops the record", async () => {
    const store = createMemoryStore(clock);
    const seen: string[] = [];
    await store.claim("billing:written:m-1", "somebody", 60_000);
    const running = await start((event) => void seen.push(event.text), { store });
    bench.kafka.append("notes", 0, { key: "a", value: "Written|a", headers: [header("message-id", "m-1")] });
    bench.kafka.append("notes", 0, { key: "b", value: "Written|b", headers: [header("message-id", "m-2")] });
    await until("held", () => running.outcomes().includes("held"));
    await until("others go on", () => seen.includes("b"));
    await store.release("billing:written:m-1", "somebody");
    await until("committed", () => committed(0) === 2n);
    expect(seen).to.deep.equal(["b", "a"]);
  });

  it("pauses while the dedupe store is down, also when it goes down behind the handler", async () => {
    const memory = createMemoryStore(clock);
    let down: "claim" | "done" | undefined = "claim";
    const check = (verb: string): void => {
      if (down === verb) throw new KeryxError("store_unavailable", "store is down");
    };
    const store: DedupeStore = {
      async claim(...asked) {
        check("claim");
        return memory.claim(...asked);
      },
      renew: (...asked) => memory.renew(...asked),
      async done(...asked) {
        check("done");
        return memory.done(...asked);
      },
      release: (...asked) => memory.release(...asked),
      close: () => memory.close(),
    };
    const seen: string[] = [];
    await start((event) => void seen.push(event.text), { store });
    bench.kafka.append("notes", 0, { key: "a", value: "Written|a" });
    await until("paused", () => causes("partition.paused").includes("0:dedupe"));
    expect(seen).to.deep.equal([]);
    down = "done";
    await until("handled", () => seen.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(committed(0)).to.equal(undefined);
    down = undefined;
    await until("committed", () => committed(0) === 1n);
    expect(seen).to.deep.equal(["a"]);
  });

  for (const isAsync of [false, true])
    it(`stops the partition on a step that fails unforeseen, ${isAsync ? "behind a wait" : "at once"}`, async () => {
      const Broken = {
        ...Written,
        id: (): string => {
          throw new TypeError("undefined is not a function");
        },
      };
      const running = await start(() => {}, { isAsync, on: [[Broken, () => {}]] });
      bench.kafka.append("notes", 0, { key: "a", value: "Written|a" });
      bench.kafka.append("notes", 1, { key: "b", value: "Written|b" });
      await until("stopped", () => running.outcomes().length === 2);
      expect(running.outcomes()).to.deep.equal(["stopped", "stopped"]);
      expect(running.signals.filter(({ kind }) => kind === "internal.error")).to.have.length(2);
      expect([committed(0), committed(1)]).to.deep.equal([undefined, undefined]);
    });

  for (const kind of ["skip", "deadLetter"] as const)
    it(`takes a ${kind} whose reason is no text for a failure of the handler, in a batch too`, async () => {
      const reason = {
        toString(): string {
          throw new Error("no text");
        },
      };
      const failures = (): unknown[] =>
        bench.kafka.records("notes-dlq").map((record) => textOf(record, headerNames.failureReason));
      const one = await start(async () => ({ kind, reason }) as never);
      bench.kafka.append("notes", 0, { key: "a", value: "Written|a" });
      await until("dead-lettered", () => failures().length === 1);
      await one.close();
      const fail = (): never => {
        throw new BatchFailure(0, { kind, reason });
      };
      const many = await start(() => {}, { on: [], onBatch: [[Written, fail]] });
      bench.kafka.append("notes", 0, { key: "a", value: "Written|b" });
      await until("dead-lettered", () => failures().length === 2);
      expect(failures()).to.deep.equal(["no text", "no text"]);
      const defects = [...one.signals, ...many.signals].filter(({ kind: name }) => name === "internal.error");
      expect(defects).to.deep.equal([]);
    });

  it("stops the partition on a defect of its own, instead of losing the record", async () => {
    const running = await start(() => {});
    running.registry.faults.set("defect", () => new TypeError("undefined is not a function"));
    bench.kafka.append("notes", 0, { key: "a", value: "Written|defect" });
    await until("stopped", () => running.outcomes().includes("stopped"));
    expect(bench.kafka.records("notes-dlq")).to.have.length(0);
    expect(committed(0)).to.equal(undefined);
  });

  it("holds a record whose way cannot even begin, and goes on with the other partitions", async () => {
    const seen: string[] = [];
    const running = await start(({ text }) => void seen.push(text));
    const { signals } = running;
    signals.push = (...more) => {
      if (more.some((one) => one.kind === "record.received" && one.record.partition === 0))
        throw new Error("a defect");
      return signals.splice(signals.length, 0, ...more).length;
    };
    bench.kafka.append("notes", 0, { key: "a", value: "Written|first" });
    bench.kafka.append("notes", 1, { key: "b", value: "Written|second" });
    await until("handled", () => committed(1) === 1n);
    expect(seen).to.deep.equal(["second"]);
    expect(committed(0)).to.equal(undefined);
  });
});
