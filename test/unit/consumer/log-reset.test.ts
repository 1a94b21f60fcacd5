import { expect } from "chai";
import { encodeOffsetMap } from "../../../src/consumer/offset-map.ts";
import type { ConsumerEvent, KafkaPort, PortConsumer } from "../../../src/transport/port.ts";
import type { Harness } from "../../support/consumer-harness.ts";
import { createFastClock, header, noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

describe("A consumer whose position is not in the log", () => {
  const clock = createFastClock(20);
  const Written = noteEvent("Written");
  const at = { topic: "notes", partition: 0 };
  let kafka: MemoryKafka;
  let harness: Harness;
  let reader: PortConsumer;
  let tell: (event: ConsumerEvent) => void = () => {};
  let seen: string[] = [];
  let release = (): void => {};

  // With ids of their own: without one, a record's place is its id, and the places come again.
  const append = (text: string, gap = 0n): void => {
    const headers = [header("message-id", text)];
    kafka.append("notes", 0, { key: text, value: `Written|${text}`, headers, gap });
  };

  beforeEach(async () => {
    const memory = createMemoryKafka(clock.now);
    memory.createTopic("notes", 1);
    const port: KafkaPort = {
      ...memory.port,
      consumer(options) {
        const real = memory.port.consumer(options);
        if (options.group !== "billing") return real;
        reader = real;
        return {
          ...real,
          start: (topics, handle, rebalance, onEvent) => {
            tell = (event) => onEvent?.(event);
            return real.start(topics, handle, rebalance, onEvent);
          },
        };
      },
    };
    kafka = { ...memory, port };
    seen = [];
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    harness = await startHarness({
      ...{ kafka, clock, options: { createTopics: true } },
      on: [
        [
          Written,
          ({ text }: { text: string }) => {
            seen.push(text);
            return text === "slow" ? held : undefined;
          },
        ],
      ],
    });
    for (const text of ["a", "b", "c"]) append(text);
    await until("committed", () => kafka.committed("billing", "notes", 0) === 3n);
  });

  afterEach(() => {
    release();
    return harness.close();
  });

  it("handles every record of a topic that was made anew, and commits where it stands there", async () => {
    await kafka.port.admin().deleteTopics(["notes"]);
    kafka.createTopic("notes", 1);
    tell({ kind: "out_of_range", partition: at });
    reader.seek({ ...at, offset: 0n });
    for (const text of ["d", "e"]) append(text);
    await until("committed", () => kafka.committed("billing", "notes", 0) === 2n);
    expect(seen).to.deep.equal(["a", "b", "c", "d", "e"]);
  });

  for (const isNew of [false, true])
    it(`takes the place in the old log off the broker before anything is done in the new one${isNew ? ", also right after a rebalance" : ""}`, async () => {
      if (isNew) await kafka.rebalance("billing", { lost: true });
      await kafka.port.admin().deleteTopics(["notes"]);
      kafka.createTopic("notes", 1);
      tell({ kind: "out_of_range", partition: at });
      reader.seek({ ...at, offset: 0n });
      append("slow");
      await until("the new place is known", () => kafka.committed("billing", "notes", 0) === 0n);
      expect(seen.at(-1)).to.equal("slow");
    });

  it("passes over nothing of it for what a commit says was done in the old one", async () => {
    const metadata = encodeOffsetMap({ base: 3n, runs: [1, 9] });
    kafka.setCommitted("billing", "notes", 0, 3n, metadata);
    await kafka.rebalance("billing", { lost: true });
    await kafka.port.admin().deleteTopics(["notes"]);
    kafka.createTopic("notes", 1);
    tell({ kind: "out_of_range", partition: at });
    reader.seek({ ...at, offset: 0n });
    for (let i = 0; i < 20; i++) append(`new ${i}`);
    await until("committed", () => kafka.committed("billing", "notes", 0) === 20n);
    expect(seen.slice(3)).to.deep.equal(Array.from({ length: 20 }, (_, i) => `new ${i}`));
    expect(harness.signals.filter((one) => one.kind === "offsets.map_dropped")).to.have.length(1);
  });

  it("goes on where the log begins now, and finishes what it had taken", async () => {
    tell({ kind: "out_of_range", partition: at });
    append("d", 10n);
    await until("committed", () => kafka.committed("billing", "notes", 0) === 14n);
    expect(seen).to.deep.equal(["a", "b", "c", "d"]);
    expect(harness.signals.filter(({ kind }) => kind === "partition.revoked")).to.deep.equal([]);
  });
});
