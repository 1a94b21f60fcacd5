import { expect } from "chai";
import { replay } from "../../../src/consumer/replay.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import type { Signal } from "../../../src/core/signals.ts";
import { createFastClock, header, noteEvent, textOf } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

describe("A replay of dead letters", () => {
  const clock = createFastClock(10);
  let kafka: MemoryKafka;
  let signals: Signal[] = [];

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    signals = [];
    for (const topic of ["notes", "notes-dlq", "notes-retry-1"]) kafka.createTopic(topic, 2);
  });

  const deps = () => ({ transport: kafka.port, observe: (signal: Signal) => signals.push(signal), clock });
  const bury = (
    value: string,
    more: Record<string, string> = {},
    topic = "notes-dlq",
    partition = 1,
  ): bigint => {
    const headers = {
      "keryx-group": "billing",
      "keryx-side": "consumer",
      "keryx-original-topic": "notes",
      "keryx-original-partition": String(partition),
      "keryx-original-offset": "41",
      "keryx-attempt-count": "4",
      "keryx-failure-reason": "broken",
      "keryx-first-attempt": "1",
      ...more,
    };
    const list = [
      header("tenant", "a"),
      ...Object.entries(headers).map(([name, text]) => header(name, text)),
      header("tenant", "b"),
    ];
    return kafka.append(topic, partition, { key: "k", value, headers: list });
  };

  it("only counts unless it is told to send", async () => {
    bury("a");
    expect(await replay(deps(), { topic: "notes", group: "billing" })).to.deep.equal({
      planned: 1,
      sent: 0,
      skipped: 0,
    });
    expect(kafka.records("notes-retry-1")).to.have.length(0);
    expect(signals).to.deep.equal([
      { kind: "replay.record", from: "notes-dlq/1/0", to: "notes-retry-1", dryRun: true },
    ]);
  });

  it("sends the untouched record to the group's first retry topic, due at once, its attempts forgotten", async () => {
    bury("a", { "keryx-replay-count": "2" });
    await replay(deps(), { topic: "notes", group: "billing", dryRun: false });
    const [sent] = kafka.records("notes-retry-1", 1);
    expect(new TextDecoder().decode(sent?.value ?? undefined)).to.equal("a");
    expect(sent?.headers.filter(([name]) => name === "tenant")).to.deep.equal([
      header("tenant", "a"),
      header("tenant", "b"),
    ]);
    const expected: Record<string, string | undefined> = {
      "keryx-attempt-count": "0",
      "keryx-stage": "retry-1",
      "keryx-group": "billing",
      "keryx-original-offset": "41",
      "keryx-replay-count": "3",
      "keryx-replayed-from": "notes-dlq/1/0",
      "keryx-failure-reason": undefined,
      "keryx-first-attempt": undefined,
      "keryx-side": undefined,
    };
    for (const [name, text] of Object.entries(expected)) expect(textOf(sent, name), name).to.equal(text);
    expect(Number(textOf(sent, "keryx-due-at"))).to.be.at.most(clock.now());
    expect(textOf(sent, "keryx-replay-id")).to.match(/^[0-9a-f-]{36}$/);
  });

  it("passes over records of other groups, other topics, producers and foreign tools", async () => {
    bury("a", { "keryx-group": "shipping" });
    bury("b", { "keryx-original-topic": "others" });
    bury("c", { "keryx-side": "producer" });
    kafka.append("notes-dlq", 0, { value: "d" });
    const result = await replay(deps(), { topic: "notes", group: "billing", dryRun: false });
    expect(result).to.deep.equal({ planned: 0, sent: 0, skipped: 4 });
  });

  it("keeps to the offsets that it is given, and to the end that it found at its start", async () => {
    for (let i = 0; i < 5; i++) bury(`${i}`);
    const range = { fromOffsets: { 1: 1n }, toOffsets: { 1: 3n } };
    const result = await replay(deps(), { topic: "notes", group: "billing", dryRun: false, ...range });
    expect(result.sent).to.equal(2);
    expect(
      kafka.records("notes-retry-1").map(({ value }) => new TextDecoder().decode(value ?? undefined)),
    ).to.deep.equal(["1", "2"]);
    const beyond = { fromOffsets: { 1: -5n }, toOffsets: { 1: 999n } };
    expect((await replay(deps(), { topic: "notes", group: "billing", ...beyond })).planned).to.equal(5);
  });

  it("finds the dead-letter topic that an event declares", async () => {
    kafka.createTopic("graveyard", 2);
    bury("a", {}, "graveyard");
    const events = [noteEvent("Note", { deadLetter: "graveyard" })];
    const result = await replay({ ...deps(), events }, { topic: "notes", group: "billing", dryRun: false });
    expect(result.sent).to.equal(1);
  });

  it("refuses where the group has no retry topic that would read the records, and says what to do", async () => {
    kafka.createTopic("ordered-dlq", 1);
    const error = await replay(deps(), { topic: "ordered", group: "billing" }).catch(KeryxError.from);
    expect(error).to.be.instanceOf(KeryxError);
    if (!(error instanceof KeryxError)) return;
    expect(error.code).to.equal("topic_missing");
    expect(error.message).to.contain("ordered-retry-1");
    expect(error.help).to.contain("ordered event");
  });

  it("sends a thousand records a second at most", async () => {
    for (let i = 0; i < 1_200; i++) bury(`${i}`, {}, "notes-dlq", 0);
    const before = clock.now();
    await replay(deps(), { topic: "notes", group: "billing", dryRun: false });
    expect(clock.now() - before).to.be.at.least(1_000);
    expect(kafka.records("notes-retry-1")).to.have.length(1_200);
  });
});
