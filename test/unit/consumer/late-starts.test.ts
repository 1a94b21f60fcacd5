import { expect } from "chai";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { DedupeStore } from "../../../src/stores/port.ts";
import type { Harness, Note } from "../../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import { settle } from "../../support/manual-clock.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

describe("A record whose handler has not begun", () => {
  const clock = createFastClock(20);
  const Written = noteEvent("Written");
  let kafka: MemoryKafka;
  let harness: Harness | undefined;
  let seen: string[];

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 1);
    seen = [];
  });

  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });

  const append = (...texts: readonly string[]): void => {
    for (const text of texts) kafka.append("notes", 0, { key: text, value: `Written|${text}` });
  };
  const pass = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await settle();
  };

  for (const lost of [false, true])
    it(`is left to the next owner when its partition is ${lost ? "lost" : "taken away"} while the store is asked`, async () => {
      let asked = 0;
      let answer = (): void => {};
      const answered = new Promise<void>((resolve) => {
        answer = resolve;
      });
      // As from two processes: nobody knows what the other one claimed. Only the first question waits.
      const store: DedupeStore = {
        ...createMemoryStore(clock),
        claim: async () => {
          if (asked++ === 0) await answered;
          return "won" as const;
        },
      };
      harness = await startHarness({
        ...{ kafka, clock, store },
        options: { createTopics: true, drainTimeoutMs: 20, commitTimeoutMs: 100 },
        on: [[Written, ({ text }: Note) => void seen.push(text)]],
      });
      append("a", "b");
      await until("the store is asked", () => asked >= 1);
      await kafka.rebalance("billing", { lost });
      await until("all done", () => kafka.committed("billing", "notes", 0) === 2n);
      seen = [];
      answer();
      await pass();
      expect(seen).to.deep.equal([]);
      expect(harness.outcomes().at(-1)).to.equal("abandoned");
    });

  it("does not begin in an assignment that comes while its consumer closes", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    harness = await startHarness({
      ...{ kafka, clock },
      options: { createTopics: true, drainTimeoutMs: 20, commitTimeoutMs: 100, closeTimeoutMs: 60_000 },
      on: [
        [
          Written,
          ({ text }: Note) => {
            seen.push(text);
            return held;
          },
        ],
      ],
    });
    append("a");
    await until("it runs", () => seen.length === 1);
    const closing = harness.close();
    await kafka.rebalance("billing");
    append("b");
    await pass();
    release();
    await closing;
    expect(seen).to.deep.equal(["a"]);
  });

  it("does not begin while its consumer is paused, although a probe may find that the registry is back", async () => {
    harness = await startHarness({
      ...{ kafka, clock },
      options: { createTopics: true },
      on: [[Written, ({ text }: Note) => void seen.push(text)]],
    });
    harness.registry.isDown = true;
    append("a");
    await until("held", () => harness?.outcomes().includes("held") ?? false);
    harness.running.pause();
    harness.registry.isDown = false;
    const before = clock.now();
    await until("it would have been tried", () => clock.now() - before > 8_000);
    expect(seen).to.deep.equal([]);
    harness.running.resume();
    await until("it ran", () => seen.length === 1);
  });

  it("does not begin in a batch that was still gathered when its consumer was paused", async () => {
    harness = await startHarness({
      ...{ kafka, clock },
      options: { createTopics: true },
      onBatch: [
        [Written, (batch) => void seen.push(...batch.map(({ value }) => value.text)), { maxWaitMs: 1_000 }],
      ],
    });
    append("a");
    await until(
      "it is gathered",
      () => harness?.signals.some(({ kind }) => kind === "record.received") ?? false,
    );
    harness.running.pause();
    append("b");
    const before = clock.now();
    await until("it has waited", () => clock.now() - before > 4_000);
    expect(seen).to.deep.equal([]);
    harness.running.resume();
    await until("both ran", () => seen.length === 2);
    await until("committed", () => kafka.committed("billing", "notes", 0) === 2n);
    expect(seen).to.deep.equal(["a", "b"]);
  });

  it("waits for no handler of the record that found the registry back", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    harness = await startHarness({
      ...{ kafka, clock },
      options: { createTopics: true, handlerTimeoutMs: 86_000_000 },
      on: [
        [
          Written,
          ({ text }: Note) => {
            seen.push(text);
            return text === "a" ? held : undefined;
          },
        ],
      ],
    });
    harness.registry.isDown = true;
    append("a", "b");
    await until("held", () => (harness?.outcomes().filter((one) => one === "held").length ?? 0) >= 2);
    harness.registry.isDown = false;
    await until("the other one ran", () => seen.includes("b")).finally(release);
  });
});
