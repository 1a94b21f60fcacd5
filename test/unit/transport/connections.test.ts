import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { OutgoingRecord } from "../../../src/core/record.ts";
import type { Signal } from "../../../src/core/signals.ts";
import { watchConnections } from "../../../src/transport/connections.ts";
import type { KafkaPort, PortProducer } from "../../../src/transport/port.ts";
import { createManualClock, type ManualClock, settle } from "../../support/manual-clock.ts";
import { createMemoryKafka } from "../../support/memory-kafka.ts";

const gone = (): KeryxError => new KeryxError("broker_unreachable", "nobody there");

describe("the watch over connections", () => {
  let clock: ManualClock;
  let signals: Signal[];
  let pings: number;
  let isDown: boolean;
  let sendFails: KeryxError | undefined;
  let port: KafkaPort;
  let producer: PortProducer;

  beforeEach(() => {
    [clock, signals, pings, isDown, sendFails] = [createManualClock(), [], 0, false, undefined];
    const kafka = createMemoryKafka();
    kafka.createTopic("orders", 1);
    kafka.faults.send = () => sendFails;
    const ping = async (): Promise<{ brokers: number; controller: number }> => {
      pings++;
      if (isDown) throw gone();
      return { brokers: 1, controller: 0 };
    };
    port = watchConnections({ ...kafka.port, ping }, { clock, observe: (signal) => signals.push(signal) });
    producer = port.producer({ acks: "all", idempotent: false, compression: "none", requestTimeoutMs: 1 });
  });

  const record: OutgoingRecord = { topic: "orders", key: null, value: null, headers: [], timestampMs: 0 };
  const send = async (fails?: KeryxError): Promise<void> => {
    sendFails = fails;
    await producer.send([record]).catch(() => {});
    await settle();
  };
  const kinds = (): readonly string[] => signals.map(({ kind }) => kind);

  it("says nothing as long as sends succeed, or fail for reasons of their own", async () => {
    await producer.connect();
    await send();
    await send(new KeryxError("record_too_large", "too large"));
    expect(kinds()).to.deep.equal([]);
    expect(pings).to.equal(0);
  });

  it("says nothing when one broker of several is away", async () => {
    await send(gone());
    expect(pings).to.equal(1);
    expect(kinds()).to.deep.equal([]);
  });

  it("tells once that no broker answers, asks until one does, and tells that, too", async () => {
    isDown = true;
    await send(gone());
    await send(gone());
    expect(kinds()).to.deep.equal(["connection.failed"]);
    await clock.advance(20_000);
    expect(kinds()).to.deep.equal(["connection.failed"]);
    expect(pings).to.be.within(4, 7);
    isDown = false;
    await clock.advance(5_000);
    expect(kinds()).to.deep.equal(["connection.failed", "connection.restored"]);
    expect(clock.pending()).to.equal(0);
  });

  it("takes a send that succeeds for an answer", async () => {
    isDown = true;
    await send(gone());
    await send();
    expect(kinds()).to.deep.equal(["connection.failed", "connection.restored"]);
    expect(clock.pending()).to.equal(0);
  });

  it("stops asking when the port closes", async () => {
    isDown = true;
    await send(gone());
    await port.close();
    expect(clock.pending()).to.equal(0);
    await send(gone());
    expect(kinds()).to.deep.equal(["connection.failed"]);
  });
});
