import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { consumerBench } from "../../support/consumer-bench.ts";
import { header, type Note, noteEvent, textOf, until } from "../../support/consumer-harness.ts";

describe("The way of a record through the consumer", () => {
  const Written = noteEvent("Written", { delaysMs: [100, 200] });
  const bench = consumerBench({ event: Written });
  const { clock, committed, start } = bench;

  it("hands an event to its handler, remembers it and commits behind it", async () => {
    const seen: unknown[] = [];
    await start((event, delivery) => {
      seen.push([
        event.text,
        delivery.key,
        delivery.attempt,
        delivery.stage,
        delivery.messageId,
        delivery.offset,
      ]);
    });
    bench.kafka.append("notes", 0, { key: "k", value: "Written|a", headers: [header("message-id", "m-1")] });
    await until("committed", () => committed() === 1n);
    expect(seen).to.deep.equal([["a", "k", 1, "main", "m-1", 0n]]);
    expect(bench.harness.outcomes()).to.deep.equal(["processed"]);
  });

  it("tries a failing event on each retry topic in turn, never early, with bytes and headers untouched", async () => {
    const passes: { attempt: number; stage: string; atMs: number; id: string; origin: unknown }[] = [];
    await start(async (_, { attempt, stage, messageId, origin }) => {
      passes.push({ attempt, stage, atMs: clock.now(), id: messageId, origin });
      if (attempt < 3) throw new Error("not yet");
    });
    const headers = [header("x", "1"), header("message-id", "m-1"), header("x", "2")];
    bench.kafka.append("notes", 0, { key: "k", value: "Written|a", headers });
    await until("handled", () => bench.harness.outcomes().includes("processed"));
    expect(passes.map(({ attempt, stage, id }) => [attempt, stage, id])).to.deep.equal([
      [1, "main", "m-1"],
      [2, "retry-1", "m-1"],
      [3, "retry-2", "m-1"],
    ]);
    expect(passes.map(({ origin }) => origin)).to.deep.equal(
      Array(3).fill({ topic: "notes", partition: 0, offset: 0n }),
    );
    for (const topic of ["notes-retry-1", "notes-retry-2"]) {
      const [hop] = bench.kafka.records(topic);
      const dueAtMs = Number(textOf(hop, "keryx-due-at"));
      const pass = passes.find(({ stage }) => topic.endsWith(stage));
      expect(pass?.atMs).to.be.at.least(dueAtMs);
      expect(new TextDecoder().decode(hop?.value ?? undefined)).to.equal("Written|a");
      expect(hop?.headers.slice(0, 3)).to.deep.equal(headers);
    }
    expect(bench.kafka.records("notes-dlq")).to.have.length(0);
  });

  it("dead-letters an event whose attempts are used up, with the whole story in its headers", async () => {
    await start(() => {
      throw Object.assign(new Error("card declined"), { code: "E_DECLINED" });
    });
    bench.kafka.append("notes", 0, {
      key: "k",
      value: "Written|a",
      headers: [header("message-id", "m-1")],
      gap: 4n,
    });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    const [letter] = bench.kafka.records("notes-dlq");
    expect(letter?.key).to.deep.equal(new TextEncoder().encode("k"));
    const expected: Record<string, string> = {
      "message-id": "m-1",
      "keryx-header-version": "1",
      "keryx-side": "consumer",
      "keryx-group": "billing",
      "keryx-stage": "dlq",
      "keryx-attempt-count": "3",
      "keryx-original-topic": "notes",
      "keryx-original-partition": "0",
      "keryx-original-offset": "4",
      "keryx-previous": "notes-retry-2/0/0",
      "keryx-failure-class": "transient",
      "keryx-failure-code": "E_DECLINED",
      "keryx-failure-error": "Error",
      "keryx-failure-reason": "card declined",
      "keryx-event": "written",
      "keryx-schema-id": "7",
      "keryx-schema-subject": "notes-value",
    };
    for (const [name, value] of Object.entries(expected)) expect(textOf(letter, name), name).to.equal(value);
    expect(textOf(letter, "keryx-due-at")).to.equal(undefined);
    expect(Number(textOf(letter, "keryx-last-attempt"))).to.be.at.least(
      Number(textOf(letter, "keryx-first-attempt")) + 300,
    );
    const names = letter?.headers.map(([name]) => name) ?? [];
    expect(new Set(names).size).to.equal(names.length);
  });

  it("dead-letters bad bytes at the first attempt and goes on with their neighbours", async () => {
    const seen: string[] = [];
    await start((event) => {
      seen.push(event.text);
    });
    bench.kafka.append("notes", 0, { key: "k", value: "Written|a" });
    bench.kafka.append("notes", 0, { key: "k", value: "garbage" });
    bench.kafka.append("notes", 0, { key: "k", value: "Written|b" });
    await until("committed", () => committed() === 3n);
    expect(seen).to.deep.equal(["a", "b"]);
    const [letter] = bench.kafka.records("notes-dlq");
    expect(textOf(letter, "keryx-attempt-count")).to.equal("1");
    expect(textOf(letter, "keryx-failure-class")).to.equal("bad-bytes");
    expect(textOf(letter, "keryx-failure-code")).to.equal("malformed");
  });

  it("hands tombstones to the tombstone handler, and dead-letters them as null without one", async () => {
    const keys: unknown[] = [];
    await start(() => {}, {
      tombstones: { notes: (key, delivery) => void keys.push([key, delivery.event, delivery.eventType]) },
    });
    bench.kafka.append("notes", 0, { key: "k", value: null });
    await until("committed", () => committed() === 1n);
    expect(keys).to.deep.equal([["k", null, ""]]);
    await bench.harness.close();
    await start(() => {});
    bench.kafka.append("notes", 0, { key: "k", value: null });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    const [letter] = bench.kafka.records("notes-dlq");
    expect(letter?.value).to.equal(null);
    expect(textOf(letter, "keryx-failure-class")).to.equal("unhandled-event");
  });

  it("dead-letters events that nobody handles, and skips them only when that is written out", async () => {
    await start(() => {});
    bench.kafka.append("notes", 0, { value: "Other|a" });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    expect(textOf(bench.kafka.records("notes-dlq")[0], "keryx-event")).to.equal("Other");
    await bench.harness.close();
    await start(() => {}, { options: { onUnhandled: "skip" } });
    bench.kafka.append("notes", 0, { value: "Other|b" });
    await until("committed", () => committed() === 2n);
    expect(bench.harness.outcomes()).to.deep.equal(["skipped"]);
  });

  it("lets a handler skip, dead-letter and ask for another try by a due time of its own", async () => {
    const handle: Parameters<typeof start>[0] = (event, delivery) => {
      if (event.text === "skip") return delivery.skip("manual");
      if (event.text === "give up") return delivery.deadLetter("broken for good");
      return delivery.attempt === 1 ? delivery.retry({ delayMs: 10 }) : undefined;
    };
    await start(handle, { options: { retryDelaysMs: [600_000] } });
    for (const text of ["skip", "give up", "again"])
      bench.kafka.append("notes", 0, { key: text, value: `Written|${text}` });
    await until(
      "all settled",
      () => bench.harness.outcomes().filter((one) => one === "processed").length === 1,
    );
    expect(textOf(bench.kafka.records("notes-dlq")[0], "keryx-failure-class")).to.equal("non-retriable");
    expect(textOf(bench.kafka.records("notes-dlq")[0], "keryx-failure-reason")).to.equal("broken for good");
    const [hop] = bench.kafka.records("notes-retry-1");
    const waitMs = Number(textOf(hop, "keryx-due-at")) - Number(textOf(hop, "keryx-last-attempt"));
    expect(waitMs).to.be.within(10, 60_000);
    expect(bench.harness.signals).to.deep.include.members(
      bench.harness.signals.filter((one) => one.kind === "record.handled" && one.reason === "manual"),
    );
  });

  it("runs one effect for two records of the same id, and loses no duplicate of a failed one", async () => {
    const seen: string[] = [];
    await start((event, { attempt }) => {
      seen.push(event.text);
      if (event.text === "flaky" && attempt === 1) throw new Error("first try");
    });
    for (let i = 0; i < 3; i++)
      bench.kafka.append("notes", 0, {
        key: `k${i}`,
        value: "Written|same",
        headers: [header("message-id", "m-1")],
      });
    await until("committed", () => committed() === 3n);
    expect(seen).to.deep.equal(["same"]);
    for (let i = 0; i < 2; i++)
      bench.kafka.append("notes", 0, {
        key: "k",
        value: "Written|flaky",
        headers: [header("message-id", "m-2")],
      });
    await until("settled", () => bench.harness.outcomes().filter((one) => one === "processed").length >= 2);
    expect(seen.filter((text) => text === "flaky").length).to.be.at.least(2);
  });

  it("says nothing of records that go well where nobody listens, and all of the others", async () => {
    await bench.begin({
      isQuiet: true,
      options: { createTopics: true },
      on: [
        [
          noteEvent("Written"),
          ({ text }) => {
            if (text === "bad") throw new Error("no");
          },
        ],
      ],
    });
    for (const text of ["good", "bad", "good"]) bench.kafka.append("notes", 0, { value: `Written|${text}` });
    await until("committed", () => bench.kafka.committed("billing", "notes", 0) === 3n);
    expect(bench.harness.outcomes()).to.deep.equal(["dead_lettered"]);
    expect(bench.harness.signals.some(({ kind }) => kind === "record.received")).to.equal(false);
  });

  it("runs handlers inside their delivery's context, also behind an await", async () => {
    const seen: unknown[] = [];
    const running = await start(async () => {
      await Promise.resolve();
      const { messageId, correlationId, attempt, group } = running.context.current() ?? {};
      seen.push([messageId, correlationId, attempt, group]);
    });
    bench.kafka.append("notes", 0, {
      value: "Written|a",
      headers: [header("message-id", "m-1"), header("correlation-id", "c-1")],
    });
    await until("committed", () => committed() === 1n);
    expect(seen).to.deep.equal([["m-1", "c-1", 1, "billing"]]);
  });

  it("runs middleware around every handler, in order, and lets it answer instead", async () => {
    const order: string[] = [];
    await start((event) => void order.push(event.text), {
      options: {
        middleware: [
          async (_, next) => {
            order.push("outer");
            return next();
          },
          async (delivery, next) =>
            (delivery.event as Note).text === "no" ? delivery.skip("filtered") : next(),
        ],
      },
    });
    bench.kafka.append("notes", 0, { key: "k", value: "Written|yes" });
    bench.kafka.append("notes", 0, { key: "k", value: "Written|no" });
    await until("committed", () => committed() === 2n);
    expect(order).to.deep.equal(["outer", "yes", "outer"]);
  });

  it("aborts a handler at its deadline, and counts one that ends well all the same as done, late", async () => {
    await start(
      (event, { signal, attempt }) =>
        new Promise<void>((resolve, reject) => {
          if (attempt > 1) return resolve();
          signal.addEventListener("abort", () => (event.text === "late" ? resolve() : reject(signal.reason)));
        }),
      { options: { handlerTimeoutMs: 200 } },
    );
    bench.kafka.append("notes", 0, { key: "1", value: "Written|late" });
    bench.kafka.append("notes", 0, { key: "2", value: "Written|stuck" });
    await until(
      "both done",
      () => bench.harness.outcomes().filter((one) => one === "processed").length === 2,
    );
    const handled = bench.harness.signals.filter((signal) => signal.kind === "record.handled");
    expect(handled.find(({ reason }) => reason === "late")?.record.offset).to.equal(0n);
    expect(handled.find(({ outcome }) => outcome === "retried")?.failureClass).to.equal("timeout");
    for (const told of ["handler.overdue", "handler.settled"])
      expect(bench.harness.signals.filter(({ kind }) => kind === told)).to.have.length(2);
  });

  it("gives up at once on errors that the user calls hopeless, and on our own that no retry can heal", async () => {
    await start(
      (event) => {
        if (event.text === "own")
          throw new Error("outer", { cause: new KeryxError("encode_failed", "bad field") });
        throw new TypeError("never");
      },
      { options: { nonRetriable: (error) => error instanceof TypeError } },
    );
    bench.kafka.append("notes", 0, { key: "1", value: "Written|own" });
    bench.kafka.append("notes", 0, { key: "2", value: "Written|typed" });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 2);
    for (const letter of bench.kafka.records("notes-dlq")) {
      expect(textOf(letter, "keryx-failure-class")).to.equal("non-retriable");
      expect(textOf(letter, "keryx-attempt-count")).to.equal("1");
    }
  });
});
