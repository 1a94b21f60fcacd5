import { expect } from "chai";
import { createTestClock, type TestClock } from "../../src/testing/clock.ts";
import { createKafkajsAdmin, type KafkajsAdmin } from "../../src/transport/kafkajs/admin.ts";
import { createKafkajsConsumer } from "../../src/transport/kafkajs/consumer/consumer.ts";
import { resolveTransportOptions, type TransportOptions } from "../../src/transport/options.ts";
import type { ConsumerEvent, PortConsumer } from "../../src/transport/port.ts";
import { embeddedBrokers, until } from "../support/embedded.ts";

const sessionTimeoutMs = 6_000;

describe("a group member whose client stands still", function () {
  this.timeout(30_000);
  const brokers = embeddedBrokers();
  let clock: TestClock;
  let admin: KafkajsAdmin;
  let member: PortConsumer;
  let events: ConsumerEvent[];
  let transport: TransportOptions;
  let assigned: number;
  let lost: number;

  beforeEach(async () => {
    [clock, events, assigned, lost] = [createTestClock(), [], 0, 0];
    const broker = await brokers.start({ topics: [{ name: "orders", partitions: 1 }] });
    transport = resolveTransportOptions({ brokers: broker.bootstrap() });
    admin = createKafkajsAdmin(transport, clock);
    member = create("billing");
    await start();
  });

  const create = (group: string, asked = admin): PortConsumer => {
    let epoch = 1;
    return createKafkajsConsumer(
      { transport, admin: asked, clock, observe: () => {}, nextEpoch: () => epoch++ },
      {
        group,
        sessionTimeoutMs,
        rebalanceTimeoutMs: 10_000,
        maxWaitMs: 250,
        maxBytesPerPartition: 1_048_576,
        from: "earliest",
      },
    );
  };
  const start = (): Promise<void> =>
    member.start(
      ["orders"],
      () => {},
      {
        assigned: () => void assigned++,
        revoked: async () => {},
        lost: () => void lost++,
      },
      (event) => void events.push(event),
    );

  afterEach(async () => {
    await member.close();
    await admin.close();
  });

  const of = (kind: ConsumerEvent["kind"]): readonly ConsumerEvent[] =>
    events.filter((event) => event.kind === kind);
  // To the client no time passes at all, so that not one of its heartbeats falls into it.
  const standStill = async (): Promise<void> => {
    const before = of("stalled").length;
    await clock.advance(sessionTimeoutMs + 100);
    await until(async () => {
      if (of("stalled").length === before) await clock.advance(sessionTimeoutMs);
      return of("stalled").length > before;
    }, "the stall is noticed");
  };

  it("is replaced once, and given up when it stands still again within five minutes", async () => {
    await until(() => assigned === 1, "it has joined");
    await standStill();
    expect(of("crash")).to.deep.include({ ...of("crash")[0]!, kind: "crash", willRestart: true });
    expect(lost).to.equal(1);
    await clock.advance(5_000);
    await until(() => assigned === 2, "another client has joined");
    await standStill();
    expect(of("stalled")).to.have.length(2);
    expect(of("crash").map((event) => event.kind === "crash" && event.willRestart)).to.deep.equal([
      true,
      false,
    ]);
    await clock.advance(5_000);
    expect(assigned).to.equal(2);
  });

  it("fails its start when it is given up before its first assignment was ready", async () => {
    await member.close();
    events = [];
    member = create("shipping", { ...admin, groupOffsets: () => new Promise(() => {}) });
    const starting = start().catch((error: unknown) => error);
    await until(() => of("joined").length === 1, "it has joined");
    await standStill();
    await clock.advance(5_000);
    await until(() => of("joined").length === 2, "another client has joined");
    await standStill();
    expect(await starting).to.have.property("code", "kafka_unavailable");
  });
});
