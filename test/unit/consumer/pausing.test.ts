import { expect } from "chai";
import { createConsumer, type OwnedConsumer } from "../../../src/consumer/consumer.ts";
import type { ConsumerOptions } from "../../../src/core/app.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { createContextStore } from "../../../src/core/context.ts";
import type { KafkaPort } from "../../../src/transport/port.ts";
import { until } from "../../support/consumer-harness.ts";
import { settle } from "../../support/manual-clock.ts";
import { createMemoryKafka, type MemoryKafka } from "../../support/memory-kafka.ts";

describe("A consumer that is paused or closed", () => {
  let kafka: MemoryKafka;
  let consumer: OwnedConsumer;
  let seen: string[];
  let aborted: string[];
  let release: () => void;

  beforeEach(() => {
    kafka = createMemoryKafka();
    kafka.createTopic("notes", 1);
    kafka.createTopic("notes-dlq", 1);
    [seen, aborted] = [[], []];
  });

  afterEach(() => {
    release();
    return consumer.close();
  });

  // Tombstones: handlers without a schema.
  const open = (options: Partial<ConsumerOptions> = {}, transport: KafkaPort = kafka.port): void => {
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    consumer = createConsumer(
      {
        transport,
        registry: {} as never,
        observe: () => {},
        clock: systemClock,
        context: createContextStore(),
        createTopics: false,
      },
      { group: "billing", ...options },
    );
    consumer.onTombstone("notes", (key, delivery) => {
      delivery.signal.addEventListener("abort", () => aborted.push(String(key)));
      seen.push(String(key));
      if (key === "bad") throw new Error("declined");
      return key === "slow" ? held : undefined;
    });
  };
  const start = (options?: Partial<ConsumerOptions>): Promise<void> => {
    open(options);
    return consumer.start();
  };
  const append = (...keys: readonly string[]): void => {
    for (const key of keys) kafka.append("notes", 0, { key, value: null });
  };
  const pass = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await settle();
  };

  it("starts nothing that waits in its memory, and all of it when it goes on", async () => {
    await start({ concurrency: 1 });
    append("slow", "a", "b");
    await until("the first runs", () => seen.length === 1);
    consumer.pause();
    release();
    await pass();
    expect(seen).to.deep.equal(["slow"]);
    consumer.resume();
    await until("the others run", () => seen.length === 3);
    expect(seen).to.deep.equal(["slow", "a", "b"]);
  });

  it("stays paused through its start and a rebalance", async () => {
    open();
    consumer.pause();
    await consumer.start();
    await kafka.rebalance("billing");
    append("a");
    await pass();
    expect(seen).to.deep.equal([]);
    expect(kafka.paused("billing")).to.deep.equal(["notes/0"]);
    consumer.resume();
    await until("it runs", () => seen.length === 1);
  });

  it("waits for its handlers as long as a close may, and not only as long as a rebalance", async () => {
    await start({ drainTimeoutMs: 1, closeTimeoutMs: 10_000 });
    append("slow");
    await until("it runs", () => seen.length === 1);
    const closing = consumer.close();
    setTimeout(release, 50);
    await closing;
    expect(aborted).to.deep.equal([]);
    expect(kafka.committed("billing", "notes", 0)).to.equal(1n);
  });

  it("ends a start that is at its checks, without joining any group", async () => {
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let members = 0;
    open(
      {},
      {
        ...kafka.port,
        admin: () => {
          const admin = kafka.port.admin();
          return { ...admin, describeTopics: (topics) => asked.then(() => admin.describeTopics(topics)) };
        },
        consumer(options) {
          const real = kafka.port.consumer(options);
          return { ...real, start: (...given) => real.start(...given).finally(() => members++) };
        },
      },
    );
    const starting = consumer.start().catch((error: unknown) => error);
    await consumer.close();
    answer();
    expect(await starting).to.include({ code: "closed" });
    expect(members).to.equal(0);
    expect(consumer.snapshot()).to.deep.equal({
      group: "billing",
      phase: "closed",
      isPaused: false,
      members: [],
    });
  });

  it("does not wait for a record that waits for its next try, and leaves it to the next owner", async () => {
    await start({ order: "partition", here: { tries: 8, baseMs: 60_000, maxMs: 60_000, jitter: "none" } });
    append("bad");
    await until("it was tried", () => seen.length === 1);
    await pass();
    await consumer.close();
    expect(seen).to.deep.equal(["bad"]);
    expect(kafka.committed("billing", "notes", 0)).to.equal(undefined);
  });

  it("calls its handlers off when a close has waited long enough", async () => {
    await start({ closeTimeoutMs: 20 });
    append("slow");
    await until("it runs", () => seen.length === 1);
    const closing = consumer.close();
    await until("it was called off", () => aborted.length === 1);
    release();
    await closing;
  });
});
