import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { Delivery } from "../../../src/core/handler.ts";
import type { Harness, Note } from "../../support/consumer-harness.ts";
import { createFastClock, noteEvent, startHarness, until } from "../../support/consumer-harness.ts";
import type { MemoryKafka } from "../../support/memory-kafka.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

describe("The flow of records", () => {
  const clock = createFastClock(10);
  let kafka: MemoryKafka;
  let harness: Harness | undefined;
  let gates: (() => void)[] = [];

  beforeEach(() => {
    kafka = createMemoryKafka(clock.now);
    kafka.createTopic("notes", 2);
    gates = [];
  });

  afterEach(async () => {
    for (const open of gates) open();
    await harness?.close();
    harness = undefined;
  });

  const Written = noteEvent("Written");
  const start = async (
    handler: (event: Note, delivery: Delivery<Note>) => unknown,
    more: Partial<Parameters<typeof startHarness>[0]> = {},
  ): Promise<Harness> => {
    harness = await startHarness({
      kafka,
      clock,
      on: [[Written, handler as never]],
      ...more,
      options: { createTopics: true, ...more.options },
    });
    return harness;
  };
  const gate = (): Promise<void> =>
    new Promise((resolve) => {
      gates.push(resolve);
    });
  const send = (key: string | null, text: string, partition = 0): bigint =>
    kafka.append("notes", partition, { key, value: `Written|${text}` });

  it("runs records of one key one after the other, and a slow key delays only itself", async () => {
    const seen: string[] = [];
    await start(async (event, { key }) => {
      if (key === "slow" && event.text === "1") await gate();
      seen.push(`${key}${event.text}`);
    });
    for (const [key, text] of [
      ["slow", "1"],
      ["slow", "2"],
      ["quick", "1"],
      ["quick", "2"],
    ] as const)
      send(key, text);
    await until("quick ones done", () => seen.length === 2);
    expect(seen).to.deep.equal(["quick1", "quick2"]);
    for (const open of gates) open();
    await until("all done", () => seen.length === 4);
    expect(seen.slice(2)).to.deep.equal(["slow1", "slow2"]);
  });

  it("tells keys apart by their exact bytes, also where both are invalid text", async () => {
    const seen: bigint[] = [];
    await start(async (_, { offset }) => {
      if (offset === 0n) await gate();
      seen.push(offset);
    });
    for (const byte of [0xff, 0xfe])
      kafka.append("notes", 0, { key: new Uint8Array([byte]), value: "Written|a" });
    await until("second done", () => seen.length === 1);
    expect(seen).to.deep.equal([1n]);
  });

  it("gives records without a key no order, and keeps the partition's order when asked to", async () => {
    let running = 0;
    let most = 0;
    const handler = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
    };
    const first = await start(handler);
    for (let i = 0; i < 4; i++) send(null, `${i}`);
    await until("all done", () => first.outcomes().length === 4);
    expect(most).to.equal(4);
    await first.close();
    most = 0;
    const second = await start(handler, { options: { order: "partition" } });
    for (let i = 0; i < 4; i++) send(`k${i}`, `${i}`);
    await until("all done", () => second.outcomes().length === 4);
    expect(most).to.equal(1);
  });

  it("never runs more handlers than its concurrency, and serves partitions in turn", async () => {
    let running = 0;
    let most = 0;
    const partitions: number[] = [];
    for (let i = 0; i < 50; i++) send(`a${i}`, "x", 0);
    for (let i = 0; i < 5; i++) send(`b${i}`, "x", 1);
    const engine = await start(
      async (_, { partition }) => {
        most = Math.max(most, ++running);
        partitions.push(partition);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
      },
      { options: { concurrency: 3 } },
    );
    await until("all done", () => engine.outcomes().length === 55);
    expect(most).to.equal(3);
    expect(partitions.slice(0, 20).filter((partition) => partition === 1).length).to.equal(5);
  });

  it("pauses a partition with 256 records waiting, and fetches again when few are left", async () => {
    const running = await start(() => gate());
    for (let i = 0; i < 400; i++) send(`k${i}`, "x", 0);
    await until("paused", () => kafka.paused("billing").includes("notes/0"));
    send("other", "x", 1);
    await until(
      "the other partition is admitted",
      () =>
        running.signals.some(
          (signal) => signal.kind === "record.received" && signal.record.partition === 1,
        ) || gates.length === 64,
    );
    const opener = setInterval(() => {
      for (const open of gates.splice(0)) open();
    }, 1);
    await until("all done", () => running.outcomes().length === 401);
    clearInterval(opener);
    expect(kafka.paused("billing")).to.deep.equal([]);
  });

  it("admits nothing beyond the window while one record is stuck and commits hold no map, and commits nothing above it", async () => {
    let done = 0;
    const handler = async (event: Note): Promise<void> => {
      if (event.text === "stuck") await gate();
      done++;
    };
    await start(handler, { options: { offsetMapMaxBytes: 0 } });
    send("stuck", "stuck");
    for (let i = 0; i < 1_500; i++) send(`k${i}`, "x");
    await until(
      "window closed",
      () =>
        harness?.signals.some((one) => one.kind === "partition.paused" && one.cause === "window") ?? false,
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(done).to.equal(1_000);
    expect(kafka.committed("billing", "notes", 0)).to.equal(undefined);
    for (const open of gates) open();
    await until("committed", () => kafka.committed("billing", "notes", 0) === 1_501n);
  });

  it("admits no more than the window while commits fail, and goes on once one succeeds", async () => {
    let seen = 0;
    kafka.faults.commit = () => new KeryxError("kafka_unavailable", "no coordinator");
    await start(() => {
      seen++;
    });
    for (let i = 0; i < 2_500; i++) send(null, String(i));
    await until("the window is full", () => kafka.paused("billing").length === 1 && seen >= 1_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen).to.equal(1_001);
    kafka.faults.commit = undefined;
    await until("everything handled", () => seen === 2_500);
  });

  it("counts offsets that were never delivered as completed", async () => {
    await start(() => {});
    send("a", "1");
    kafka.append("notes", 0, { key: "a", value: "Written|2", gap: 5_000n });
    await until("committed", () => kafka.committed("billing", "notes", 0) === 5_002n);
  });

  it("bounds the bytes that it holds over all partitions, and loses nothing by it", async () => {
    const big = "x".repeat(8 * 1024 * 1024);
    kafka.maxFetch = 4;
    let done = 0;
    const running = await start(async () => {
      await gate();
      done++;
    });
    for (let i = 0; i < 12; i++) send(`k${i}`, big, 0);
    await until("paused for room", () => kafka.paused("billing").includes("notes/0"));
    expect(gates.length).to.be.at.most(9);
    const opener = setInterval(() => {
      for (const open of gates.splice(0)) open();
    }, 1);
    await until("all done", () => done === 12);
    clearInterval(opener);
    await until("committed", () => kafka.committed("billing", "notes", 0) === 12n);
    expect(running.outcomes()).to.have.length(12);
  });

  it("lets timers and sockets live while handlers never wait", async () => {
    let handled = 0;
    let seen = 0;
    let mostInATurn = 0;
    let probe: NodeJS.Immediate;
    const look = (): void => {
      mostInATurn = Math.max(mostInATurn, handled - seen);
      seen = handled;
      probe = setImmediate(look);
    };
    look();
    for (let i = 0; i < 5_000; i++) send(`k${i}`, "x");
    const running = await start(() => void handled++);
    await until("all done", () => running.outcomes().length === 5_000);
    clearImmediate(probe!);
    // Fewer than one fetch brings.
    expect(mostInATurn).to.be.at.most(256);
  });
});
