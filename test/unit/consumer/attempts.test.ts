import { expect } from "chai";
import type { ConsumerOptions } from "../../../src/core/app.ts";
import type { Clock } from "../../../src/core/clock.ts";
import type { Handler, TombstoneHandler } from "../../../src/core/handler.ts";
import type { Harness, Note } from "../../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, textOf, until } from "../../support/consumer-harness.ts";
import { createManualClock, settle } from "../../support/manual-clock.ts";
import { createMemoryKafka, type MemoryKafka } from "../../support/memory-kafka.ts";

describe("Attempts of a record", () => {
  const hourMs = 3_600_000;
  let kafka: MemoryKafka;
  let clock: Clock;
  let harness: Harness | undefined;

  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });

  const open = (given: Clock): void => {
    clock = given;
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 3);
  };
  const start = async (
    delaysMs: readonly number[],
    handler: Handler<Note>,
    more: { readonly options?: Partial<ConsumerOptions>; readonly tombstone?: TombstoneHandler } = {},
  ): Promise<void> => {
    harness = await startHarness({
      kafka,
      clock,
      on: [[noteEvent("Note", { delaysMs }), handler]],
      options: { createTopics: true, ...more.options },
      ...(more.tombstone ? { tombstones: { notes: more.tombstone } } : {}),
    });
  };

  it("are exactly as many as the plan says, with failures elsewhere, restarts and rebalances going on", async () => {
    open(createFastClock(50));
    const passes = new Map<string, string[]>();
    const handler: Handler<Note> = async ({ text }, { attempt, stage }) => {
      const own = passes.get(text) ?? [];
      passes.set(text, own);
      own.push(`${stage}/${attempt}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      // A third fails for ever, a third once, a third never: all mixed on all partitions.
      const kind = Number(text) % 3;
      if (kind === 0 || (kind === 1 && attempt === 1)) throw new Error("broken");
    };
    const total = 120;
    const dead = (): number => kafka.records("notes-dlq").length;
    await start([100, 200, 300], handler);
    for (let i = 0; i < total; i++) {
      kafka.append("notes", i % 3, { key: `k${i % 7}`, value: `Note|${i}` });
      if (i % 20 === 10) await kafka.rebalance(i % 40 === 10 ? "billing" : "billing-retry");
      if (i % 40 === 39) {
        await harness?.close();
        await start([100, 200, 300], handler);
      }
    }
    await until("all that fails for ever is dead", () => dead() === total / 3, 15_000);
    await until("everything was done", () => passes.size === total);
    const ways = ["main/1 retry-1/2 retry-2/3 retry-3/4", "main/1 retry-1/2", "main/1"];
    for (const [text, own] of passes) expect(own.join(" "), text).to.equal(ways[Number(text) % 3]);
    for (const letter of kafka.records("notes-dlq"))
      expect(textOf(letter, "keryx-attempt-count")).to.equal("4");
  });

  it("are never early, and wait a day in no time on a clock that is moved by hand", async () => {
    const manual = createManualClock();
    open(manual);
    const at: number[] = [];
    const begin = manual.now();
    await start([1, 24 * hourMs, 24 * hourMs], () => {
      at.push(manual.now() - begin);
      throw new Error("broken");
    });
    kafka.append("notes", 0, { key: "k", value: "Note|x" });
    await until("first attempt", () => at.length === 1);
    await manual.advance(1);
    for (const attempt of [3, 4]) {
      const waiting = `notes-retry-${attempt - 1}`;
      await until(`waiting on ${waiting}`, () => kafka.records(waiting).length === 1);
      const due = Number(textOf(kafka.records(waiting)[0], "keryx-due-at"));
      expect(due - manual.now()).to.equal(24 * hourMs);
      for (let turn = 0; turn < 20; turn++) await settle();
      await manual.advance(24 * hourMs - 1);
      for (let turn = 0; turn < 20; turn++) await settle();
      expect(at, "not a millisecond early").to.have.length(attempt - 1);
      await manual.advance(1);
      await until(`attempt ${attempt}`, () => at.length === attempt);
    }
    await until("dead", () => kafka.records("notes-dlq").length === 1);
    expect(at).to.deep.equal([0, 1, 24 * hourMs + 1, 48 * hourMs + 1]);
  });

  for (const [naming, group, stem] of [
    ["topic", "billing", "notes"],
    ["group", "billing", "notes-billing"],
    ["group", "Rechnungen & Co", "notes-Rechnungen___Co-de92b8bd"],
  ] as const)
    it(`are made on the topics of the naming "${naming}" for the group ${group}`, async () => {
      open(createFastClock(50));
      const stages: string[] = [];
      const handler: Handler<Note> = (_, { topic, stage }) => {
        stages.push(`${topic} ${stage}`);
        throw new Error("broken");
      };
      await start([50, 50], handler, { options: { naming, group } });
      kafka.append("notes", 0, { key: "k", value: "Note|x" });
      await until("dead", () => kafka.records(`${stem}-dlq`).length === 1);
      expect(stages).to.deep.equal(["notes main", `${stem}-retry-1 retry-1`, `${stem}-retry-2 retry-2`]);
      expect(kafka.topics().toSorted()).to.deep.equal(
        ["notes", `${stem}-dlq`, `${stem}-retry-1`, `${stem}-retry-2`].toSorted(),
      );
      expect(textOf(kafka.records(`${stem}-dlq`)[0], "keryx-group")).to.equal(group);
    });

  it("are counted for a tombstone as for any record, and it stays one all the way", async () => {
    open(createFastClock(50));
    const stages: string[] = [];
    const tombstone: TombstoneHandler = (key, { stage, attempt }) => {
      stages.push(`${key} ${stage}/${attempt}`);
      throw new Error("cannot forget");
    };
    await start([50, 50], () => {}, { tombstone });
    kafka.append("notes", 1, { key: "k", value: null });
    await until("dead", () => kafka.records("notes-dlq").length === 1);
    expect(stages).to.deep.equal(["k main/1", "k retry-1/2", "k retry-2/3"]);
    for (const topic of ["notes-retry-1", "notes-retry-2", "notes-dlq"])
      expect(
        kafka.records(topic).map(({ value }) => value),
        topic,
      ).to.deep.equal([null]);
    expect(textOf(kafka.records("notes-dlq")[0], "keryx-attempt-count")).to.equal("3");
  });

  it("begin anew after a restart where they were made in place, as tries here live in memory", async () => {
    open(createFastClock(20));
    const attempts: number[] = [];
    const handler: Handler<Note> = (_, { attempt }) => {
      attempts.push(attempt);
      throw new Error("broken");
    };
    const options = { here: { tries: 3, baseMs: 60_000, maxMs: 60_000, jitter: "none" } } as const;
    await start([], handler, { options });
    kafka.append("notes", 0, { key: "k", value: "Note|x" });
    await until("first try", () => attempts.length === 1);
    await harness?.close();
    await start([], handler, { options: { here: { tries: 3, baseMs: 1, maxMs: 1 } } });
    await until("dead", () => kafka.records("notes-dlq").length === 1);
    expect(attempts).to.deep.equal([1, 1, 2, 3]);
    expect(textOf(kafka.records("notes-dlq")[0], "keryx-attempt-count")).to.equal("3");
  });
});
