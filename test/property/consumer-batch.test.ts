import { expect } from "chai";
import fc from "fast-check";
import { BatchFailure } from "../../src/core/batch.ts";
import type { Signal } from "../../src/core/signals.ts";
import type { Note } from "../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, textOf, until } from "../support/consumer-harness.ts";
import type { MemoryKafka } from "../support/memory-kafka.ts";
import { createMemoryKafka } from "../support/memory-kafka.ts";

interface Plan {
  readonly seed: number;
  /** How often each record fails; -1: its bytes are no event. */
  readonly fails: readonly number[];
  /** The handler says which record failed. */
  readonly isNamed: boolean;
  readonly isOrdered: boolean;
  readonly partitions: number;
  readonly maxRecords: number;
  readonly rebalances: readonly number[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.nat(),
  fails: fc.array(fc.constantFrom(0, 0, 0, 0, 0, 1, 2, 3, -1), { minLength: 1, maxLength: 60 }),
  isNamed: fc.boolean(),
  isOrdered: fc.boolean(),
  partitions: fc.integer({ min: 1, max: 3 }),
  maxRecords: fc.integer({ min: 1, max: 20 }),
  rebalances: fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 3 }),
});

const attempts = 3;

describe("Batches under random failures and rebalances", () => {
  it("end each record once, done or handed over, after exactly its attempts", async function () {
    this.timeout(600_000);
    await fc.assert(fc.asyncProperty(plans, check), { numRuns: 80, interruptAfterTimeLimit: 40_000 });
  });
});

async function check(plan: Plan): Promise<void> {
  const clock = createFastClock(50);
  const kafka = createMemoryKafka(clock.now);
  kafka.maxFetch = 1 + (plan.seed % 40);
  kafka.createTopic("notes", plan.partitions);
  const harness = await startHarness({
    kafka,
    clock,
    isAsync: plan.seed % 2 === 0,
    options: {
      createTopics: true,
      here: { baseMs: 1, maxMs: 5, ...(plan.isOrdered ? { tries: attempts } : {}) },
      concurrency: 1 + (plan.seed % 3),
      ...(plan.isOrdered ? { exhausted: "discard" } : {}),
    },
    onBatch: [
      [
        noteEvent("Note", { ordered: plan.isOrdered, delaysMs: plan.isOrdered ? [] : [10, 10] }),
        async (items) => {
          await new Promise((resolve) => setImmediate(resolve));
          const index = items.findIndex(({ value, delivery }) => delivery.attempt <= failsOf(value));
          if (index < 0) return;
          throw plan.isNamed ? new BatchFailure(index, new Error("named")) : new Error("one of them");
        },
        { maxRecords: plan.maxRecords, maxWaitMs: 20 },
      ],
    ],
  });
  const sent = plan.fails.map((fails, sequence) => {
    const value = fails < 0 ? `#${sequence}` : `Note|${fails}#${sequence}`;
    const partition = sequence % plan.partitions;
    return { fails, value, place: `${partition}/${kafka.append("notes", partition, { key: "k", value })}` };
  });
  // Tries in place live in memory: with the assignment they are forgotten.
  for (const afterMs of plan.isOrdered ? [] : plan.rebalances) {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await kafka.rebalance("billing");
  }
  await until("everything is committed", () => isCommitted(kafka, plan), 15_000);
  await harness.close();
  const ends = endsOf(harness.signals);
  for (const { fails, place } of sent) {
    const tries = fails < 0 ? 1 : Math.min(fails + 1, attempts);
    const isDone = fails >= 0 && fails < attempts;
    const end = isDone ? "processed" : plan.isOrdered ? "discarded" : "dead_lettered";
    const expected = Array.from({ length: tries }, (_, i) => `${i + 1} ${i + 1 < tries ? "retried" : end}`);
    expect(ends.get(place), `${place} of ${fails}`).to.deep.equal(expected);
  }
  const letters = kafka
    .records("notes-dlq")
    .filter((one) => textOf(one, "keryx-failure-class") === "transient");
  for (const letter of letters) expect(textOf(letter, "keryx-attempt-count")).to.equal(String(attempts));
  expect(harness.signals.filter(({ kind }) => kind === "internal.error")).to.deep.equal([]);
}

const failsOf = ({ text }: Note): number => Number(text.split("#")[0]);

function isCommitted(kafka: MemoryKafka, { partitions }: Plan): boolean {
  return Array.from({ length: partitions }, (_, partition) =>
    ["notes", "notes-retry-1", "notes-retry-2"].every((topic) => {
      if (!kafka.topics().includes(topic)) return true;
      const last = kafka.records(topic, partition).at(-1);
      const group = topic === "notes" ? "billing" : "billing-retry";
      return !last || kafka.committed(group, topic, partition) === last.offset + 1n;
    }),
  ).every(Boolean);
}

/** How the passes over each record ended, by where it was first read. Left out: what was given back, or known to be done. */
function endsOf(signals: readonly Signal[]): Map<string, string[]> {
  const ends = new Map<string, string[]>();
  for (const signal of signals) {
    if (signal.kind !== "record.handled" || ["abandoned", "held", "deduped"].includes(signal.outcome))
      continue;
    const id = signal.record.messageId ?? "";
    const [, ...place] = id.split("/");
    const { partition, offset, attempt } = signal.record;
    const key = id === "" ? `${partition}/${offset}` : place.join("/");
    ends.set(key, [...(ends.get(key) ?? []), `${attempt} ${signal.outcome}`]);
  }
  return ends;
}
