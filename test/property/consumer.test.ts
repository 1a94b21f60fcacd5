import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../src/core/errors.ts";
import type { Harness } from "../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, until } from "../support/consumer-harness.ts";
import { createMemoryKafka } from "../support/memory-kafka.ts";

interface Plan {
  readonly seed: number;
  readonly records: readonly {
    readonly key: number;
    readonly kind: "ok" | "slow" | "flaky" | "bad" | "hopeless";
    readonly gap: number;
  }[];
  readonly partitions: number;
  readonly isOrdered: boolean;
  readonly isAsync: boolean;
  readonly disturbances: readonly {
    readonly afterMs: number;
    readonly what: "rebalance" | "lost" | "sink" | "commit" | "registry";
  }[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.nat(),
  records: fc.array(
    fc.record({
      key: fc.nat(6),
      kind: fc.constantFrom("ok", "ok", "ok", "slow", "flaky", "bad", "hopeless"),
      gap: fc.constantFrom(0, 0, 0, 1, 40),
    }),
    { minLength: 1, maxLength: 120 },
  ),
  partitions: fc.integer({ min: 1, max: 3 }),
  isOrdered: fc.boolean(),
  isAsync: fc.boolean(),
  disturbances: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 15 }),
      what: fc.constantFrom("rebalance", "lost", "sink", "commit", "registry"),
    }),
    { maxLength: 5 },
  ),
});

describe("The consumer under random failures and rebalances", () => {
  it("loses nothing, invents nothing, keeps order per key, and commits only what is complete", async function () {
    this.timeout(600_000);
    await fc.assert(fc.asyncProperty(plans, check), { numRuns: 60, interruptAfterTimeLimit: 90_000 });
  });
});

interface Effect {
  readonly key: string;
  readonly sequence: number;
}

async function check(plan: Plan): Promise<void> {
  const clock = createFastClock(50);
  const kafka = createMemoryKafka(clock.now);
  kafka.maxFetch = 1 + (plan.seed % 60);
  kafka.createTopic("notes", plan.partitions);
  // Where order is declared, what cannot succeed is discarded by choice: else its partition would stand still.
  const event = noteEvent("Note", { ordered: plan.isOrdered, delaysMs: plan.isOrdered ? [] : [20, 20] });
  const failed = new Set<string>();
  const effects: Effect[] = [];
  const harness = await startHarness({
    kafka,
    clock,
    isAsync: plan.isAsync,
    options: {
      createTopics: true,
      here: { baseMs: 1, maxMs: 5 },
      drainTimeoutMs: 1_000,
      concurrency: 1 + (plan.seed % 8),
      ...(plan.isOrdered ? { exhausted: "discard" } : {}),
    },
    on: [
      [
        event,
        async ({ text }, { key }) => {
          const [kind = "", sequence = ""] = text.split("#");
          if (kind === "slow") await new Promise((resolve) => setTimeout(resolve, 2));
          if (kind === "hopeless") throw new KeryxError("encode_failed", "never");
          if (kind === "flaky" && !failed.has(sequence)) {
            failed.add(sequence);
            throw new Error("once");
          }
          effects.push({ key: key ?? "", sequence: Number(sequence) });
        },
      ],
    ],
  });
  const sent = plan.records.map(({ key, kind, gap }, sequence) => {
    const partition = key % plan.partitions;
    const value = kind === "bad" ? `#${sequence}` : `Note|${kind}#${sequence}`;
    const offset = kafka.append("notes", partition, { key: `k${key}`, value, gap: BigInt(gap) });
    return { key: `k${key}`, kind, sequence, partition, offset, value };
  });
  await disturb(plan, kafka, harness);
  const ends = sent.reduce(
    (map, { partition, offset }) => map.set(partition, offset + 1n),
    new Map<number, bigint>(),
  );
  const isDone = (): boolean =>
    [...ends].every(([partition, end]) => kafka.committed("billing", "notes", partition) === end) &&
    isDrained(kafka, plan);
  await until("everything is committed", isDone, 15_000);
  await harness.close();
  judge(plan, kafka, sent, effects, harness);
}

function isDrained(kafka: ReturnType<typeof createMemoryKafka>, plan: Plan): boolean {
  if (plan.isOrdered) return true;
  return ["notes-retry-1", "notes-retry-2"].every((topic) =>
    Array.from({ length: plan.partitions }, (_, partition) => {
      const last = kafka.records(topic, partition).at(-1);
      return !last || kafka.committed("billing-retry", topic, partition) === last.offset + 1n;
    }).every(Boolean),
  );
}

async function disturb(
  plan: Plan,
  kafka: ReturnType<typeof createMemoryKafka>,
  harness: Harness,
): Promise<void> {
  for (const { afterMs, what } of plan.disturbances) {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    if (what === "rebalance" || what === "lost")
      await Promise.all(
        ["billing", ...(plan.isOrdered ? [] : ["billing-retry"])].map((group) =>
          kafka.rebalance(group, { lost: what === "lost" }),
        ),
      );
    else if (what === "registry") harness.registry.isDown = !harness.registry.isDown;
    else {
      let left = 3;
      const fault = (): unknown => (left-- > 0 ? new KeryxError("kafka_unavailable", "planted") : undefined);
      kafka.faults[what === "sink" ? "send" : "commit"] = fault;
    }
  }
  harness.registry.isDown = false;
}

function judge(
  plan: Plan,
  kafka: ReturnType<typeof createMemoryKafka>,
  sent: readonly { key: string; kind: string; sequence: number; value: string }[],
  effects: readonly Effect[],
  harness: Harness,
): void {
  const bodies = kafka.records("notes-dlq").map(({ value }) => new TextDecoder().decode(value ?? undefined));
  const seen = new Set(effects.map(({ sequence }) => sequence));
  const discarded = harness.outcomes().filter((one) => one === "discarded").length;
  for (const { kind, sequence, value } of sent) {
    const isPoison = kind === "bad" || kind === "hopeless";
    expect(seen.has(sequence), `effect of ${value}`).to.equal(!isPoison);
    if (!plan.isOrdered) expect(bodies.includes(value), `dead letter of ${value}`).to.equal(isPoison);
  }
  if (plan.isOrdered)
    expect(discarded).to.be.at.least(sent.filter(({ kind }) => kind === "bad" || kind === "hopeless").length);
  // Without revokes every record has exactly one effect.
  if (!plan.disturbances.some(({ what }) => what === "lost")) expect(effects.length).to.equal(seen.size);
  // First effects of a key stand in the order of sending; retry topics give that up.
  if (plan.isOrdered) {
    for (const key of new Set(sent.map((one) => one.key))) {
      const order = [...new Set(effects.filter((one) => one.key === key).map(({ sequence }) => sequence))];
      expect(order, `order of ${key}`).to.deep.equal(order.toSorted((a, b) => a - b));
    }
  }
  const last = new Map<string, { readonly offset: bigint; readonly metadata: string }>();
  for (const { group, topic, partition, epoch, offset, metadata } of kafka.commits) {
    const place = `${group}/${topic}/${partition}/${epoch}`;
    const before = last.get(place);
    // Behind a record that waits, a commit of the same offset tells what else is done by now.
    const isNews =
      !before || offset > before.offset || (offset === before.offset && metadata !== before.metadata);
    expect(isNews, `${place}: ${offset} ${metadata} after ${before?.offset} ${before?.metadata}`).to.equal(
      true,
    );
    last.set(place, { offset, metadata });
  }
  expect(harness.signals.filter(({ kind }) => kind === "internal.error")).to.deep.equal([]);
}
