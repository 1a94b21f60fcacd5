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
          return "won";
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
});
