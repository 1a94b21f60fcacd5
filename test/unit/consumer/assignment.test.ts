import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { Delivery } from "../../../src/core/handler.ts";
import type { Harness, Note } from "../../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

describe("The assignments of a consumer", () => {
  const clock = createFastClock(10);
  let kafka: MemoryKafka;
  let harness: Harness | undefined;

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 1);
  });

  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });

  const Written = noteEvent("Written");
  const start = async (
    handler: (event: Note, delivery: Delivery<Note>) => unknown,
    options: Parameters<typeof startHarness>[0]["options"] = {},
  ): Promise<Harness> => {
    harness = await startHarness({
      kafka,
      clock,
      on: [[Written, handler as never]],
      options: { createTopics: true, ...options },
    });
    return harness;
  };
  const send = (key: string, text: string): bigint =>
    kafka.append("notes", 0, { key, value: `Written|${text}` });
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  it("lets running handlers finish before a partition goes, so that nothing is handled twice", async () => {
    const seen: string[] = [];
    await start(async (event) => {
      await pause(20);
      seen.push(event.text);
    });
    for (let i = 0; i < 3; i++) send(`k${i}`, `${i}`);
    await until(
      "running",
      () => (harness?.signals.filter(({ kind }) => kind === "record.received").length ?? 0) === 3,
    );
    await kafka.rebalance("billing");
    send("k4", "3");
    await until("all done", () => seen.length >= 4);
    await pause(50);
    expect(seen.toSorted()).to.deep.equal(["0", "1", "2", "3"]);
  });

  it("calls off a handler that outlives the drain, and gives its record to the next assignment", async () => {
    let aborted = 0;
    let runs = 0;
    await start(
      (_, { signal }) =>
        new Promise<void>((resolve, reject) => {
          if (++runs > 1) return resolve();
          signal.addEventListener("abort", () => {
            aborted++;
            reject(signal.reason);
          });
        }),
      { drainTimeoutMs: 200 },
    );
    send("k", "a");
    await until("running", () => runs === 1);
    await kafka.rebalance("billing");
    await until("committed", () => kafka.committed("billing", "notes", 0) === 1n);
    expect(aborted).to.equal(1);
    expect(runs).to.equal(2);
    expect(harness?.outcomes()).to.deep.equal(["abandoned", "processed"]);
    expect(kafka.records("notes-dlq")).to.have.length(0);
  });

  it("drops what a handler completes after its epoch is over, and commits nothing for it", async () => {
    let finish = (): void => {};
    let runs = 0;
    await start(
      () => {
        if (++runs > 1) return undefined;
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
      { dedupe: "off" },
    );
    send("k", "a");
    await until("running", () => runs === 1);
    await kafka.rebalance("billing", { lost: true });
    finish();
    await until("dropped", () => harness?.signals.some((one) => one.kind === "offsets.dropped") ?? false);
    await until("handled anew", () => kafka.committed("billing", "notes", 0) === 1n);
    const epochs = new Set(kafka.commits.map(({ epoch }) => epoch));
    expect(epochs.size).to.equal(1);
    expect(runs).to.equal(2);
  });

  it("tries a failed commit again from the watermark of that moment", async () => {
    let failures = 3;
    kafka.faults.commit = () => (failures-- > 0 ? new KeryxError("kafka_unavailable", "not now") : undefined);
    const running = await start(() => {});
    send("k", "a");
    await until("first failure", () => running.signals.some(({ kind }) => kind === "offsets.commit_failed"));
    send("k", "b");
    await until("committed", () => kafka.committed("billing", "notes", 0) === 2n);
    expect(running.signals.filter(({ kind }) => kind === "offsets.commit_failed")).to.have.length(3);
  });

  it("ends an assignment that a commit finds fenced, without a further commit", async () => {
    kafka.faults.commit = () => new KeryxError("fenced", "another member owns it");
    const running = await start(() => {});
    send("k", "a");
    await until("ended", () => running.signals.some((one) => one.kind === "partition.revoked" && one.lost));
    expect(kafka.commits).to.deep.equal([]);
    kafka.faults.commit = undefined;
  });

  it("commits after 500 completions without waiting for the clock", async () => {
    const slow = createMemoryKafka();
    slow.createTopic("notes", 1);
    harness = await startHarness({
      kafka: slow,
      clock: { now: Date.now, schedule: () => () => {} },
      on: [[Written, () => {}]],
      options: { createTopics: true, dedupe: "off" },
    });
    for (let i = 0; i < 600; i++) slow.append("notes", 0, { key: `k${i}`, value: "Written|x" });
    await until("committed", () => (slow.committed("billing", "notes", 0) ?? 0n) >= 500n);
    harness = undefined;
  });

  it("closes without a duplicate: what ran is committed, what did not start is left", async () => {
    const seen: string[] = [];
    const first = await start(
      async (event) => {
        await pause(10);
        seen.push(event.text);
      },
      { concurrency: 2 },
    );
    for (let i = 0; i < 20; i++) send(`k${i}`, `${i}`);
    await until("some done", () => seen.length >= 4);
    await first.close();
    const byFirst = seen.length;
    expect(byFirst).to.be.below(20);
    await first.close();
    await start(async (event) => void seen.push(event.text));
    await until("all done", () => seen.length >= 20);
    await pause(30);
    expect(seen.length).to.equal(20);
    expect(new Set(seen).size).to.equal(20);
  });

  it("cancels waits at close and leaves their records uncommitted", async () => {
    const Ordered = noteEvent("Written", { ordered: true });
    const running = await startHarness({
      kafka,
      clock,
      on: [
        [
          Ordered,
          () => {
            throw new Error("no");
          },
        ],
      ],
      options: { here: { tries: 5, baseMs: 60_000, maxMs: 60_000, jitter: "none" } },
    });
    send("k", "a");
    await until("waiting", () => running.outcomes().includes("retried"));
    await running.close();
    expect(kafka.committed("billing", "notes", 0)).to.equal(undefined);
  });

  it("deals partitions to a second member without losing or repeating a record", async () => {
    kafka.createTopic("notes", 4);
    const seen: string[] = [];
    const handler = async (event: Note): Promise<void> => {
      await pause(1);
      seen.push(event.text);
    };
    await start(handler);
    for (let i = 0; i < 200; i++) kafka.append("notes", i % 4, { key: `k${i % 13}`, value: `Written|${i}` });
    await until("some done", () => seen.length > 20);
    const second = await startHarness({
      kafka,
      clock,
      on: [[Written, handler]],
      options: { createTopics: true },
    });
    await until("all done", () => seen.length >= 200);
    await second.close();
    await pause(30);
    expect(seen.length).to.equal(200);
    expect(new Set(seen).size).to.equal(200);
  });
});
