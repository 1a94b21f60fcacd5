import { KeryxError } from "../../../src/core/errors.ts";
import { headerNames } from "../../../src/core/headers.ts";
import type { PauseCause } from "../../../src/core/signals.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { DedupeStore } from "../../../src/stores/port.ts";
import type { Harness, HarnessOptions, NoteEventOptions } from "../../support/consumer-harness.ts";
import { createFastClock, header, noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

/** A reason for a partition to be paused, and what takes it away. */
interface Trouble {
  readonly event?: NoteEventOptions;
  readonly options?: HarnessOptions["options"];
  readonly records: number;
  /** What the partition is read as; default: the source under the group itself. */
  readonly at?: { readonly group: string; readonly topic: string };
  begin(world: World): void;
  end(world: World): void | Promise<void>;
  handle?(world: World): unknown;
}

interface World {
  readonly kafka: MemoryKafka;
  readonly state: { isDown: boolean; gates: (() => void)[] };
  harness: Harness | undefined;
}

const troubles: Readonly<Partial<Record<PauseCause, Trouble>>> = {
  registry: {
    records: 10,
    begin: ({ harness }) => {
      if (harness) harness.registry.isDown = true;
    },
    end: ({ harness }) => {
      if (harness) harness.registry.isDown = false;
    },
  },
  sink: {
    records: 10,
    event: { delaysMs: [20] },
    begin: ({ kafka, state }) => {
      kafka.faults.send = () => (state.isDown ? new KeryxError("broker_unreachable", "nobody") : undefined);
    },
    end: () => {},
    handle: ({ state }) => {
      if (state.isDown) throw new Error("not yet");
    },
  },
  dedupe: { records: 10, begin: () => {}, end: () => {} },
  stopped: {
    records: 10,
    event: { ordered: true },
    options: { here: { tries: 1 } },
    begin: () => {},
    end: ({ kafka }) => kafka.rebalance("billing"),
    handle: ({ state }) => {
      if (state.isDown) throw new Error("not yet");
    },
  },
  buffer: {
    records: 700,
    options: { concurrency: 4 },
    begin: () => {},
    end: ({ state }) => {
      for (const open of state.gates.splice(0)) open();
    },
    handle: ({ state }) =>
      state.isDown ? new Promise<void>((resolve) => state.gates.push(resolve)) : undefined,
  },
  window: {
    records: 2_500,
    begin: ({ kafka, state }) => {
      kafka.faults.commit = () => (state.isDown ? new KeryxError("kafka_unavailable", "nobody") : undefined);
    },
    end: () => {},
  },
  delay: {
    records: 10,
    event: { delaysMs: [60_000] },
    at: { group: "billing-retry", topic: "notes-retry-1" },
    begin: () => {},
    end: () => {},
  },
};

describe("The pauses of a partition, over a rebalance", () => {
  const world: World = {
    kafka: createMemoryKafka(),
    state: { isDown: true, gates: [] },
    harness: undefined,
  };

  afterEach(async () => {
    world.state.isDown = false;
    world.kafka.faults.commit = undefined;
    for (const open of world.state.gates.splice(0)) open();
    await world.harness?.close();
  });

  for (const [name, trouble] of Object.entries(troubles))
    for (const lost of [false, true])
      it(`are found anew for the cause ${name} where it ${lost ? "was lost" : "was given up"}, and nothing fetched is left out`, async () => {
        const cause = name as PauseCause;
        const clock = createFastClock(20);
        const { group, topic } = trouble.at ?? { group: "billing", topic: "notes" };
        const kafka = createMemoryKafka(clock.now);
        Object.assign(world, { kafka, state: { isDown: true, gates: [] } });
        kafka.createTopic("notes", 2);
        const seen = new Map<string, number>();
        const Written = noteEvent("Written", trouble.event);
        const store = createMemoryStore(clock);
        const failing: DedupeStore = {
          ...store,
          async claim(...asked) {
            if (cause === "dedupe" && world.state.isDown) throw new KeryxError("store_unavailable", "down");
            return store.claim(...asked);
          },
        };
        const harness = await startHarness({
          kafka,
          clock,
          store: failing,
          on: [
            [
              Written,
              async ({ text }, { partition }) => {
                if (partition === 0) await trouble.handle?.(world);
                seen.set(text, (seen.get(text) ?? 0) + 1);
              },
            ],
          ],
          options: { createTopics: true, drainTimeoutMs: 200, commitTimeoutMs: 1_000, ...trouble.options },
        });
        world.harness = harness;
        trouble.begin(world);
        const due = header(headerNames.dueAt, String(Math.ceil(clock.now()) + 20_000));
        const headers = trouble.at ? [due, header(headerNames.group, "billing")] : [];
        for (let i = 0; i < trouble.records; i++)
          kafka.append(topic, 0, { key: `k${i}`, value: `Written|${i}`, headers });
        const isPaused = (): boolean => {
          const from = harness.signals.findLastIndex(
            (one) => one.kind === "partition.assigned" && one.topic === topic && one.partition === 0,
          );
          return harness.signals
            .slice(from)
            .some(
              (one) =>
                one.kind === "partition.paused" &&
                one.cause === cause &&
                one.topic === topic &&
                one.partition === 0,
            );
        };
        await until("it is paused", () => isPaused() && kafka.paused(group).includes(`${topic}/0`));
        const before = harness.signals.length;
        await kafka.rebalance(group, { lost });
        await until("it is paused again", () => harness.signals.length > before && isPaused());
        kafka.append(topic, 1, {
          key: "free",
          value: "Written|free",
          ...(trouble.at ? { headers: headers.slice(1) } : {}),
        });
        if (cause !== "registry" && cause !== "dedupe" && cause !== "buffer")
          await until("the other partition goes on", () => seen.has("free"));
        world.state.isDown = false;
        await trouble.end(world);
        await until(
          "everything is committed",
          () => kafka.committed(group, topic, 0) === BigInt(trouble.records),
          10_000,
        );
        await until("every record was handled", () => seen.size === trouble.records + 1);
        await until("nothing is paused", () => kafka.paused(group).length === 0);
      });
});
