import { expect } from "chai";
import { createRandom } from "../../src/core/random.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import type { DedupeStore } from "../../src/stores/port.ts";
import { createFastClock, noteEvent, startHarness } from "../support/consumer-harness.ts";
import { chooseSeed } from "../support/effects/random.ts";
import { createMemoryKafka } from "../support/memory-kafka.ts";

// Fewer or more from the environment.
const records = Number(process.env["KERYX_TEST_LEASES"] ?? 100_000);

describe("Leases that run out while they are asked for", function () {
  this.timeout(600_000);

  it("drop no record and let none run twice", async () => {
    const seed = chooseSeed();
    const random = createRandom(seed);
    const clock = createFastClock(1);
    const kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 4);
    const { store, met } = createRacingStore(
      createMemoryStore(clock, { maxEntries: 4 * records }),
      clock,
      random,
    );
    const handled = new Map<string, number>();
    let repeats = 0;
    const Written = noteEvent("Written", { withId: true });
    const harness = await startHarness({
      ...{ kafka, clock, store, isQuiet: true },
      options: { createTopics: true, concurrency: 64 },
      on: [
        [
          Written,
          ({ text }) => {
            if (handled.has(text)) repeats++;
            handled.set(text, (handled.get(text) ?? 0) + 1);
          },
        ],
      ],
    });
    try {
      for (let index = 0; index < records; index++)
        kafka.append("notes", index % 4, { key: `k${index % 997}`, value: `Written|m${index}:` });
      let before = -1;
      for (let waits = 0; handled.size < records && waits < 20; waits++) {
        if (handled.size > before) waits = 0;
        before = handled.size;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      expect(handled.size, `records handled, KERYX_TEST_SEED=${seed}`).to.equal(records);
      expect(repeats, `records handled twice, KERYX_TEST_SEED=${seed}`).to.equal(0);
      expect(met()).to.be.greaterThan(records / 3);
    } finally {
      await harness.close();
    }
  });
});

/** Half of the keys are held by somebody who died, for a few milliseconds more; what it says of them may be over already. */
function createRacingStore(
  base: DedupeStore,
  clock: { now(): number },
  random: () => number,
): { readonly store: DedupeStore; readonly met: () => number } {
  const seen = new Set<string>();
  let met = 0;
  const store: DedupeStore = {
    ...base,
    claim(key, owner, leaseMs) {
      if (!seen.has(key)) {
        seen.add(key);
        if (random() < 0.5) void base.claim(key, "dead", Math.floor(random() * 4));
      }
      const found = base.claim(key, owner, leaseMs);
      if (typeof found !== "object") return found;
      met++;
      const hasEnded = random() < 0.5;
      return hasEnded ? { busyUntil: clock.now() } : found;
    },
  };
  return { store, met: () => met };
}
