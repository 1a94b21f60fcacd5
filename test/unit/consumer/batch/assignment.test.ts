import { expect } from "chai";
import { BatchFailure } from "../../../../src/core/batch.ts";
import type { KeryxError } from "../../../../src/core/errors.ts";
import { timeout } from "../../../../src/middleware/timeout.ts";
import { createMemoryStore } from "../../../../src/stores/memory.ts";
import { batchBench, type Items, textsOf, Written } from "../../../support/batches.ts";
import { createFastClock, noteEvent, until } from "../../../support/consumer-harness.ts";

describe("A batch", () => {
  const bench = batchBench();
  const { append, clock, committed, handled, start } = bench;

  it("aborts the signals of all its records at its deadline; what is done late is done, what rejects is a timeout", async () => {
    const reasons: unknown[] = [];
    let isFirst = true;
    append("ab");
    await start(
      (items, { signal }) =>
        new Promise<void>((resolve, reject) => {
          if (items.some(({ delivery }) => delivery.attempt > 1)) return resolve();
          signal.addEventListener("abort", () => {
            reasons.push(...items.map(({ delivery }) => (delivery.signal.reason as KeryxError).code));
            if (!isFirst) return reject(new BatchFailure(0, signal.reason));
            isFirst = false;
            resolve();
          });
        }),
      { use: [[Written, timeout(200)]], maxRecords: 2 },
    );
    await until("late", () => committed() === 2n);
    expect(reasons).to.deep.equal(["handler_timeout", "handler_timeout"]);
    append("c");
    await until("timed out and tried again", () => handled("processed") === 3);
    const signals = bench.harness.signals.flatMap((one) => (one.kind === "record.handled" ? [one] : []));
    expect(
      signals.map(({ outcome, reason, failureClass }) => failureClass ?? `${outcome} ${reason}`),
    ).to.deep.equal(["processed late", "processed late", "timeout", "processed undefined"]);
    for (const told of ["handler.overdue", "handler.settled"])
      expect(bench.harness.signals.filter(({ kind }) => kind === told)).to.have.length(3);
  });

  it("holds its lane for a record whose lease is lost, aborts its handler, and loses none of them", async () => {
    let isLost = false;
    const fast = createFastClock(400);
    const memory = createMemoryStore(fast);
    bench.useClock(fast);
    append("abc");
    await start(
      (items, { signal }) =>
        new Promise<void>((resolve, reject) => {
          if (bench.calls.length > 1) return resolve();
          signal.addEventListener("abort", () => reject(signal.reason));
          isLost = items.length > 0;
        }),
      {
        clock: fast,
        store: {
          ...memory,
          renew(key, owner, leaseMs) {
            if (!isLost || !key.includes("1")) return memory.renew(key, owner, leaseMs);
            // Somebody else took it, and did what was to be done.
            if (memory.release(key, owner) === true) void memory.claim(key, "somebody else", leaseMs);
            void memory.done(key, "somebody else", 86_400_000);
            return false;
          },
        },
        options: { handlerTimeoutMs: 86_000_000 },
      },
    );
    await until("committed", () => committed() === 3n);
    expect(bench.calls).to.deep.equal(["abc", "a", "c"]);
    expect(bench.harness.outcomes().toSorted()).to.deep.equal(["deduped", "processed", "processed"]);
    expect(
      bench.kafka.topics().flatMap((topic) => (topic === "notes" ? [] : bench.kafka.records(topic))),
    ).to.deep.equal([]);
  });

  it("that still waits for more is left to the next owner when its partition is taken away", async () => {
    await start(() => {}, {
      onBatch: [[Written, (items: Items) => void bench.calls.push(textsOf(items)), { maxWaitMs: 60_000 }]],
    });
    append("ab");
    await until(
      "gathered",
      () => bench.harness.signals.filter(({ kind }) => kind === "record.received").length === 2,
    );
    await bench.kafka.rebalance("billing");
    expect(bench.calls).to.deep.equal([]);
    expect(handled("abandoned")).to.equal(2);
    expect(committed()).to.equal(undefined);
    append("c");
    await until(
      "gathered anew",
      () => bench.harness.signals.filter(({ kind }) => kind === "record.received").length >= 5,
    );
    await bench.harness.close();
    expect(bench.calls).to.deep.equal([]);
  });

  it("that runs when its partition is taken away is finished and committed, or called off without an attempt", async () => {
    append("abc");
    let seen: Items = [];
    let finish = (): void => {};
    await start(
      (items, { signal }) =>
        new Promise<void>((resolve, reject) => {
          seen = items;
          finish = resolve;
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
      { options: { drainTimeoutMs: 1_000 } },
    );
    await until("running", () => bench.calls.length === 1);
    const revoked = bench.kafka.rebalance("billing");
    finish();
    await revoked;
    expect(committed()).to.equal(3n);
    append("de");
    await until("running again", () => bench.calls.length === 2);
    await bench.kafka.rebalance("billing");
    expect(handled("abandoned")).to.equal(2);
    await until("handed to the next owner", () => bench.calls.length === 3);
    expect(seen.map(({ delivery }) => delivery.attempt)).to.deep.equal([1, 1]);
    await bench.kafka.rebalance("billing", { lost: true });
    await until("handed over again", () => bench.calls.length === 4);
    finish();
    await until("committed", () => committed() === 5n);
    expect(bench.kafka.records("notes-retry-1")).to.have.length(0);
  });

  it("frees the ids of what it could not handle when its assignment is lost", async () => {
    const memory = createMemoryStore(clock);
    const Single = noteEvent("Single");
    append("a");
    bench.kafka.append("notes", 0, { key: "s", value: "Single|s" });
    let isLost = false;
    await start(() => {}, {
      store: memory,
      on: [[Single, () => void bench.calls.push("s")]],
      onBatch: [
        [
          Written,
          async (items: Items) => {
            bench.calls.push(textsOf(items));
            while (!isLost) await new Promise((resolve) => setTimeout(resolve, 2));
            if (bench.calls.length === 1) throw new Error("too late");
          },
        ],
      ],
    });
    await until("running", () => bench.calls.length === 1);
    await bench.kafka.rebalance("billing", { lost: true });
    isLost = true;
    await until("handled by the next owner", () => bench.calls.includes("s"));
    await until("committed", () => committed() === 2n);
    expect(bench.calls).to.deep.equal(["a", "a", "s"]);
  });
});
