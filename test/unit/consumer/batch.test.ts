import { expect } from "chai";
import { resolveBatchOptions } from "../../../src/consumer/batch/options.ts";
import { resolveConsumerOptions } from "../../../src/consumer/options.ts";
import { createHandlerTable } from "../../../src/consumer/plan/handlers.ts";
import type { BatchContext, BatchItem } from "../../../src/core/batch.ts";
import { BatchFailure } from "../../../src/core/batch.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import type { EventType } from "../../../src/core/event.ts";
import type { Middleware } from "../../../src/core/handler.ts";
import { filter } from "../../../src/middleware/filter.ts";
import { timeout } from "../../../src/middleware/timeout.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { Harness, Note } from "../../support/consumer-harness.ts";
import {
  createFastClock,
  header,
  noteEvent,
  startHarness,
  textOf,
  until,
} from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

type Items = readonly BatchItem<Note>[];

describe("The handler of batches", () => {
  const Written = noteEvent("Written");

  it("has defaults, and refuses sizes and waits that it could not keep", () => {
    expect(resolveBatchOptions({})).to.deep.equal({ maxRecords: 100, maxWaitMs: 100 });
    for (const wrong of [
      { maxRecords: 0 },
      { maxRecords: 1_001 },
      { maxRecords: 1.5 },
      { maxWaitMs: -1 },
      { maxWaitMs: 60_001 },
    ])
      expect(() => resolveBatchOptions(wrong))
        .to.throw(Object.keys(wrong)[0])
        .with.property("code", "config_invalid");
  });

  it("is one of its event, and takes filters and deadlines but no other steps around it", () => {
    const table = createHandlerTable();
    table.addBatchHandler(Written as EventType, () => {}, {});
    for (const again of [
      () => table.addHandler(Written as EventType, () => {}),
      () => table.addBatchHandler(Written as EventType, () => {}, {}),
    ])
      expect(again).to.throw("two handlers").with.property("code", "usage");
    const routes = (middleware: readonly Middleware[]) =>
      table.toRoutes(resolveConsumerOptions({ group: "billing", middleware }));
    expect(routes([timeout(5), filter(() => true)])[0]).to.deep.include({
      order: "partition",
      hasBatches: true,
    });
    expect(() => routes([async (_, next) => next()]))
      .to.throw("batches")
      .with.property("code", "usage");
  });
});

describe("A batch", () => {
  const clock = createFastClock(20);
  let kafka: MemoryKafka;
  let harness: Harness | undefined;
  let calls: string[] = [];

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 2);
    calls = [];
  });

  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });

  const Written = noteEvent("Written", { delaysMs: [20, 20] });
  const Ordered = noteEvent("Ordered", { ordered: true });
  const textsOf = (items: Items): string => items.map(({ value }) => value.text).join("");
  const start = async (
    handler: (items: Items, context: BatchContext) => unknown,
    more: Partial<Parameters<typeof startHarness>[0]> & {
      readonly maxRecords?: number;
      readonly maxWaitMs?: number;
    } = {},
  ): Promise<Harness> => {
    const { maxRecords = 100, maxWaitMs = 200, ...rest } = more;
    const take = (items: Items, context: BatchContext): never => {
      calls.push(textsOf(items));
      return handler(items, context) as never;
    };
    harness = await startHarness({
      kafka,
      clock,
      onBatch: [[rest.on ? Ordered : Written, take, { maxRecords, maxWaitMs }]],
      ...rest,
      options: { createTopics: true, ...rest.options },
    });
    return harness;
  };
  // Everything is there before the consumer starts, so that batches hold what they can.
  const append = (texts: string, partition = 0, name = "Written"): void => {
    for (const text of texts) kafka.append("notes", partition, { key: text, value: `${name}|${text}` });
  };
  const committed = (partition = 0): bigint | undefined => kafka.committed("billing", "notes", partition);
  const handled = (outcome: string): number =>
    harness?.outcomes().filter((one) => one === outcome).length ?? 0;
  const attempts = (): unknown[] =>
    kafka
      .records("notes-dlq")
      .map((record) => [
        new TextDecoder().decode(record.value ?? undefined),
        textOf(record, "keryx-attempt-count"),
      ]);

  it("is handed over when it is full, or when it has waited", async () => {
    append("abcdefgh");
    await start(() => {}, { maxRecords: 3 });
    await until("committed", () => committed() === 8n);
    expect(calls).to.deep.equal(["abc", "def", "gh"]);
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
    expect(calls.toSorted()).to.deep.equal(["ab", "xy"]);
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
    await until("the first runs", () => calls.length === 1);
    append("efgh");
    await until("committed", () => committed() === 8n);
    expect(calls).to.deep.equal(["abcd", "efgh"]);
    expect(most).to.equal(1);
  });

  it("of which one record is named as failed has its head done, its tail handed over again, and only that one retried", async () => {
    append("abXde");
    append("pq", 1);
    await start((items) => {
      const index = items.findIndex(({ value }) => value.text === "X");
      if (index >= 0) throw new BatchFailure(index, Object.assign(new Error("broken"), { code: "E_X" }));
    });
    await until("dead-lettered", () => kafka.records("notes-dlq").length === 1);
    await until("committed", () => committed() === 5n && committed(1) === 2n);
    expect(calls.toSorted()).to.deep.equal(["X", "X", "abXde", "de", "pq"].toSorted());
    expect(attempts()).to.deep.equal([["Written|X", "3"]]);
    expect(textOf(kafka.records("notes-dlq")[0], "keryx-failure-reason")).to.equal("broken");
    expect(textOf(kafka.records("notes-dlq")[0], "keryx-failure-code")).to.equal("E_X");
    expect(handled("processed")).to.equal(6);
    expect(handled("retried")).to.equal(2);
  });

  it("whose handler names nobody is tried once as a whole, then record by record, and costs only the bad one an attempt", async () => {
    append("abXd");
    append("pq", 1);
    await start((items) => {
      if (textsOf(items).includes("X")) throw new Error("something is broken");
    });
    await until("dead-lettered", () => kafka.records("notes-dlq").length === 1);
    await until("committed", () => committed() === 4n && committed(1) === 2n);
    expect(calls.filter((call) => call !== "pq")).to.deep.equal(["abXd", "a", "b", "X", "d", "X", "X"]);
    expect(calls.filter((call) => call === "pq")).to.have.length(1);
    expect(attempts()).to.deep.equal([["Written|X", "3"]]);
    expect(handled("processed")).to.equal(5);
  });

  it("takes an index that it does not have for no name at all", async () => {
    append("aX");
    await start((items) => {
      if (items.length > 1) throw new BatchFailure(items.length, new Error("off by one"));
      if (textsOf(items) === "X") throw new BatchFailure(-1, new Error("off by two"));
    });
    await until("dead-lettered", () => kafka.records("notes-dlq").length === 1);
    expect(calls.slice(0, 3)).to.deep.equal(["aX", "a", "X"]);
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
    expect(calls).to.deep.equal(["sdb", "db", "b"]);
    expect(harness?.outcomes()).to.deep.equal(["skipped", "dead_lettered", "processed"]);
    expect(textOf(kafka.records("notes-dlq")[0], "keryx-failure-class")).to.equal("non-retriable");
  });

  it("never holds what cannot be decoded, has no handler or is filtered out: that is settled on the way", async () => {
    kafka.append("notes", 0, { key: "1", value: "Written|a" });
    kafka.append("notes", 0, { key: "2", value: "garbage" });
    kafka.append("notes", 0, { key: "3", value: "Other|x" });
    kafka.append("notes", 0, { key: "4", value: null });
    kafka.append("notes", 0, { key: "5", value: "Written|no" });
    kafka.append("notes", 0, { key: "6", value: "Written|b" });
    await start(() => {}, { use: [[Written, filter<Note>(({ text }) => text !== "no", "unwanted")]] });
    await until("committed", () => committed() === 6n);
    expect(calls).to.deep.equal(["ab"]);
    expect(harness?.outcomes()).to.deep.equal([
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
    kafka.append("notes", 0, { key: "t", value: null });
    append("c");
    kafka.append("notes", 0, { key: "s", value: "Single|s" });
    append("de");
    await start(() => {}, {
      onBatch: [[Written, (items: Items) => void calls.push(textsOf(items)), { maxWaitMs: 100 }]],
      on: [[Single, ({ text }) => void calls.push(text)]],
      tombstones: { notes: (key) => void calls.push(key ?? "") },
    });
    await until("committed", () => committed() === 7n);
    expect(calls).to.deep.equal(["ab", "t", "c", "s", "de"]);
  });

  it("holds one event, also where another one of its topic is handled in batches", async () => {
    append("ab");
    append("x", 0, "Other");
    append("cd");
    const take = (items: Items): void => void calls.push(textsOf(items));
    await start(() => {}, {
      onBatch: [
        [Written, take, { maxWaitMs: 100 }],
        [noteEvent("Other"), take, { maxWaitMs: 100 }],
      ],
    });
    await until("committed", () => committed() === 5n);
    expect(calls).to.deep.equal(["ab", "x", "cd"]);
  });

  it("can be larger than what a partition keeps ready for its lanes", async () => {
    kafka.maxFetch = 1_000;
    append("x".repeat(700));
    await start(() => {}, { maxRecords: 600 });
    await until("committed", () => committed() === 700n);
    expect(calls.map(({ length }) => length)).to.deep.equal([600, 100]);
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
    await until("dead-lettered", () => kafka.records("notes-dlq").length === 1);
    await until("committed", () => committed() === 3n);
    expect(calls).to.deep.equal(["ab"]);
    expect(attempts()).to.deep.equal([["Written|X", "3"]]);
  });

  it("holds one record of an id, and its repeats have no effect", async () => {
    for (const text of ["a", "b", "b", "a", "c"])
      kafka.append("notes", 0, { value: `Written|${text}`, headers: [header("message-id", text)] });
    await start(() => {});
    await until("committed", () => committed() === 5n);
    expect(calls.join("")).to.have.length(3);
    expect(handled("processed")).to.equal(3);
    expect(handled("deduped")).to.equal(2);
  });

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
    const signals = harness?.signals.flatMap((one) => (one.kind === "record.handled" ? [one] : [])) ?? [];
    expect(
      signals.map(({ outcome, reason, failureClass }) => failureClass ?? `${outcome} ${reason}`),
    ).to.deep.equal(["processed late", "processed late", "timeout", "processed undefined"]);
    for (const told of ["handler.overdue", "handler.settled"])
      expect(harness?.signals.filter(({ kind }) => kind === told)).to.have.length(3);
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
    expect(calls).to.deep.equal(["abXcd", "X", "X", "cd"]);
    const received = harness?.signals.flatMap((one) =>
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
    expect(calls.filter((call) => call !== "pq")).to.deep.equal(["aXb", "a", "X", "X", "X"]);
  });

  it("waits with its partition while a dead letter cannot be written, and nothing of it is handled twice", async () => {
    let isDown = true;
    kafka.faults.send = () => (isDown ? new KeryxError("broker_unreachable", "nobody there") : undefined);
    append("abXcd");
    await start((items) => {
      const index = items.findIndex(({ value }) => value.text === "X");
      if (index >= 0) throw new BatchFailure(index, new KeryxError("encode_failed", "for good"));
    });
    await until("held", () => handled("held") > 1);
    await until("the head is committed", () => committed() === 2n);
    expect(calls).to.deep.equal(["abXcd"]);
    isDown = false;
    await until("committed", () => committed() === 5n);
    expect(calls).to.deep.equal(["abXcd", "cd"]);
    expect(kafka.records("notes-dlq")).to.have.length(1);
  });

  it("that meets such a record on its way waits behind it, and is then handed over whole", async () => {
    let isDown = true;
    kafka.faults.send = () => (isDown ? new KeryxError("broker_unreachable", "nobody there") : undefined);
    append("ab");
    kafka.append("notes", 0, { key: "x", value: "garbage" });
    append("cd");
    await start(() => {});
    await until("held", () => handled("held") > 1);
    expect(calls).to.deep.equal([]);
    isDown = false;
    await until("committed", () => committed() === 5n);
    expect(calls).to.deep.equal(["abcd"]);
  });

  it("whose first record waited for the registry lets its partition go on, whatever holds it next", async () => {
    let isDown = true;
    kafka.faults.send = () => (isDown ? new KeryxError("broker_unreachable", "nobody there") : undefined);
    const running = await start(() => {});
    running.registry.isDown = true;
    append("a");
    kafka.append("notes", 0, { key: "x", value: "garbage" });
    append("b");
    await until("held", () => handled("held") === 1);
    running.registry.isDown = false;
    await until("held for another cause", () =>
      running.signals.some((one) => one.kind === "partition.paused" && one.cause === "sink"),
    );
    isDown = false;
    await until("committed", () => committed() === 3n);
    expect(calls).to.deep.equal(["ab"]);
    expect(kafka.paused("billing")).to.deep.equal([]);
  });

  it("is not handled again because the store that remembers its ids goes down behind it", async () => {
    const memory = createMemoryStore(clock);
    let isDown = true;
    append("abc");
    await start(() => {}, {
      store: {
        ...memory,
        async done(...asked) {
          if (isDown) throw new KeryxError("internal", "store is down");
          return memory.done(...asked);
        },
      },
    });
    await until("held", () => handled("held") > 1);
    expect(committed()).to.equal(undefined);
    isDown = false;
    await until("committed", () => committed() === 3n);
    expect(calls).to.deep.equal(["abc"]);
    expect(handled("processed")).to.equal(3);
  });

  it("holds its lane for a record whose lease is lost, aborts its handler, and loses none of them", async () => {
    let isLost = false;
    const fast = createFastClock(400);
    const memory = createMemoryStore(fast);
    kafka = createMemoryKafka(fast.now);
    kafka.createTopic("notes", 1);
    append("abc");
    await start(
      (items, { signal }) =>
        new Promise<void>((resolve, reject) => {
          if (calls.length > 1) return resolve();
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
    expect(calls).to.deep.equal(["abc", "a", "c"]);
    expect(harness?.outcomes().toSorted()).to.deep.equal(["deduped", "processed", "processed"]);
    expect(kafka.topics().flatMap((topic) => (topic === "notes" ? [] : kafka.records(topic)))).to.deep.equal(
      [],
    );
  });

  it("that still waits for more is left to the next owner when its partition is taken away", async () => {
    await start(() => {}, {
      onBatch: [[Written, (items: Items) => void calls.push(textsOf(items)), { maxWaitMs: 60_000 }]],
    });
    append("ab");
    await until(
      "gathered",
      () => (harness?.signals.filter(({ kind }) => kind === "record.received").length ?? 0) === 2,
    );
    await kafka.rebalance("billing");
    expect(calls).to.deep.equal([]);
    expect(handled("abandoned")).to.equal(2);
    expect(committed()).to.equal(undefined);
    append("c");
    await until(
      "gathered anew",
      () => (harness?.signals.filter(({ kind }) => kind === "record.received").length ?? 0) >= 5,
    );
    await harness?.close();
    expect(calls).to.deep.equal([]);
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
    await until("running", () => calls.length === 1);
    const revoked = kafka.rebalance("billing");
    finish();
    await revoked;
    expect(committed()).to.equal(3n);
    append("de");
    await until("running again", () => calls.length === 2);
    await kafka.rebalance("billing");
    expect(handled("abandoned")).to.equal(2);
    await until("handed to the next owner", () => calls.length === 3);
    expect(seen.map(({ delivery }) => delivery.attempt)).to.deep.equal([1, 1]);
    await kafka.rebalance("billing", { lost: true });
    await until("handed over again", () => calls.length === 4);
    finish();
    await until("committed", () => committed() === 5n);
    expect(kafka.records("notes-retry-1")).to.have.length(0);
  });

  it("frees the ids of what it could not handle when its assignment is lost", async () => {
    const memory = createMemoryStore(clock);
    const Single = noteEvent("Single");
    append("a");
    kafka.append("notes", 0, { key: "s", value: "Single|s" });
    let isLost = false;
    await start(() => {}, {
      store: memory,
      on: [[Single, () => void calls.push("s")]],
      onBatch: [
        [
          Written,
          async (items: Items) => {
            calls.push(textsOf(items));
            while (!isLost) await new Promise((resolve) => setTimeout(resolve, 2));
            if (calls.length === 1) throw new Error("too late");
          },
        ],
      ],
    });
    await until("running", () => calls.length === 1);
    await kafka.rebalance("billing", { lost: true });
    isLost = true;
    await until("handled by the next owner", () => calls.includes("s"));
    await until("committed", () => committed() === 2n);
    expect(calls).to.deep.equal(["a", "a", "s"]);
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
