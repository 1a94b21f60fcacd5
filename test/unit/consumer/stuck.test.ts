import { expect } from "chai";
import { createConsumer, type OwnedConsumer } from "../../../src/consumer/consumer.ts";
import { createContextStore } from "../../../src/core/context.ts";
import { createHealth } from "../../../src/observe/health.ts";
import type { KafkaPort, PortBatch } from "../../../src/transport/port.ts";
import { createFastClock, noteEvent, until } from "../../support/consumer-harness.ts";
import { createMemoryKafka, type MemoryKafka } from "../../support/memory-kafka.ts";

const Note = noteEvent("Note", { deadLetter: "notes-dlq" });

// What no signal tells: a client that has joined, beats, and simply delivers nothing.
describe("a partition whose records never come", () => {
  const clock = createFastClock(1_000);
  const health = createHealth({ clock, blockedMs: () => 0, readyOnStandby: true });
  let kafka: MemoryKafka;
  let consumer: OwnedConsumer;
  let swallows: (batch: PortBatch) => boolean;
  let isLeaderless: boolean;
  let asked: number;

  beforeEach(async () => {
    [swallows, isLeaderless, asked] = [() => false, false, 0];
    kafka = createMemoryKafka(() => clock.now());
    for (const topic of ["notes", "notes-dlq"]) kafka.createTopic(topic, 2);
    const transport: KafkaPort = {
      ...kafka.port,
      admin: () => {
        const admin = kafka.port.admin();
        const offsets: typeof admin.offsets = async (topic) => {
          asked++;
          if (isLeaderless) throw new Error("no leader");
          return admin.offsets(topic);
        };
        return { ...admin, offsets };
      },
      consumer(options) {
        const real = kafka.port.consumer(options);
        return {
          ...real,
          start: (topics, handle, ...rest) =>
            real.start(topics, (batch) => (swallows(batch) ? undefined : handle(batch)), ...rest),
        };
      },
    };
    const registry = {} as never;
    consumer = createConsumer(
      { transport, registry, observe: () => {}, clock, context: createContextStore(), createTopics: false },
      // Nobody beats in memory.
      { group: "billing", sessionTimeoutMs: 80_000_000, rebalanceTimeoutMs: 80_000_000 },
    );
    consumer.on(Note, () => {});
    await consumer.start();
  });

  afterEach(() => consumer.close());

  const said = (): string => health.judge({ phase: "open", consumers: [consumer.snapshot()] }).summary;

  it("is found by asking where it ends, half a minute after the assignment, and is alive when they come", async () => {
    swallows = ({ partition }) => partition === 1;
    kafka.append("notes", 1, { key: "a", value: null });
    await until("it is stuck", () => said() === "stuck: notes/1", 10_000);
    expect(health.judge({ phase: "open", consumers: [consumer.snapshot()] }).live).to.equal(false);
    swallows = () => false;
    await kafka.rebalance("billing");
    await until("it moves", () => said() === "running" || said().startsWith("stopped"), 10_000);
  });

  it("is not found while no broker can say where it ends", async () => {
    swallows = () => true;
    kafka.append("notes", 1, { key: "a", value: null });
    isLeaderless = true;
    await until("it was asked for a while", () => {
      expect(said()).to.equal("running");
      return asked > 5;
    });
  });
});
