import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { Delivery } from "../../../src/core/handler.ts";
import type { Signal } from "../../../src/core/signals.ts";
import type { PortConsumer } from "../../../src/transport/port.ts";
import type { Harness, Note } from "../../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

const Written = noteEvent("Written");
const Other = noteEvent("Other", { topic: "others" });
const Large = noteEvent("Large", { topic: "large", ordered: true });

describe("The bounds of a consumer", () => {
  const clock = createFastClock(20);
  let kafka: MemoryKafka;
  let harness: Harness | undefined;
  let gates: (() => void)[] = [];

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 1);
    gates = [];
  });

  afterEach(async () => {
    for (const open of gates) open();
    await harness?.close();
    harness = undefined;
  });

  const start = async (
    handler: (event: Note, delivery: Delivery<Note>) => unknown,
    more: Partial<Parameters<typeof startHarness>[0]> = {},
  ): Promise<Harness> => {
    harness = await startHarness({
      kafka,
      clock,
      on: [[Written, handler as never]],
      ...more,
      options: { createTopics: true, dedupe: "off", ...more.options },
    });
    return harness;
  };
  const gate = (): Promise<void> =>
    new Promise((resolve) => {
      gates.push(resolve);
    });
  const send = (key: string, text: string): bigint =>
    kafka.append("notes", 0, { key, value: `Written|${text}` });
  const committed = (): bigint | undefined => kafka.committed("billing", "notes", 0);

  it("lets one partition use the whole concurrency, and no more of it, as long as there are keys", async () => {
    let running = 0;
    const most: number[] = [];
    await start(
      async () => {
        most.push(++running);
        await gate();
        running--;
      },
      { options: { concurrency: 16 } },
    );
    for (let i = 0; i < 400; i++) send(`k${i % 100}`, `${i}`);
    // Every time as many are let go, as many take their places.
    for (let round = 1; round <= 25; round++) {
      await until(`round ${round} is full`, () => gates.length === 16);
      for (const open of gates.splice(0)) open();
    }
    await until("everything is committed", () => committed() === 400n);
    expect(Math.max(...most)).to.equal(16);
  });

  it("lets 999 keys of a partition go on to the end while one is stuck, and pauses nothing for its sake", async () => {
    const done = new Map<string, number>();
    const running = await start(
      async ({ text }) => {
        if (text === "stuck") await gate();
        done.set(text, (done.get(text) ?? 0) + 1);
      },
      { options: { concurrency: 64 } },
    );
    for (let round = 0; round < 10; round++)
      for (let key = 0; key < 1_000; key++) send(`k${key}`, key === 500 ? "stuck" : `${key}`);
    await until(
      "all the others are done",
      () => [...done.values()].filter((count) => count === 10).length === 999,
    );
    expect(done.has("stuck")).to.equal(false);
    await until("nothing is paused", () => kafka.paused("billing").length === 0);
    const windows = running.signals.filter(
      (signal) => signal.kind === "partition.paused" && signal.cause === "window",
    );
    const reopened = running.signals.filter(
      (signal) => signal.kind === "partition.resumed" && signal.cause === "window",
    );
    expect(windows.length, "each closed window was opened again").to.equal(reopened.length);
    const opener = setInterval(() => {
      for (const open of gates.splice(0)) open();
    }, 1);
    await until("everything is committed", () => committed() === 10_000n);
    clearInterval(opener);
  });

  it("fetches no further than 256 records that have not started, one fetch more, and goes on at 128", async () => {
    kafka.maxFetch = 50;
    let fetched = 0;
    let started = 0;
    const real = kafka.port;
    const port = {
      ...real,
      consumer(options: Parameters<typeof real.consumer>[0]): PortConsumer {
        const consumer = real.consumer(options);
        return {
          ...consumer,
          start: (topics, handle, ...rest) =>
            consumer.start(
              topics,
              (batch) => {
                if (batch.topic === "notes") {
                  fetched += batch.records.size();
                  waiting.push(fetched - started);
                }
                return handle(batch);
              },
              ...rest,
            ),
        };
      },
    };
    const waiting: number[] = [];
    const atPause: number[] = [];
    const atResume: number[] = [];
    const running = await start(
      async () => {
        started++;
        await gate();
      },
      { kafka: { ...kafka, port }, options: { concurrency: 8 } },
    );
    running.signals.push = (...signals) => {
      for (const signal of signals) {
        if (signal.kind === "partition.paused" && signal.cause === "buffer") atPause.push(fetched - started);
        if (signal.kind === "partition.resumed" && signal.cause === "buffer")
          atResume.push(fetched - started);
      }
      return 0;
    };
    for (let i = 0; i < 2_000; i++) send(`k${i}`, `${i}`);
    await until("it is full", () => atPause.length === 1 && started === 8);
    const opener = setInterval(() => {
      for (const open of gates.splice(0)) open();
    }, 1);
    await until("everything is committed", () => committed() === 2_000n);
    clearInterval(opener);
    expect(Math.max(...waiting)).to.be.within(256, 256 + 50);
    expect(Math.min(...atPause)).to.be.at.least(256);
    expect(Math.max(...atResume)).to.be.at.most(128);
    expect(atResume.length).to.be.greaterThan(5);
  });

  for (const [how, word, count] of [
    ["stopped", "poison", 140],
    ["held", "unreachable", 76],
  ] as const)
    it(`reads on elsewhere when partitions that are ${how} have more than there is room for`, async () => {
      kafka.createTopic("large", count);
      const value = Buffer.alloc(1_048_576, word);
      for (let partition = 0; partition < count; partition++)
        kafka.append("large", partition, { key: "k", value });
      const { registry, signals } = await start(() => {}, {
        on: [
          [Written, () => {}],
          [Large, () => {}],
        ],
      });
      registry.faults.set("unreachable", () => new KeryxError("registry_unreachable", "no answer"));
      const isStill = (signal: Signal): boolean =>
        signal.kind === "partition.paused" && signal.cause !== "buffer";
      await until("they have all the room", () => signals.filter(isStill).length >= count - 12);
      for (let i = 0; i < 10; i++) send(`k${i}`, "on");
      await until("the others are through", () => committed() === 10n);
    });

  it("gives a quick topic every other turn beside a slow one, however much of that waits", async () => {
    kafka.createTopic("others", 1);
    const order: string[] = [];
    const handler = async (event: Note): Promise<void> => {
      order.push(event.text);
      await gate();
    };
    for (let i = 0; i < 300; i++) send(`k${i}`, "slow");
    await start(handler, {
      on: [
        [Written, handler],
        [Other, handler],
      ],
      options: { concurrency: 4 },
    });
    await until("the slow topic has all places", () => order.length === 4);
    for (let i = 0; i < 50; i++) kafka.append("others", 0, { key: `k${i}`, value: "Other|quick" });
    const opener = setInterval(() => gates.shift()?.(), 0);
    await until("the quick one is through", () => kafka.committed("billing", "others", 0) === 50n);
    clearInterval(opener);
    const last = order.lastIndexOf("quick");
    expect(order.slice(order.indexOf("quick"), last).filter((text) => text === "slow").length).to.be.at.most(
      51,
    );
  });

  it("begins each partition exactly at its committed offset, with nothing before it and nothing left out", async () => {
    kafka.createTopic("notes", 12);
    for (let partition = 0; partition < 12; partition++) {
      for (let i = 0; i < 20; i++)
        kafka.append("notes", partition, { key: `${partition}`, value: `Written|${partition}` });
      kafka.setCommitted("billing", "notes", partition, BigInt(partition));
    }
    const seen = new Map<number, bigint[]>();
    await start((_, { partition, offset }) => {
      seen.set(partition, [...(seen.get(partition) ?? []), offset]);
    });
    await until("all done", () => [...seen.values()].flat().length === 12 * 20 - 66);
    for (const [partition, offsets] of seen)
      expect(offsets, `partition ${partition}`).to.deep.equal(
        Array.from({ length: 20 - partition }, (_, i) => BigInt(partition + i)),
      );
  });
});
