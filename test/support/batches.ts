import type { BatchContext, BatchItem } from "../../src/core/batch.ts";
import type { Clock } from "../../src/core/clock.ts";
import {
  createFastClock,
  type Harness,
  type Note,
  noteEvent,
  startHarness,
  textOf,
} from "./consumer-harness.ts";
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
  /** Once it was started. */
  readonly harness: Harness | undefined;
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
  const clock = createFastClock(20);
  let kafka: MemoryKafka;
  let harness: Harness | undefined;
  let calls: string[] = [];

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 2);
    calls = [];
  });
  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });

  return {
    clock,
    get kafka() {
      return kafka;
    },
    get harness() {
      return harness;
    },
    get calls() {
      return calls;
    },
    async start(handler, { maxRecords = 100, maxWaitMs = 200, ...rest } = {}) {
      const take = (items: Items, context: BatchContext): never => {
        calls.push(textsOf(items));
        return handler(items, context) as never;
      };
      harness = await startHarness({
        kafka,
        clock,
        onBatch: [[rest.on ? Ordered : Written, take, { maxRecords, maxWaitMs }]],
        ...rest,
        options: { createTopics: true, ...rest.options },
      });
      return harness;
    },
    append(texts, partition = 0, name = "Written") {
      for (const text of texts) kafka.append("notes", partition, { key: text, value: `${name}|${text}` });
    },
    committed: (partition = 0) => kafka.committed("billing", "notes", partition),
    handled: (outcome) => harness?.outcomes().filter((one) => one === outcome).length ?? 0,
    attempts: () =>
      kafka
        .records("notes-dlq")
        .map((record) => [
          new TextDecoder().decode(record.value ?? undefined),
          textOf(record, "keryx-attempt-count"),
        ]),
    useClock(other) {
      kafka = createMemoryKafka(other.now);
      kafka.createTopic("notes", 1);
    },
  };
}
