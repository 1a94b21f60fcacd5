import type { Clock } from "../../src/core/clock.ts";
import type { Delivery } from "../../src/core/handler.ts";
import {
  createFastClock,
  type Harness,
  type Note,
  type noteEvent,
  startHarness,
} from "./consumer-harness.ts";
import { createMemoryKafka, type MemoryKafka } from "./memory-kafka.ts";

type HarnessOptions = Parameters<typeof startHarness>[0];

/** A consumer of the topic `notes` on a Kafka in memory, anew for each test and closed behind it. */
export interface ConsumerBench {
  readonly clock: Clock;
  readonly kafka: MemoryKafka;
  /** The consumer that was started last. */
  readonly harness: Harness;
  /** Starts one with all options given. */
  begin(options: Partial<HarnessOptions>): Promise<Harness>;
  /** Starts one whose topics are created, with a handler of the bench's event. */
  start(
    handler: (event: Note, delivery: Delivery<Note>) => unknown,
    more?: Partial<HarnessOptions>,
  ): Promise<Harness>;
  committed(partition?: number): bigint | undefined;
  /** Goes on with another Kafka. */
  renew(): void;
}

export interface BenchOptions {
  readonly event: ReturnType<typeof noteEvent>;
  readonly partitions?: number;
  /** How many times as fast as it is the time goes. */
  readonly speed?: number;
}

/** To be called in a `describe`. */
export function consumerBench({ event, partitions = 1, speed = 20 }: BenchOptions): ConsumerBench {
  const clock = createFastClock(speed);
  let kafka: MemoryKafka;
  let harness: Harness | undefined;

  const renew = (): void => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", partitions);
  };
  const begin: ConsumerBench["begin"] = async (options) => {
    harness = await startHarness({ kafka, clock, ...options });
    return harness;
  };

  beforeEach(renew);
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
      if (harness === undefined) throw new Error("no consumer was started");
      return harness;
    },
    begin,
    start: (handler, more = {}) =>
      begin({ on: [[event, handler as never]], ...more, options: { createTopics: true, ...more.options } }),
    committed: (partition = 0) => kafka.committed("billing", "notes", partition),
    renew,
  };
}
