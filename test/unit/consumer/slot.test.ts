import { expect } from "chai";
import { order } from "../../../src/consumer/pipeline.ts";
import type { Delivery, Middleware } from "../../../src/core/handler.ts";
import { filter } from "../../../src/middleware/filter.ts";
import { timeout } from "../../../src/middleware/timeout.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import { consumerBench } from "../../support/consumer-bench.ts";
import { type Note, noteEvent, textOf, until } from "../../support/consumer-harness.ts";

describe("The slot around a handler", () => {
  const Written = noteEvent("Written", { delaysMs: [20] });
  const bench = consumerBench({ event: Written });
  const { clock, committed, start } = bench;

  const Other = noteEvent("Other");
  const handled = (): unknown[] =>
    bench.harness.signals.flatMap((signal) =>
      signal.kind === "record.handled"
        ? [[signal.record.topic, signal.record.offset, signal.outcome, signal.reason]]
        : [],
    );

  it("skips what a filter does not want, without its handler, and says so with reason and place", async () => {
    const seen: string[] = [];
    await start(({ text }) => void seen.push(text), {
      use: [[Written, filter<Note>(({ text }) => text !== "b", "no b")]],
    });
    for (const text of ["a", "b", "c"]) bench.kafka.append("notes", 0, { value: `Written|${text}` });
    await until("committed", () => committed() === 3n);
    expect(seen.toSorted()).to.deep.equal(["a", "c"]);
    expect(handled()).to.deep.include(["notes", 1n, "skipped", "no b"]);
    expect(bench.kafka.records("notes-dlq")).to.have.length(0);
  });

  it("takes a filter that throws for a handler that throws", async () => {
    await start(() => {}, {
      use: [
        [
          Written,
          filter(() => {
            throw new Error("no opinion");
          }),
        ],
      ],
    });
    bench.kafka.append("notes", 0, { value: "Written|a" });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    expect(textOf(bench.kafka.records("notes-dlq")[0], "keryx-failure-reason")).to.equal("no opinion");
    expect(textOf(bench.kafka.records("notes-dlq")[0], "keryx-attempt-count")).to.equal("2");
  });

  it("lays the consumer's steps around those of one event, and these around no other event", async () => {
    const said: string[] = [];
    const named =
      (name: string): Middleware =>
      async (_, next) => {
        said.push(name);
        return next();
      };
    await start(() => {}, {
      on: [
        [Written, () => void said.push("written")],
        [Other, () => void said.push("other")],
      ],
      tombstones: { notes: () => void said.push("tombstone") },
      options: { order: "partition", middleware: [named("all")] },
      use: [
        [Written, named("first"), named("second")],
        [Written, named("third")],
      ],
    });
    bench.kafka.append("notes", 0, { value: "Written|a" });
    bench.kafka.append("notes", 0, { value: "Other|a" });
    bench.kafka.append("notes", 0, { value: null });
    await until("committed", () => committed() === 3n);
    expect(said.join(" ")).to.equal("all first second third written all other all tombstone");
  });

  it("keeps the tightest deadline of those that are named, for its own event only", async () => {
    const slow = (_: Note, { signal, attempt }: Delivery<Note>): Promise<void> =>
      new Promise((resolve, reject) => {
        if (attempt > 1) resolve();
        signal.addEventListener("abort", () => reject(signal.reason));
        setTimeout(resolve, 60);
      });
    await start(() => {}, {
      on: [
        [Written, slow],
        [Other, slow],
      ],
      use: [[Written, timeout(400), timeout(200)]],
    });
    bench.kafka.append("notes", 0, { key: "1", value: "Written|a" });
    bench.kafka.append("notes", 0, { key: "2", value: "Other|a" });
    await until(
      "both done",
      () => bench.harness.outcomes().filter((one) => one === "processed").length === 2,
    );
    const overdue = bench.harness.signals.flatMap((one) => (one.kind === "handler.overdue" ? [one] : []));
    expect(overdue.map(({ timeoutMs, record }) => [timeoutMs, record.event])).to.deep.equal([
      [200, "written"],
    ]);
    const retried = bench.harness.signals.find(
      (one) => one.kind === "record.handled" && one.outcome === "retried",
    );
    expect(retried).to.have.property("failureClass", "timeout");
  });

  it("counts a handler that resolves behind its tight deadline as done, late, and starts no second copy meanwhile", async () => {
    let running = 0;
    let most = 0;
    await start(
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 40));
        running--;
      },
      { use: [[Written, timeout(100)]] },
    );
    bench.kafka.append("notes", 0, { key: "k", value: "Written|a" });
    await until("committed", () => committed() === 1n);
    expect(most).to.equal(1);
    expect(handled()).to.deep.equal([["notes", 0n, "processed", "late"]]);
  });

  it("settles no record before its handler, whatever a step answers meanwhile", async () => {
    const unhandled: unknown[] = [];
    const hear = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", hear);
    const ends: string[] = [];
    const impatient: Middleware = async (delivery, next) => {
      const running = next();
      if ((delivery.event as Note).text === "thrown") throw new Error("I do not wait");
      void running;
      return delivery.skip("I do not wait");
    };
    await start(
      async ({ text }, { attempt }) => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        ends.push(text);
        if (text === "fails" && attempt === 1) throw new Error("once");
      },
      { use: [[Written, impatient]] },
    );
    for (const text of ["fine", "thrown", "fails"])
      bench.kafka.append("notes", 0, { key: text, value: `Written|${text}` });
    await until("all done", () => bench.harness.outcomes().filter((one) => one === "processed").length === 3);
    expect(ends.toSorted()).to.deep.equal(["fails", "fails", "fine", "thrown"]);
    expect(bench.harness.outcomes().filter((one) => one !== "processed")).to.deep.equal(["retried"]);
    process.off("unhandledRejection", hear);
    expect(unhandled, "a step that does not wait must not end the process").to.deep.equal([]);
  });

  it("takes no silence of a step for an outcome: then the record ends as its handler says, or fails where none ran", async () => {
    const seen: string[] = [];
    // As plain JavaScript may have it.
    const silent = async (delivery: Delivery<Note>, next: () => Promise<unknown>): Promise<never> => {
      if (delivery.event.text !== "unseen") await next().catch(() => {});
      return undefined as never;
    };
    await start(
      ({ text }, delivery) => {
        seen.push(text);
        if (text === "thrown") throw Object.assign(new Error("no"), { permanent: true });
        return text === "refused" ? delivery.deadLetter("refused") : undefined;
      },
      {
        use: [[Written, silent]],
        options: { nonRetriable: (error: unknown) => Object.hasOwn(error as object, "permanent") },
      },
    );
    for (const text of ["fine", "refused", "thrown", "unseen"])
      bench.kafka.append("notes", 0, { key: text, value: `Written|${text}` });
    await until("committed", () => committed() === 4n);
    expect(seen.toSorted()).to.deep.equal(["fine", "refused", "thrown"]);
    expect(bench.harness.outcomes().toSorted()).to.deep.equal([
      "dead_lettered",
      "dead_lettered",
      "dead_lettered",
      "processed",
    ]);
  });

  it("is one step of a fixed order, and every step is taken in it", async () => {
    expect(order).to.deep.equal([
      "admit",
      "due",
      "decode",
      "classify",
      "dedupe",
      "slot",
      "handler",
      "retry plan",
      "settle",
    ]);
    const said: string[] = [];
    const memory = createMemoryStore(clock);
    const seen = (name: string): void => void said.push(name);
    const watched = await start(
      () => {
        seen("handler");
        throw Object.assign(new Error("no"), {
          get code() {
            seen("retry plan");
            return "E";
          },
        });
      },
      {
        store: {
          ...memory,
          claim(...asked) {
            seen("dedupe");
            return memory.claim(...asked);
          },
          release(...asked) {
            seen("settle: release");
            return memory.release(...asked);
          },
        },
        use: [
          [
            Written,
            async (_, next) => {
              seen("slot");
              return next();
            },
          ],
        ],
      },
    );
    const { push } = watched.signals;
    watched.signals.push = (...more) => {
      for (const { kind } of more) if (kind === "record.received") seen("admit");
      return push.apply(watched.signals, more);
    };
    Object.defineProperty(watched.registry, "isDown", {
      get() {
        seen("decode");
        return false;
      },
    });
    bench.kafka.faults.send = () => void seen("settle: hand over");
    bench.kafka.faults.commit = () => void seen("settle: commit");
    bench.kafka.append("notes", 0, { value: "Written|a" });
    await until("committed", () => committed() === 1n);
    expect(said.filter((one, index) => said.indexOf(one) === index)).to.deep.equal([
      "admit",
      "decode",
      "dedupe",
      "slot",
      "handler",
      "retry plan",
      "settle: hand over",
      "settle: release",
      "settle: commit",
    ]);
  });
});
