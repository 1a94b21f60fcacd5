import type { BatchContext, BatchItem } from "../../src/core/batch.ts";
import type { Clock } from "../../src/core/clock.ts";
import { consumerBench } from "./consumer-bench.ts";
import { type Harness, type Note, noteEvent, type startHarness, textOf } from "./consumer-harness.ts";
import { createMemoryKafka, type MemoryKafka } from "./memory-kafka.ts";

export type Items = readonly BatchItem<Note>[];

export const Written: ReturnType<typeof noteEvent> = noteEvent("Written", { delaysMs: [20, 20] });
const Ordered = noteEvent("Ordered", { ordered: true });

export const textsOf = (items: Items): string => items.map(({ value }) => value.text).join("");

interface BatchStart extends Partial<Parameters<typeof startHarness>[0]> {
  readonly maxRecords?: number;
  readonly maxWaitMs?: number;
}

/** A consumer of batches on a Kafka in memory, anew for each test. */
export interface BatchBench {
  readonly clock: Clock;
  readonly kafka: MemoryKafka;
  /** The consumer that was started last. */
  readonly harness: Harness;
  /** The texts of each batch that was handed over. */
  readonly calls: string[];
  /** The handler is one of `Written`, or of an event that keeps the order where `on` is given. */
  start(handler: (items: Items, context: BatchContext) => unknown, more?: BatchStart): Promise<Harness>;
  /** Everything is there before the consumer starts, so that batches hold what they can. */
  append(texts: string, partition?: number, name?: string): void;
  committed(partition?: number): bigint | undefined;
  handled(outcome: string): number;
  /** The value and the attempts of each dead letter. */
  attempts(): unknown[];
  /** A Kafka on another clock, with one partition. */
  useClock(clock: Clock): void;
}

/** To be called in a `describe`. */
export function batchBench(): BatchBench {
  const bench = consumerBench({ event: Written, partitions: 2 });
  let other: MemoryKafka | undefined;
  let calls: string[] = [];
  const kafkaOfNow = (): MemoryKafka => other ?? bench.kafka;

  beforeEach(() => {
    other = undefined;
    calls = [];
  });

  return {
    clock: bench.clock,
    get kafka() {
      return kafkaOfNow();
    },
    get harness() {
      return bench.harness;
    },
    get calls() {
      return calls;
    },
    start(handler, { maxRecords = 100, maxWaitMs = 200, ...rest } = {}) {
      const take = (items: Items, context: BatchContext): never => {
        calls.push(textsOf(items));
        return handler(items, context) as never;
      };
      return bench.begin({
        kafka: kafkaOfNow(),
        onBatch: [[rest.on ? Ordered : Written, take, { maxRecords, maxWaitMs }]],
        ...rest,
        options: { createTopics: true, ...rest.options },
      });
    },
    append(texts, partition = 0, name = "Written") {
      for (const text of texts)
        kafkaOfNow().append("notes", partition, { key: text, value: `${name}|${text}` });
    },
    committed: (partition = 0) => kafkaOfNow().committed("billing", "notes", partition),
    handled: (outcome) => bench.harness.outcomes().filter((one) => one === outcome).length,
    attempts: () =>
      kafkaOfNow()
        .records("notes-dlq")
        .map((record) => [
          new TextDecoder().decode(record.value ?? undefined),
          textOf(record, "keryx-attempt-count"),
        ]),
    useClock(clock) {
      other = createMemoryKafka(clock.now);
      other.createTopic("notes", 1);
    },
  };
}
