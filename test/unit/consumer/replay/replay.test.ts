import { expect } from "chai";
import { KeryxError } from "../../../../src/core/errors.ts";
import type { ReplayOptions } from "../../../../src/core/replay.ts";
import { createFastClock, header, noteEvent, textOf } from "../../../support/consumer-harness.ts";
import { type Grave, openGrave } from "../../../support/replaying.ts";
import { unreachableRegistry } from "./registry.ts";

describe("A replay of dead letters", () => {
  const clock = createFastClock(10);
  let grave: Grave;

  beforeEach(() => {
    grave = openGrave(clock, unreachableRegistry, []);
  });

  const failure = async (options: Partial<ReplayOptions>): Promise<KeryxError> => {
    const error = await grave.replay(options).catch((thrown: unknown) => thrown);
    if (error instanceof KeryxError) return error;
    throw new Error("It did not fail");
  };

  it("only counts unless it is told to send: by class, event and age", async () => {
    const hourMs = 3_600_000;
    const now = clock.now();
    grave.bury("a");
    grave.bury("b", { timestampMs: now - 2 * hourMs, headers: { "keryx-failure-class": "timeout" } });
    grave.bury("c", { timestampMs: now - 48 * hourMs, headers: { "keryx-event": "" } });
    grave.bury("d", { timestampMs: now - 400 * hourMs });
    const result = await grave.replay({ dryRun: true });
    expect(result).to.deep.include({ planned: 4, sent: 0, skipped: 0, rejected: 0, resumed: false });
    expect([...result.byClass]).to.deep.equal([
      ["transient", 3],
      ["timeout", 1],
    ]);
    expect([...result.byEvent]).to.deep.equal([
      ["note", 3],
      ["(none)", 1],
    ]);
    expect(result.byAge).to.deep.equal({ underHour: 1, underDay: 1, underWeek: 1, older: 1 });
    expect(result.target).to.equal("notes-retry-1");
    expect(result.ranges).to.deep.equal([{ topic: "notes-dlq", partition: 1, from: 0n, to: 4n }]);
    expect(grave.sent()).to.deep.equal([]);
    const offsets = await grave.kafka.port.admin().groupOffsets(`billing-replay-${result.replayId}`);
    expect(offsets, "a dry run leaves nothing behind").to.deep.equal([]);
  });

  it("counts names that headers invent only up to a bound", async () => {
    for (let i = 0; i < 150; i++) grave.bury("x", { headers: { "keryx-event": `__proto__${i}` } });
    const { byEvent } = await grave.replay({ dryRun: true });
    expect(byEvent.size).to.equal(101);
    expect(byEvent.get("(others)")).to.equal(50);
  });

  it("sends the untouched record to the group's first retry topic, due at once, its attempts forgotten", async () => {
    grave.bury("a", {
      headers: { "keryx-replay-count": "1", "keryx-replay-id": "old", "keryx-null-headers": "[]" },
    });
    const { replayId } = await grave.replay();
    const [sent] = grave.kafka.records("notes-retry-1", 1);
    expect(grave.sent()).to.deep.equal(["a"]);
    expect(Buffer.from(sent?.key ?? []).toString()).to.equal("k");
    expect(sent?.headers.filter(([name]) => name === "tenant")).to.deep.equal([
      header("tenant", "a"),
      header("tenant", "b"),
    ]);
    const expected: Record<string, string | undefined> = {
      "keryx-attempt-count": "0",
      "keryx-stage": "retry-1",
      "keryx-group": "billing",
      "keryx-original-topic": "notes",
      "keryx-original-offset": "41",
      "keryx-null-headers": "[]",
      "keryx-replay-id": replayId,
      "keryx-replay-count": "2",
      "keryx-replayed-from": "notes-dlq/1/0",
      "keryx-failure-reason": undefined,
      "keryx-failure-class": undefined,
      "keryx-first-attempt": undefined,
      "keryx-side": undefined,
    };
    for (const [name, text] of Object.entries(expected)) expect(textOf(sent, name), name).to.equal(text);
    expect(Number(textOf(sent, "keryx-due-at"))).to.be.at.most(clock.now());
    expect(replayId).to.match(/^[0-9a-f-]{36}$/);
  });

  it("leaves a line for each record in every run, without its payload", async () => {
    grave.bury("secret");
    const replayId = crypto.randomUUID();
    await grave.replay({ dryRun: true, replayId });
    await grave.replay({ replayId });
    const about = { replayId, from: "notes-dlq/1/0", to: "notes-retry-1" };
    const common = { topic: "notes", group: "billing", target: "notes-retry-1", resumed: false };
    expect(grave.signals).to.deep.equal([
      { kind: "replay.started", replayId, ...common, dryRun: true },
      { kind: "replay.record", ...about, dryRun: true, outcome: "planned", edited: false },
      { kind: "replay.started", replayId, ...common, dryRun: false },
      { kind: "replay.record", ...about, dryRun: false, outcome: "sent", edited: false },
    ]);
  });

  it("passes over records of other groups, other topics, producers and foreign tools", async () => {
    grave.bury("a", { headers: { "keryx-group": "shipping" } });
    grave.bury("b", { headers: { "keryx-original-topic": "others" } });
    grave.bury("c", { headers: { "keryx-side": "producer" } });
    grave.kafka.append("notes-dlq", 0, { value: "d" });
    expect(await grave.replay()).to.deep.include({ planned: 0, sent: 0, skipped: 4 });
  });

  const filters: readonly (readonly [string, Partial<ReplayOptions>, string])[] = [
    ["a key", { key: "k2" }, "b"],
    ["a key's bytes", { key: new Uint8Array([0x6b, 0x32]) }, "b"],
    ["a class", { failureClass: "timeout" }, "c"],
    ["several classes", { failureClass: ["timeout", "invalid"] }, "c d"],
    ["an event", { event: "other" }, "d"],
    ["a time and later", { fromMs: 3_000 }, "c d"],
    ["before a time", { toMs: 3_000 }, "a b"],
    [
      "all of it at once",
      { key: "k", failureClass: "transient", event: ["note"], fromMs: 1, toMs: 9_999 },
      "a",
    ],
  ];
  for (const [what, options, expected] of filters)
    it(`takes only what a filter names: ${what}`, async () => {
      grave.bury("a", { timestampMs: 1_000 });
      grave.bury("b", { timestampMs: 2_000, key: "k2" });
      grave.bury("c", { timestampMs: 3_000, headers: { "keryx-failure-class": "timeout" } });
      grave.bury("d", {
        timestampMs: 4_000,
        headers: { "keryx-failure-class": "invalid", "keryx-event": "other" },
      });
      const result = await grave.replay(options);
      expect(grave.sent().join(" ")).to.equal(expected);
      expect(result.planned + result.skipped).to.equal(4);
    });

  it("keeps to the offsets that it is given", async () => {
    for (let i = 0; i < 5; i++) grave.bury(`${i}`);
    const result = await grave.replay({ fromOffsets: { 1: 1n }, toOffsets: { 1: 3n } });
    expect(result.sent).to.equal(2);
    expect(grave.sent()).to.deep.equal(["1", "2"]);
    const beyond = { fromOffsets: { 1: -5n }, toOffsets: { 1: 999n }, dryRun: true };
    expect((await grave.replay(beyond)).planned).to.equal(5);
    expect((await grave.replay({ fromOffsets: { 1: 4n }, toOffsets: { 1: 2n } })).ranges).to.deep.equal([]);
  });

  it("keeps to the end that it found at its start, whatever is dead-lettered meanwhile", async () => {
    grave.bury("a");
    grave.kafka.faults.send = () => void grave.bury("behind");
    expect((await grave.replay()).sent).to.equal(1);
    expect(grave.sent()).to.deep.equal(["a"]);
  });

  it("finds the dead-letter topics that events declare, of the app or of the call", async () => {
    grave.kafka.createTopic("graveyard", 2);
    grave.bury("a", { topic: "graveyard" });
    const events = [noteEvent("Note", { deadLetter: "graveyard" })];
    expect((await grave.replay({ events })).sent).to.equal(1);
    expect(grave.sent()).to.deep.equal(["a"]);
  });

  it("knows the names that a group has for itself", async () => {
    for (const topic of ["notes-billing-dlq", "notes-billing-retry-1"]) grave.kafka.createTopic(topic, 2);
    grave.bury("a", { topic: "notes-billing-dlq" });
    await grave.replay({ naming: "group" });
    expect(grave.sent("notes-billing-retry-1")).to.deep.equal(["a"]);
  });

  it("refuses where the group has no retry topic that would read the records, and says what to do", async () => {
    grave.kafka.createTopic("ordered-dlq", 1);
    const error = await failure({ topic: "ordered" });
    expect(error.code).to.equal("topic_missing");
    expect(error.message).to.contain("ordered-retry-1");
    expect(error.help).to.contain("ordered event").and.to.contain("target");
  });

  it("writes to another topic only when that is allowed by name, without the headers of retry topics", async () => {
    grave.bury("a", { headers: { "keryx-null-headers": '["gone"]' } });
    const refused = await failure({ target: "notes", allowTargets: ["other"] });
    expect([refused.code, grave.sent("notes")]).to.deep.equal(["usage", []]);
    expect((await grave.replay({ target: "notes", allowTargets: ["notes"] })).sent).to.equal(1);
    const [sent] = grave.kafka.records("notes", 1);
    for (const name of ["keryx-group", "keryx-due-at", "keryx-attempt-count"])
      expect(textOf(sent, name), name).to.equal(undefined);
    expect([textOf(sent, "keryx-null-headers"), textOf(sent, "keryx-replay-count")]).to.deep.equal([
      '["gone"]',
      "1",
    ]);
  });

  it("never writes into the dead-letter topic that it reads", async () => {
    const error = await failure({ target: "notes-dlq", allowTargets: ["notes-dlq"] });
    expect([error.code, error.message.includes("dead letters themselves")]).to.deep.equal(["usage", true]);
  });

  it("sends a thousand records a second at most, or what it is told, evenly", async () => {
    for (let i = 0; i < 1_200; i++) grave.bury(`${i}`, { partition: 0 });
    let before = clock.now();
    await grave.replay();
    expect(clock.now() - before).to.be.at.least(1_150);
    expect(grave.sent()).to.have.length(1_200);
    before = clock.now();
    await grave.replay({ maxPerSecond: 10, toOffsets: { 0: 4n } });
    // A timer may be a millisecond early.
    expect(clock.now() - before).to.be.at.least(290);
  });

  it("refuses options that it cannot understand, by their path", async () => {
    for (const [path, options] of [
      ["replay.replayId", { replayId: "not-a-uuid" }],
      ["replay.maxPerSecond", { maxPerSecond: 0 }],
      ["replay.group", { group: "" }],
      ["replay.fromOffsets", { fromOffsets: { x: 1n } as never }],
    ] as const) {
      const error = await failure(options);
      expect([error.code, error.message.includes(path)], path).to.deep.equal(["config_invalid", true]);
    }
  });

  it("is refused on a client that keeps no metadata with commits, except for counting", async () => {
    const { transport } = grave.deps;
    const plain = { ...transport, capabilities: { ...transport.capabilities, commitMetadata: false } };
    Object.assign(grave.deps, { transport: plain });
    expect((await failure({})).code).to.equal("capability_missing");
    expect((await grave.replay({ dryRun: true })).planned).to.equal(0);
  });
});
