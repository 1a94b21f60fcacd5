import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../src/core/errors.ts";
import { createBatchQueue } from "../../src/producer/batching.ts";
import { createBench, createOrderEvent, toOrder } from "../unit/producer/memory-kafka.ts";

const placed = createOrderEvent();
const passing = (): KeryxError => new KeryxError("kafka_unavailable", "not now");

/** Sequence numbers per key, in the order in which each was stored first. */
function firstsByKey(orders: readonly { key: string; id: string }[]): Map<string, number[]> {
  const seen = new Set<string>();
  const firsts = new Map<string, number[]>();
  for (const { key, id } of orders) {
    if (seen.has(id)) continue;
    seen.add(id);
    firsts.set(key, [...(firsts.get(key) ?? []), Number(id)]);
  }
  return firsts;
}

describe("order per key", function () {
  this.timeout(600_000);

  it("holds under random failures, lost answers and delays, and every send is accounted for", async () => {
    const plan = fc.record({
      sends: fc.array(fc.record({ key: fc.integer({ min: 0, max: 5 }), pause: fc.boolean() }), {
        minLength: 1,
        maxLength: 60,
      }),
      faults: fc.array(fc.constantFrom("ok", "ok", "fail", "lost", "slow", "large"), { maxLength: 40 }),
      maxBatchRecords: fc.integer({ min: 1, max: 8 }),
      maxInFlight: fc.integer({ min: 1, max: 5 }),
      maxQueueRecords: fc.integer({ min: 1, max: 20 }),
      lingerMs: fc.constantFrom(0, 0, 1),
      leaders: fc.array(fc.constantFrom(undefined, 0, 1, 2), { minLength: 1, maxLength: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ sends, faults, leaders, ...options }) => {
        const { producer, kafka } = createBench(options);
        const left = [...faults];
        // Partitions move from one broker to the next all the time.
        let asked = 0;
        kafka.leaderOf = () => leaders[asked++ % leaders.length];
        const busy = new Map<string, number>();
        kafka.before = async (batch) => {
          const keys = new Set(batch.map((record) => toOrder(record).key));
          for (const key of keys) {
            expect(busy.get(key) ?? 0, "two requests in flight hold the same key").to.equal(0);
            busy.set(key, 1);
          }
          const fault = left.shift() ?? "ok";
          if (fault !== "ok") await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
          for (const key of keys) busy.set(key, 0);
          if (fault === "fail") throw passing();
          if (fault === "large" && batch.length > 1) throw new KeryxError("record_too_large", "too large");
          if (fault === "lost") kafka.log.push(...batch);
          if (fault === "lost") throw passing();
        };
        const results: Promise<unknown>[] = [];
        for (const [i, { key, pause }] of sends.entries()) {
          results.push(producer.send(placed, { key: `k${key}`, id: String(i) }));
          if (pause) await new Promise((resolve) => setImmediate(resolve));
          const { sent, produced, failed, inFlight } = producer.stats();
          expect(sent).to.equal(produced + failed + inFlight);
        }
        await Promise.all(results);
        const wanted = firstsByKey(sends.map(({ key }, i) => ({ key: `k${key}`, id: String(i) })));
        expect(firstsByKey(kafka.log.map(toOrder))).to.deep.equal(wanted);
        expect(producer.stats()).to.include({ sent: sends.length, produced: sends.length, inFlight: 0 });
        await producer.close();
      }),
      { numRuns: 150 },
    );
  });

  it("holds for the sends that remain when others are called off or come too late", async () => {
    const plan = fc.array(
      fc.record({ key: fc.integer({ min: 0, max: 3 }), abort: fc.boolean(), fail: fc.boolean() }),
      { minLength: 1, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(plan, async (sends) => {
        const { producer, kafka } = createBench({ maxBatchRecords: 3, maxInFlight: 2, maxQueueRecords: 8 });
        let request = 0;
        kafka.before = async () => {
          await new Promise((resolve) => setImmediate(resolve));
          if (sends[request++ % sends.length]?.fail) throw new KeryxError("send_failed", "final");
        };
        const controller = new AbortController();
        const results = sends.map(({ key, abort }, i) =>
          producer.send(
            placed,
            { key: `k${key}`, id: String(i) },
            abort ? { signal: controller.signal } : {},
          ),
        );
        setTimeout(() => controller.abort(), 1);
        const ends = await Promise.allSettled(results);
        const stored = kafka.log.map(toOrder);
        for (const ids of firstsByKey(stored).values())
          expect(ids).to.deep.equal(ids.toSorted((a, b) => a - b));
        const { sent, produced, failed, inFlight } = producer.stats();
        expect({ sent, inFlight }).to.deep.equal({ sent: sends.length, inFlight: 0 });
        expect(produced).to.equal(ends.filter((end) => end.status === "fulfilled").length);
        expect(sent).to.equal(produced + failed);
        await producer.close();
      }),
      { numRuns: 150 },
    );
  });
});

describe("the batch queue", () => {
  it("gives out every record once, in order per key, and never one key to two batches", () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("push" as const),
        key: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
      }),
      fc.record({ kind: fc.constant("take" as const) }),
      fc.record({ kind: fc.constant("release" as const), which: fc.nat(10) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = createBatchQueue<{
          key: string | undefined;
          bytes: number;
          settled: boolean;
          id: number;
        }>({
          maxRecords: 3,
          maxBytes: 25,
        });
        const open: NonNullable<ReturnType<typeof queue.take>>[] = [];
        const given: { key: string | undefined; id: number }[] = [];
        let pushed = 0;
        const take = (): boolean => {
          const batch = queue.take();
          if (!batch) return false;
          expect(batch.entries).to.have.length.within(1, 3);
          for (const other of open) for (const key of batch.keys) expect(other.keys.has(key)).to.equal(false);
          open.push(batch);
          given.push(...batch.entries);
          return true;
        };
        for (const one of steps)
          if (one.kind === "push") {
            const key = one.key === undefined ? undefined : `k${one.key}`;
            queue.push({ key, bytes: 10, settled: false, id: pushed++ });
          } else if (one.kind === "take") take();
          else for (const batch of open.splice(one.which % (open.length + 1), 1)) queue.release(batch);
        while (open.length > 0 || queue.hasReady()) {
          for (const batch of open.splice(0)) queue.release(batch);
          while (take());
        }
        expect(given.map(({ id }) => id).toSorted((a, b) => a - b)).to.deep.equal(
          Array.from({ length: pushed }, (_, i) => i),
        );
        for (const key of ["k0", "k1", "k2", "k3", "k4"]) {
          const ids = given.filter((entry) => entry.key === key).map(({ id }) => id);
          expect(ids).to.deep.equal(ids.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 500 },
    );
  });
});
