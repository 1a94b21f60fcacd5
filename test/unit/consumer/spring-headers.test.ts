import { readFileSync } from "node:fs";
import { expect } from "chai";
import { toSmaller } from "../../../src/consumer/dead-letter.ts";
import { readHistory } from "../../../src/consumer/hand-over/history.ts";
import { type HandOver, toHopHeaders } from "../../../src/consumer/hand-over/hop-headers.ts";
import { resolveConsumerOptions } from "../../../src/consumer/options.ts";
import { buildPlan } from "../../../src/consumer/plan/plan.ts";
import { toFailure } from "../../../src/consumer/steps/classify.ts";
import type { Header, RawRecord } from "../../../src/core/record.ts";
import {
  createFastClock,
  header,
  noteEvent,
  startHarness,
  textOf,
  until,
} from "../../support/consumer-harness.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

const event = noteEvent("Note", { delaysMs: [1_000] });
const plan = buildPlan("notes", event.policy, resolveConsumerOptions({ group: "billing" }));

class DeclinedError extends Error {
  override readonly name = "DeclinedError";
}

const record: RawRecord = {
  topic: "notes",
  partition: 258,
  offset: 4_294_967_297n,
  timestampMs: 1_767_225_600_000,
  timestampType: "CreateTime",
  key: new Uint8Array([1]),
  value: new Uint8Array([2]),
  headers: [header("tenant", "a")],
};

const thrown = new DeclinedError("card declined: ü", { cause: new TypeError("x is not a function") });
thrown.stack = "DeclinedError: card declined: ü\n    at charge (billing.ts:1:1)";

const letter = (given: RawRecord, more: Partial<HandOver> = {}): readonly Header[] =>
  toHopHeaders({
    record: given,
    history: readHistory(given, 0),
    failure: toFailure("transient", thrown),
    attempt: 4,
    group: "billing",
    plan,
    stage: "dlq",
    springHeaders: true,
    failureStack: true,
    nowMs: 1_767_225_671_420,
    event,
    eventType: event.type,
    schemaId: 7,
    ...more,
  });

const springOf = (headers: readonly Header[]): readonly Header[] =>
  headers.filter(([name]) => name.startsWith("kafka_dlt-"));

describe("Spring's names on dead letters", () => {
  it("are written to the byte as Spring writes and reads them", () => {
    const golden = JSON.parse(
      readFileSync(new URL("../../golden/dead-letters/spring.json", import.meta.url), "utf8"),
    );
    const written = springOf(letter(record)).map(([name, value]) => [
      name,
      Buffer.from(value ?? []).toString("hex"),
    ]);
    expect(Object.fromEntries(written)).to.deep.equal(golden);
    expect(written).to.have.length(Object.keys(golden).length);
  });

  it("stand beside ours, on dead letters only, and only where they are asked for", () => {
    const names = letter(record).map(([name]) => name);
    expect(names).to.include.members(["tenant", "keryx-failure-class", "keryx-failure-stack"]);
    expect(springOf(letter(record, { springHeaders: false }))).to.deep.equal([]);
    expect(springOf(letter(record, { stage: "retry-1", dueAtMs: 5 }))).to.deep.equal([]);
  });

  it("keep what was told first of the origin, and replace what was told of the exception", () => {
    const first = letter(record);
    const moved = { ...record, topic: "notes-retry-1", partition: 0, offset: 9n, headers: first };
    const other = new RangeError("other");
    const second = springOf(letter(moved, { failure: toFailure("timeout", other), failureStack: false }));
    const value = (name: string): string[] =>
      second
        .filter(([one]) => one === `kafka_dlt-${name}`)
        .map(([, bytes]) => Buffer.from(bytes ?? []).toString());
    expect(value("original-topic")).to.deep.equal(["notes"]);
    expect(second.filter(([name]) => name === "kafka_dlt-original-offset")).to.deep.equal(
      first.filter(([name]) => name === "kafka_dlt-original-offset"),
    );
    expect(value("exception-fqcn")).to.deep.equal(["RangeError"]);
    expect(value("exception-message")).to.deep.equal(["other"]);
    expect([...value("exception-cause-fqcn"), ...value("exception-stacktrace")]).to.deep.equal([]);
  });

  it("leave all that is added within 8 KiB, whatever the error says", () => {
    const loud = "é".repeat(100_000);
    const error = new DeclinedError(loud);
    error.stack = loud;
    const given = {
      ...record,
      headers: Array.from({ length: 300 }, (_, i) => header(`null-header-${i}`, null)),
    };
    for (const springHeaders of [true, false]) {
      const added = letter(given, {
        springHeaders,
        failure: { ...toFailure("transient", error), code: loud, error: loud },
        eventType: loud,
      }).filter(([name]) => !name.startsWith("null-header"));
      const size = added.reduce((sum, [name, value]) => sum + name.length + (value?.length ?? 0), 0);
      expect(size).to.be.at.most(8_192);
    }
  });

  it("are given up with ours when a dead letter is too large: stacks first, then messages", () => {
    const out = { topic: "t", key: null, value: null, headers: letter(record) };
    const smaller = toSmaller(out);
    const names = smaller?.headers.map(([name]) => name) ?? [];
    expect(names).not.to.include.oneOf(["keryx-failure-stack", "kafka_dlt-exception-stacktrace"]);
    expect(names).to.include.members(["keryx-failure-reason", "kafka_dlt-exception-message"]);
    const smallest = (smaller && toSmaller(smaller))?.headers.map(([name]) => name) ?? [];
    expect(smallest).not.to.include.oneOf(["keryx-failure-reason", "kafka_dlt-exception-message"]);
  });

  it("reach the dead-letter topic of a consumer that asks for them, and none of its retry topics", async () => {
    const clock = createFastClock(100);
    const kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 1);
    const fail = (): never => {
      throw thrown;
    };
    const options = { createTopics: true, headers: ["keryx", "spring"] } as const;
    const harness = await startHarness({ kafka, clock, options, on: [[event, fail]] });
    kafka.append("notes", 0, { value: "Note|x" });
    await until("it is dead", () => kafka.records("notes-dlq").length === 1);
    await harness.close();
    const [dead] = kafka.records("notes-dlq");
    expect(textOf(dead, "kafka_dlt-exception-fqcn")).to.equal("DeclinedError");
    expect(textOf(dead, "kafka_dlt-original-topic")).to.equal("notes");
    expect(springOf(kafka.records("notes-retry-1")[0]?.headers ?? [])).to.deep.equal([]);
  });

  it("cannot replace ours, on which replays stand", () => {
    expect(() => resolveConsumerOptions({ group: "g", headers: ["spring"] })).to.throw("consumer.headers");
    expect(resolveConsumerOptions({ group: "g", headers: ["keryx", "spring"] }).headers).to.have.length(2);
  });
});
