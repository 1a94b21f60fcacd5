import { expect } from "chai";
import { encodeOffsetMap } from "../../../src/consumer/offset-map.ts";
import type { ConsumerOptions } from "../../../src/core/app.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import type { Delivery } from "../../../src/core/handler.ts";
import type { MapFault } from "../../../src/core/signals.ts";
import type { Harness, Note } from "../../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

const Written = noteEvent("Written");

describe("A consumer whose commits tell what is done above them", () => {
  const clock = createFastClock(20);
  let kafka: MemoryKafka;
  let open: Harness[] = [];
  let release = (): void => {};
  let stuck = new Promise<void>(() => {});

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 1);
    kafka.maxFetch = 2_000;
    open = [];
    stuck = new Promise((resolve) => {
      release = resolve;
    });
  });

  afterEach(async () => {
    kafka.faults.commit = undefined;
    release();
    await Promise.all(open.map((harness) => harness.close()));
  });

  const start = async (
    handler: (event: Note, delivery: Delivery<Note>) => unknown,
    options: Partial<ConsumerOptions> = {},
  ): Promise<Harness> => {
    const harness = await startHarness({
      kafka,
      clock,
      on: [[Written, handler as never]],
      options: { createTopics: true, dedupe: "off", drainTimeoutMs: 200, ...options },
    });
    open.push(harness);
    return harness;
  };
  const send = (text: string, gap = 0n): bigint =>
    kafka.append("notes", 0, { key: text, value: `Written|${text}`, gap });
  const committed = (): bigint | undefined => kafka.committed("billing", "notes", 0);
  const metadata = (): string => kafka.metadata("billing", "notes", 0);
  /** Ends as a killed process does: nothing is committed, and what it still does is not heard. */
  const crash = (): Promise<void> => kafka.rebalance("billing", { lost: true });
  const dropped = (harness: Harness): MapFault[] =>
    harness.signals.flatMap((signal) => (signal.kind === "offsets.map_dropped" ? signal.why : []));
  const isWindowClosed = (): boolean =>
    kafka.paused("billing").includes("notes/0") &&
    (open[0]?.signals.some((signal) => signal.kind === "partition.paused" && signal.cause === "window") ??
      false);

  it("repeats a handful behind one stuck record after a crash, with fifty thousand done", async function () {
    this.timeout(30_000);
    const runs = new Map<string, number>();
    const harness = await start(async ({ text }) => {
      runs.set(text, (runs.get(text) ?? 0) + 1);
      if (text === "stuck") await stuck;
    });
    send("stuck");
    for (let i = 0; i < 50_000; i++) send(`${i}`);
    await until("all others are done", () => runs.size === 50_001, 20_000);
    await until("their commit", () => metadata() === encodeOffsetMap({ base: 0n, runs: [1, 50_000] }));
    expect(committed()).to.equal(0n);
    await crash();
    send("next");
    await until("the next record", () => runs.has("next"));
    expect([...runs].filter(([, count]) => count > 1)).to.deep.equal([["stuck", 2]]);
    expect(harness.outcomes().filter((outcome) => outcome === "deduped")).to.have.length(50_000);
    release();
    await until("everything is committed", () => committed() === 50_002n && metadata() === "");
  });

  it("keeps what was done before over further crashes, long before it has read so far again", async () => {
    const runs: string[] = [];
    kafka.maxFetch = 3;
    const first = encodeOffsetMap({ base: 0n, runs: [1, 900, 1, 98] });
    kafka.setCommitted("billing", "notes", 0, 0n, first);
    for (let i = 0; i < 1_000; i++) send(`${i}`);
    await start(async ({ text }) => {
      runs.push(text);
      await stuck;
    });
    for (let i = 0; i < 3; i++) {
      await until("a few are read", () => runs.length > i);
      await crash();
      expect(metadata()).to.equal(first);
    }
    await until("both that were not done run", () => runs.slice(3).includes("901"));
    expect(new Set(runs)).to.deep.equal(new Set(["0", "901"]));
    release();
    await until("everything is committed", () => committed() === 1_000n);
    expect(new Set(runs)).to.deep.equal(new Set(["0", "901"]));
  });

  const unusable: readonly (readonly [MapFault, string])[] = [
    ["foreign", "a note of another program"],
    ["newer", "kx9.AAAA"],
    ["corrupt", `${encodeOffsetMap({ base: 5n, runs: [1, 3] }).slice(0, -1)}_`],
    ["misaligned", encodeOffsetMap({ base: 4n, runs: [1, 3] })],
    ["other-log", encodeOffsetMap({ base: 5n, runs: [1, 9] })],
  ];
  for (const [why, text] of unusable)
    it(`warns and handles everything again where the metadata is ${why}, and replaces it`, async () => {
      const seen: string[] = [];
      for (let i = 0; i < 10; i++) send(`${i}`);
      kafka.setCommitted("billing", "notes", 0, 5n, text);
      const harness = await start(async (event) => void seen.push(event.text));
      await until("everything is committed", () => committed() === 10n && metadata() === "");
      expect(seen).to.deep.equal(["5", "6", "7", "8", "9"]);
      expect(dropped(harness)).to.deep.equal([why]);
    });

  it("takes a map of a log that has ended before it off the broker at once, not only when the offset moves", async () => {
    // So many that some wait behind those that are stuck: nothing else calls for a commit.
    for (let i = 0; i < 600; i++) send(`${i}`);
    kafka.setCommitted("billing", "notes", 0, 5n, encodeOffsetMap({ base: 5n, runs: [1, 900] }));
    await start(() => stuck);
    await until("it is gone", () => metadata() === "");
    expect(committed()).to.equal(5n);
  });

  it("admits nothing new with a map near its limit, finishes what it has, and goes on when the map shrinks", async () => {
    // Of ten records nine are stuck, each far behind the one before it: no map of them is short.
    const gates: (() => void)[] = [];
    const started: string[] = [];
    await start(
      async ({ text }) => {
        started.push(text);
        if (Number(text) % 10 !== 9) await new Promise<void>((resolve) => gates.push(resolve));
      },
      { concurrency: 1_000 },
    );
    for (let i = 0; i < 1_500; i++) send(`${i}`, 20_000n);
    await until("the window closes", isWindowClosed);
    const counted = (): number =>
      open[0]?.signals.filter(({ kind }) => kind === "record.received").length ?? 0;
    await until("what was admitted runs", () => started.length > 500 && counted() === started.length);
    const admitted = started.length;
    expect(admitted).to.be.below(1_000);
    await until("a commit tells of it", () => metadata().length > 2_000);
    for (const commit of kafka.commits) expect(commit.metadata).to.have.length.of.at.most(4_096);
    for (const one of gates.splice(0, 400)) one();
    await until("new ones are admitted", () => started.length > admitted);
    const opener = setInterval(() => {
      for (const one of gates.splice(0)) one();
    }, 1);
    const end = kafka.records("notes").at(-1)?.offset ?? 0n;
    await until("everything is committed", () => committed() === end + 1n);
    clearInterval(opener);
    expect(started).to.have.length(1_500);
  });

  it("commits the plain offset where the map does not fit, and never fails for it", async () => {
    const limit = 512;
    kafka.faults.commit = (_, offsets) =>
      offsets.some((offset) => (offset.metadata?.length ?? 0) > limit)
        ? new KeryxError("kafka_error", "too large", { details: { kafkaCode: 12 } })
        : undefined;
    const gates: (() => void)[] = [];
    let done = 0;
    const harness = await start(
      async ({ text }) => {
        if (Number(text) % 2 === 0) await new Promise<void>((resolve) => gates.push(resolve));
        done++;
      },
      { concurrency: 1_000 },
    );
    for (let i = 0; i < 800; i++) send(`${i}`, 300n);
    await until("refused", () => dropped(harness).includes("too-large"));
    const opener = setInterval(() => {
      for (const one of gates.splice(0)) one();
    }, 1);
    const end = kafka.records("notes").at(-1)?.offset ?? 0n;
    await until("everything is committed", () => committed() === end + 1n);
    clearInterval(opener);
    expect(done).to.equal(800);
    expect(harness.signals.filter(({ kind }) => kind === "offsets.commit_failed")).to.deep.equal([]);
  });

  it("keeps a partition's map where that of another one is what the broker refuses", async () => {
    kafka.createTopic("notes", 2);
    const limit = 1_500;
    kafka.faults.commit = (_, offsets) =>
      offsets.some((offset) => (offset.metadata?.length ?? 0) > limit)
        ? new KeryxError("kafka_error", "too large", { details: { kafkaCode: 12 } })
        : undefined;
    const started = new Set<string>();
    const harness = await start(
      async ({ text }) => {
        started.add(text);
        if (!text.startsWith("done")) await stuck;
      },
      { concurrency: 1_000 },
    );
    for (let i = 0; i < 500; i++) send(i % 10 === 9 ? `done ${i}` : `${i}`, 20_000n);
    kafka.append("notes", 1, { key: "a", value: "Written|a" });
    kafka.append("notes", 1, { key: "b", value: "Written|done b" });
    await until("one is refused", () => dropped(harness).includes("too-large"));
    expect(dropped(harness)).to.have.length(1);
    kafka.append("notes", 1, { key: "c", value: "Written|done c" });
    const whole = encodeOffsetMap({ base: 0n, runs: [1, 2] });
    await until("the other is kept", () => kafka.metadata("billing", "notes", 1) === whole);
  });

  it("writes and reads no map where it is switched off", async () => {
    const seen: string[] = [];
    kafka.setCommitted("billing", "notes", 0, 0n, encodeOffsetMap({ base: 0n, runs: [1, 2] }));
    for (let i = 0; i < 3; i++) send(`${i}`);
    await start(
      async ({ text }) => {
        seen.push(text);
        if (text === "0") await stuck;
      },
      { offsetMapMaxBytes: 0 },
    );
    await until("all ran", () => seen.length === 3);
    release();
    await until("committed", () => committed() === 3n);
    expect(kafka.commits.map((commit) => commit.metadata)).to.deep.equal([""]);
  });
});
