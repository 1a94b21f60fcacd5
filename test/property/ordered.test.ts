import { expect } from "chai";
import fc from "fast-check";
import { createRandom } from "../../src/core/random.ts";
import { createFastClock, noteEvent, startHarness, until } from "../support/consumer-harness.ts";
import { createMemoryKafka } from "../support/memory-kafka.ts";

interface Run {
  readonly seed: number;
  readonly records: number;
  readonly keys: number;
  readonly partitions: number;
  readonly concurrency: number;
  readonly order: "key" | "partition";
  /** Who declares order. */
  readonly declares: "event" | "consumer";
  readonly rebalances: readonly { readonly afterMs: number; readonly isLost: boolean }[];
}

const runs: fc.Arbitrary<Run> = fc.record({
  seed: fc.nat(),
  records: fc.integer({ min: 1, max: 400 }),
  keys: fc.integer({ min: 1, max: 40 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  concurrency: fc.integer({ min: 1, max: 64 }),
  order: fc.constantFrom("key", "partition"),
  declares: fc.constantFrom("event", "consumer"),
  rebalances: fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 12 }), isLost: fc.boolean() }), {
    maxLength: 4,
  }),
});

describe("Declared order", () => {
  it("is that of the successful effects of each key, while one pass in twenty fails and partitions move", async function () {
    this.timeout(600_000);
    await fc.assert(fc.asyncProperty(runs, check), { numRuns: 60, interruptAfterTimeLimit: 40_000 });
  });
});

async function check(run: Run): Promise<void> {
  const { keys, partitions, concurrency, order } = run;
  const clock = createFastClock(50);
  const kafka = createMemoryKafka(clock.now);
  kafka.createTopic("notes", partitions);
  const random = createRandom(run.seed);
  const started = new Set<string>();
  const beside: string[] = [];
  const effects = new Map<string, number[]>();
  let failures = 0;
  const event = noteEvent("Note", {
    ordered: run.declares === "event",
    delaysMs: run.declares === "event" ? [] : [1_000],
  });
  const harness = await startHarness({
    kafka,
    clock,
    options: {
      order,
      concurrency,
      ordered: run.declares === "consumer",
      here: { baseMs: 5, maxMs: 40 },
      drainTimeoutMs: 1_000,
    },
    on: [
      [
        event,
        async ({ text }, { key, partition, signal }) => {
          const lane = order === "key" ? `${partition}/${key}` : `${partition}`;
          if (started.has(lane)) beside.push(`${lane} at ${text}`);
          started.add(lane);
          signal.addEventListener("abort", () => started.delete(lane));
          try {
            if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
            if (random() < 0.05) {
              failures++;
              throw new Error("passing");
            }
            effects.set(lane, [...(effects.get(lane) ?? []), Number(text)]);
          } finally {
            started.delete(lane);
          }
        },
      ],
    ],
  });
  for (let sequence = 0; sequence < run.records; sequence++) {
    const key = Math.floor(random() * keys);
    kafka.append("notes", key % partitions, { key: `k${key}`, value: `Note|${sequence}` });
  }
  for (const { afterMs, isLost } of run.rebalances) {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await kafka.rebalance("billing", { lost: isLost });
  }
  const isThrough = (): boolean =>
    Array.from({ length: partitions }, (_, partition) => {
      const last = kafka.records("notes", partition).at(-1);
      return !last || kafka.committed("billing", "notes", partition) === last.offset + 1n;
    }).every(Boolean);
  await until("everything is committed", isThrough, 15_000);
  await harness.close();
  for (const [lane, sequences] of effects) {
    // Where an assignment is lost its records come again, from an earlier one on.
    const first = [...new Set(sequences)];
    expect(first, `effects of ${lane}`).to.deep.equal(first.toSorted((a, b) => a - b));
    if (!run.rebalances.some(({ isLost }) => isLost)) expect(first).to.deep.equal(sequences);
  }
  expect(beside, "handlers of a lane beside each other").to.deep.equal([]);
  const seen = [...effects.values()].flat();
  expect(new Set(seen).size).to.equal(run.records);
  expect(harness.outcomes().filter((one) => one === "retried").length).to.be.at.most(failures);
  expect(kafka.topics()).to.deep.equal(["notes"]);
}
