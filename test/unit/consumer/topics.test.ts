import { expect } from "chai";
import { judgeTopic, toNewTopic } from "../../../src/consumer/plan/topic-rules.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { toHandOverConfig } from "../../../src/core/hand-over-config.ts";
import type { Harness, NoteEventOptions } from "../../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

describe("The check of topics at start", () => {
  const clock = createFastClock(10);
  const dayMs = 86_400_000;
  let kafka: MemoryKafka;
  let harness: Harness | undefined;

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 3);
  });

  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });

  const start = async (event: NoteEventOptions = {}, options: object = {}): Promise<readonly string[]> => {
    const Note = noteEvent("Note", { delaysMs: [60_000], ...event });
    harness = await startHarness({ kafka, clock, on: [[Note, () => {}]], options });
    return harness.signals.flatMap((signal) => (signal.kind === "config.warning" ? signal.message : []));
  };
  const refusal = async (event: NoteEventOptions = {}, options: object = {}): Promise<KeryxError> => {
    try {
      await start(event, options);
    } catch (error) {
      return KeryxError.from(error);
    }
    throw new Error("It started");
  };

  it("refuses the start while topics are missing, naming all of them", async () => {
    const error = await refusal();
    expect(error.code).to.equal("start_refused");
    expect(error.details["reasons"]).to.have.length(2);
    expect(error.message).to.contain("notes-retry-1").and.to.contain("notes-dlq");
    expect(error.help).to.contain("createTopics");
  });

  it("creates what is missing so that the plan holds", async () => {
    await start({ delaysMs: [(5 * dayMs) / 10] }, { createTopics: true });
    const admin = kafka.port.admin();
    const [retry] = await admin.describeTopics(["notes-retry-1"]);
    const retryConfig = await admin.describeConfig("notes-retry-1");
    const deadConfig = await admin.describeConfig("notes-dlq");
    expect(retry?.partitions).to.equal(3);
    expect(retryConfig.get("retention.ms")).to.equal(String(7 * dayMs));
    expect(deadConfig.get("retention.ms")).to.equal(String(30 * dayMs));
    expect([deadConfig.get("cleanup.policy"), deadConfig.get("retention.bytes")]).to.deep.equal([
      "delete",
      "-1",
    ]);
    expect(deadConfig.get("max.message.bytes")).to.equal(String(1_048_588 + 16_384));
  });

  it("names a missing source topic by its own code, and creates it only when it may", async () => {
    const error = await refusal({ topic: "elsewhere" });
    expect([error.code, error.message.includes("elsewhere")]).to.deep.equal(["topic_missing", true]);
    await start({ topic: "elsewhere" }, { createTopics: true });
    expect(kafka.topics()).to.include("elsewhere");
  });

  const good = { "retention.ms": String(30 * dayMs), "max.message.bytes": String(1_048_588 + 16_384) };
  const rows: readonly (readonly [string, "refuse" | "warn" | "accept", object, RegExp?])[] = [
    ["topics as they should be", "accept", {}],
    [
      "a compacted retry topic",
      "refuse",
      { retry: { "cleanup.policy": "compact,delete" } },
      /notes-retry-1 is compacted/,
    ],
    [
      "a retry topic that forgets before its records are due",
      "refuse",
      { retry: { "retention.ms": "119999" } },
      /at least 120000/,
    ],
    [
      "a retry topic that keeps its records for two days",
      "warn",
      { retry: { "retention.ms": String(2 * dayMs) } },
      /time to react/,
    ],
    [
      "a dead-letter topic that forgets within a day",
      "refuse",
      { dlq: { "retention.ms": String(dayMs - 1) } },
      /notes-dlq keeps/,
    ],
    [
      "a dead-letter topic that keeps its records for a day",
      "warn",
      { dlq: { "retention.ms": String(dayMs) } },
      /notes-dlq keeps/,
    ],
    ["a dead-letter topic that never forgets", "accept", { dlq: { "retention.ms": "-1" } }],
    ["a bound by size", "warn", { dlq: { "retention.bytes": "1000" } }, /bounded by size/],
    [
      "records that leave no room for headers",
      "warn",
      { dlq: { "max.message.bytes": "1048588" } },
      /max\.message\.bytes/,
    ],
    [
      "a compacted dead-letter topic",
      "refuse",
      { dlq: { "cleanup.policy": "compact" } },
      /notes-dlq is compacted/,
    ],
    [
      "fewer in-sync replicas than the source asks for",
      "warn",
      {
        source: { "min.insync.replicas": "2" },
        retry: { "min.insync.replicas": "2" },
        dlq: { "min.insync.replicas": "1" },
      },
      /notes-dlq has min\.insync\.replicas 1, lower than the 2/,
    ],
    ["fewer partitions than the source", "warn", { partitions: 2 }, /has 2 partitions, fewer than the 3/],
  ];
  for (const [what, verdict, facts, message] of rows)
    it(`${verdict}s ${what}`, async () => {
      const {
        retry = {},
        dlq = {},
        source = {},
        partitions = 3,
      } = facts as {
        source?: Record<string, string>;
        retry?: Record<string, string>;
        dlq?: Record<string, string>;
        partitions?: number;
      };
      kafka.createTopic("notes", 3, source);
      kafka.createTopic("notes-retry-1", partitions, { ...good, ...retry });
      kafka.createTopic("notes-dlq", 3, { ...good, ...dlq });
      if (verdict === "refuse") {
        const error = await refusal();
        expect([error.code, error.message]).to.satisfy(
          ([code, text]: string[]) => code === "start_refused" && message?.test(text ?? ""),
        );
        return;
      }
      const warnings = await start();
      expect(warnings).to.have.length(verdict === "warn" ? 1 : 0);
      if (message) expect(warnings[0]).to.match(message);
    });

  it("judges replicas and partitions that a Kafka in memory does not have", () => {
    const needed = { topic: "t-dlq", source: "t", ordered: false, role: { kind: "deadLetter" } } as const;
    const facts = { topic: "t", partitions: 1, replicationFactor: 3, config: new Map() };
    expect(judgeTopic(needed, { ...facts, replicationFactor: 2 }, facts)).to.deep.equal({
      refuse: [],
      warn: ["t-dlq has 2 replicas, fewer than the 3 of t"],
    });
    expect(judgeTopic(needed, { ...facts, partitions: 0 }, facts).refuse).to.deep.equal([
      "t-dlq has no partition",
    ]);
    const { partitions, replicationFactor, config } = toNewTopic(needed, {
      ...facts,
      partitions: 5,
      config: new Map([["min.insync.replicas", "2"]]),
    });
    expect([partitions, replicationFactor, config?.["min.insync.replicas"]]).to.deep.equal([5, 3, "2"]);
  });

  it("keeps a retry topic's records for four times its delay, where that is longer than a week", () => {
    const role = { kind: "retry", delayMs: 2 * dayMs } as const;
    expect(
      toHandOverConfig(role, { maxMessageBytes: undefined, minInSync: undefined })["retention.ms"],
    ).to.equal(String(8 * dayMs));
  });

  it("refuses fewer partitions where order is declared", async () => {
    kafka.createTopic("notes-dlq", 1, good);
    const error = await refusal({ ordered: true, delaysMs: [] }, { exhausted: "deadLetter" });
    expect(error.message).to.contain("order is declared");
  });

  it("refuses declared order where nothing can keep it: without a key, and with a consumer that gives it up", async () => {
    const ordered = { ordered: true, delaysMs: [] };
    expect((await refusal({ ...ordered, withKey: false })).message).to.contain("no key to keep it by");
    expect((await refusal(ordered, { order: "none" })).message).to.contain("gives it up");
    await start({ ...ordered, withKey: false }, { order: "partition" });
    const byConsumer = { ordered: true };
    expect((await refusal({ delaysMs: [], withKey: false }, byConsumer)).message).to.contain("no key");
    expect((await refusal({ delaysMs: [] }, { ...byConsumer, order: "none" })).message).to.contain(
      "gives it up",
    );
    expect((await refusal({ delaysMs: [] }, { ...byConsumer, retryDelaysMs: [1_000] })).message).to.contain(
      "give key order up",
    );
  });

  it("refuses a plan that contradicts itself before it asks Kafka", async () => {
    const error = await refusal({ ordered: true }, { retryDelaysMs: [1_000], createTopics: true });
    expect(error.message).to.contain("declares order");
    expect((await refusal({ delaysMs: [2 * dayMs] }, { createTopics: true })).message).to.contain(
      "waits longer than a day",
    );
  });

  it("warns where the consumer's delays replace those that the schema declares", async () => {
    const warnings = await start({}, { createTopics: true, retryDelaysMs: [10, 20] });
    expect(warnings).to.deep.equal([
      "retryDelaysMs [10, 20] overrides the delays [60000] that Note declares",
    ]);
    expect(kafka.topics()).to.include("notes-retry-2");
  });

  it("tells of retired stages in which records still wait for nobody", async () => {
    kafka.createTopic("notes-retry-2", 1);
    kafka.createTopic("notes-retry-3", 1);
    for (let i = 0; i < 3; i++) kafka.append("notes-retry-2", 0, { value: "x" });
    kafka.append("notes-retry-3", 0, { value: "x" });
    kafka.setCommitted("billing-retry", "notes-retry-2", 0, 1n);
    kafka.setCommitted("billing-retry", "notes-retry-3", 0, 1n);
    const warnings = await start({}, { createTopics: true });
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain("notes-retry-2").and.to.contain("up to 2 records");
  });

  it("tells of them by name until they are drained, also those of the naming that was left", async () => {
    kafka.createTopic("notes-retry-1", 1);
    for (let i = 0; i < 2; i++) kafka.append("notes-retry-1", 0, { value: "x" });
    kafka.setCommitted("billing-retry", "notes-retry-1", 0, 0n);
    const options = { createTopics: true, naming: "group" };
    const [warning] = await start({}, options);
    expect(warning).to.contain("notes-retry-1").and.to.contain("up to 2 records");
    await harness?.close();
    kafka.setCommitted("billing-retry", "notes-retry-1", 0, 2n);
    expect(await start({}, options)).to.deep.equal([]);
  });

  it("asks for no topic beyond the plan, and starts although nobody can say what is retired", async () => {
    const asked: string[] = [];
    kafka.faults.describe = (names) => void asked.push(...names);
    kafka.faults.groupOffsets = () => new KeryxError("not_authorized", "no right to read the group");
    await start({}, { createTopics: true });
    expect(asked).to.have.members(["notes", "notes-retry-1", "notes-dlq"]);
  });
});
