import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { headerText } from "../../../src/core/headers.ts";
import {
  caught,
  createBench,
  createFreeEvent,
  createMemoryKafka,
  createOrderEvent,
  toOrder,
} from "./memory-kafka.ts";

const placed = createOrderEvent();
const order = (key: string, id = "id-1"): { key: string; id: string } => ({ key, id });
const outage = (): never => {
  throw new KeryxError("broker_unreachable", "no broker");
};

describe("a producer", () => {
  it("connects and registers with the first send, and tells where the record landed", async () => {
    const { producer, kafka, prepared } = createBench();
    const result = await producer.send(placed, order("k"));
    expect(result).to.deep.equal({ topic: "orders", partition: 0, offset: 0n, messageId: "id-1" });
    expect(kafka.connects).to.equal(1);
    expect(prepared).to.deep.equal(["order.placed"]);
    await producer.close();
    expect(kafka.closes).to.equal(1);
  });

  it("says of each record that it was sent, and that it was produced or failed", async () => {
    const { producer, kafka, signals } = createBench({ maxBatchRecords: 1 });
    kafka.before = (batch) => {
      if (toOrder(batch[0]).id === "bad") throw new KeryxError("send_failed", "no");
    };
    await Promise.allSettled([
      producer.send(placed, order("a", "good")),
      producer.send(placed, order("b", "bad")),
    ]);
    const said = signals.flatMap((signal) =>
      "messageId" in signal ? [`${signal.kind} ${signal.messageId}`] : [],
    );
    expect(said).to.have.members([
      "record.sent good",
      "record.sent bad",
      "record.produced good",
      "record.send_failed bad",
    ]);
  });

  it("registers all events of its topic on start, once", async () => {
    const other = createOrderEvent("order.cancelled");
    const { producer, prepared, kafka } = createBench({}, { events: [placed, other] });
    await Promise.all([producer.start(), producer.start()]);
    await producer.send(other, order("k"));
    expect(new Set(prepared)).to.deep.equal(new Set(["order.placed", "order.cancelled"]));
    expect(kafka.connects).to.equal(1);
    await producer.close();
  });

  it("keeps the order of sends that arrive before the start is through", async () => {
    const bench = createBench();
    const cancelled = createOrderEvent("order.cancelled");
    bench.onPrepare = async (event) => {
      if (event === placed) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await bench.producer.start([cancelled]);
    await Promise.all([
      bench.producer.send(placed, order("k", "1")),
      bench.producer.send(cancelled, order("k", "2")),
      bench.producer.send(placed, order("k", "3")),
    ]);
    expect(bench.kafka.log.map((record) => toOrder(record).id)).to.deep.equal(["1", "2", "3"]);
  });

  it("shows the caller in the stack of a failed send", async () => {
    const { producer, kafka } = createBench();
    kafka.before = () => {
      throw new KeryxError("send_failed", "no");
    };
    async function placeOrderInTheShop(): Promise<void> {
      await producer.send(placed, order("k"));
    }
    const error = await caught(placeOrderInTheShop());
    expect(error.stack).to.include("placeOrderInTheShop");
  });

  it("drains on close, then refuses", async () => {
    const { producer, kafka } = createBench();
    const sends = Array.from({ length: 20 }, (_, i) => producer.send(placed, order(`k${i}`)));
    await producer.close();
    await producer.close();
    expect(kafka.log).to.have.length(20);
    await Promise.all(sends);
    expect((await caught(producer.send(placed, order("k")))).code).to.equal("closed");
    expect(kafka.closes).to.equal(1);
  });

  it("closes in time during an outage, and says of each send that it was cut off", async () => {
    for (const stage of ["request", "opening"] as const) {
      const { producer, kafka } = createBench({ closeTimeoutMs: 50 });
      if (stage === "opening") kafka.onConnect = () => new Promise(() => {});
      kafka.before = outage;
      const sends = ["a", "b"].map((key) => caught(producer.send(placed, order(key))));
      const started = Date.now();
      await producer.close();
      expect(Date.now() - started).to.be.within(45, 2_000);
      for (const error of await Promise.all(sends)) {
        expect(error.code).to.equal("send_timeout");
        expect(error.message).to.contain("within 50 ms after the producer was closed");
      }
      expect(producer.stats()).to.include({ failed: 2, inFlight: 0 });
      expect(kafka.closes).to.equal(1);
    }
  });

  it("leaves no timer behind that would keep the process alive", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    // The runner sets its own behind the first turn.
    await new Promise((resolve) => setImmediate(resolve));
    const before = timers();
    const { producer } = createBench();
    await producer.send(placed, order("k"));
    expect(timers()).to.be.at.most(before);
    await producer.close();
  });

  it("publishes a tombstone", async () => {
    const { producer, kafka } = createBench();
    const { messageId } = await producer.tombstone("k-9");
    const [record] = kafka.log;
    expect(record?.value).to.equal(null);
    expect(Buffer.from(record?.key ?? []).toString()).to.equal("k-9");
    expect(headerText(record?.headers ?? [], "message-id")).to.equal(messageId);
    expect(headerText(record?.headers ?? [], "event-type")).to.equal(undefined);
    expect((await caught(producer.tombstone(""))).code).to.equal("missing_key");
  });

  it("names the topic and the setting when the topic is missing", async () => {
    const { producer } = createBench({}, { kafka: createMemoryKafka([]) });
    const error = await caught(producer.send(placed, order("k")));
    expect(error.code).to.equal("topic_missing");
    expect(error.message).to.include("orders");
    expect(error.help).to.include("createTopics: true");
    expect((await caught(producer.start())).code).to.equal("topic_missing");
  });

  it("creates the missing topic where that is allowed", async () => {
    const kafka = createMemoryKafka([]);
    const { producer, signals } = createBench({}, { kafka, createTopics: { partitions: 3 } });
    await producer.send(placed, order("k"));
    expect(kafka.created).to.deep.equal(["orders"]);
    expect(signals.map((signal) => signal.kind)).to.include("topic.created");
  });

  it("fails the waiting sends when it cannot connect, and tries again with the next", async () => {
    const { producer, kafka } = createBench();
    kafka.onConnect = outage;
    const ends = await Promise.allSettled([
      producer.send(placed, order("a")),
      producer.send(placed, order("b")),
    ]);
    expect(ends.map((end) => end.status)).to.deep.equal(["rejected", "rejected"]);
    kafka.onConnect = () => {};
    await producer.send(placed, order("c"));
    expect(producer.stats()).to.include({ sent: 3, produced: 1, failed: 2, inFlight: 0 });
  });

  it("fails only the sends of an event whose schema is refused", async () => {
    const bench = createBench();
    const broken = createOrderEvent("order.broken");
    bench.onPrepare = (event) => {
      if (event === broken) throw new KeryxError("schema_incompatible", "no");
    };
    const ends = await Promise.allSettled([
      bench.producer.send(broken, order("a")),
      bench.producer.send(placed, order("a")),
      bench.producer.send(broken, order("a")),
    ]);
    expect(ends.map((end) => end.status)).to.deep.equal(["rejected", "fulfilled", "rejected"]);
  });

  it("inherits correlation and cause from the handler under way", async () => {
    const { producer, kafka, context } = createBench();
    const delivery = {
      messageId: "m-1",
      correlationId: "flow-1",
      causationId: undefined,
      topic: "in",
      partition: 0,
      offset: 0n,
      group: "g",
      event: undefined,
      attempt: 1,
    };
    await context.run(delivery, () => producer.send(placed, order("k")));
    await producer.send(createFreeEvent(), order("k"));
    const [inside, outside] = kafka.log;
    expect(headerText(inside?.headers ?? [], "correlation-id")).to.equal("flow-1");
    expect(headerText(inside?.headers ?? [], "causation-id")).to.equal("m-1");
    const own = headerText(outside?.headers ?? [], "message-id");
    expect(own).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(headerText(outside?.headers ?? [], "correlation-id")).to.equal(own);
    expect(headerText(outside?.headers ?? [], "causation-id")).to.equal(undefined);
  });

  it("does not warn when many sends share one signal", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => {
      warnings.push(warning);
    };
    process.on("warning", onWarning);
    const { producer } = createBench();
    const { signal } = new AbortController();
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => producer.send(placed, order(`k${i}`), { signal })),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("warning", onWarning);
    expect(warnings).to.deep.equal([]);
  });

  it("refuses a send whose signal is already aborted", async () => {
    const { producer, kafka } = createBench();
    const error = await caught(producer.send(placed, order("k"), { signal: AbortSignal.abort() }));
    expect(error.code).to.equal("aborted");
    expect(kafka.log).to.have.length(0);
  });
});
