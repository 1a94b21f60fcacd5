import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { OutgoingRecord } from "../../../src/core/record.ts";
import { caught, createBench, createOrderEvent, toOrder } from "./memory-kafka.ts";

const placed = createOrderEvent();
const order = (key: string, id = "id-1"): { key: string; id: string } => ({ key, id });
const outage = (): never => {
  throw new KeryxError("broker_unreachable", "no broker");
};

describe("a producer's requests", () => {
  it("sends what piled up in one turn of the event loop as one request", async () => {
    const { producer, kafka } = createBench();
    await producer.start([placed]);
    await Promise.all(Array.from({ length: 100 }, (_, i) => producer.send(placed, order(`k${i}`))));
    expect(kafka.requests.map((batch) => batch.length)).to.deep.equal([100]);
    expect(producer.stats()).to.include({ sent: 100, produced: 100, failed: 0, inFlight: 0, batches: 1 });
  });

  it("waits for lingerMs unless the batch is full", async () => {
    const lingerMs = 40;
    const waiting = createBench({ lingerMs });
    await waiting.producer.start([placed]);
    const started = Date.now();
    await waiting.producer.send(placed, order("a"));
    expect(Date.now() - started).to.be.at.least(lingerMs - 5);
    expect(waiting.kafka.requests).to.have.length(1);
    // Longer than the test may take.
    const full = createBench({ lingerMs: 60_000, maxBatchRecords: 2 });
    await full.producer.start([placed]);
    await Promise.all(["a", "b"].map((key) => full.producer.send(placed, order(key))));
    expect(full.kafka.requests).to.have.length(1);
  });

  it("ends the linger on flush", async () => {
    const { producer } = createBench({ lingerMs: 5_000 });
    await producer.start([placed]);
    const sent = producer.send(placed, order("a"));
    await producer.flush();
    expect(producer.stats().inFlight).to.equal(0);
    await sent;
  });

  it("tries again after passing failures and stores each record", async () => {
    const { producer, kafka, signals } = createBench();
    let failures = 3;
    kafka.before = () => {
      if (failures-- > 0) outage();
    };
    await producer.send(placed, order("k"));
    expect(kafka.requests).to.have.length(4);
    expect(signals.filter((signal) => signal.kind === "record.send_failed")).to.have.length(0);
  });

  it("rejects exactly the sends of a request that failed for good", async () => {
    const { producer, kafka } = createBench({ maxBatchRecords: 2 });
    await producer.start([placed]);
    kafka.before = (batch) => {
      if (batch.some((record) => toOrder(record).id === "bad"))
        throw new KeryxError("send_failed", "invalid record", { details: { topic: "orders", partition: 3 } });
    };
    const ends = await Promise.allSettled(
      ["a", "bad", "c", "d", "e"].map((id, i) => producer.send(placed, order(`k${i}`, id))),
    );
    expect(ends.map((end) => end.status)).to.deep.equal([
      "rejected",
      "rejected",
      "fulfilled",
      "fulfilled",
      "fulfilled",
    ]);
    const [first] = ends;
    const error = (first as PromiseRejectedResult).reason as KeryxError;
    expect(error.message).to.equal("[send_failed] order.placed to orders-3: invalid record");
    expect(error.details).to.include({ topic: "orders", partition: 3, messageId: "a", attempts: 1 });
    expect(producer.stats()).to.include({ sent: 5, produced: 3, failed: 2, inFlight: 0 });
  });

  it("gives up at the delivery timeout, with the last failure as its reason", async () => {
    const { producer, kafka } = createBench({ deliveryTimeoutMs: 60, requestTimeoutMs: 10 });
    await producer.start([placed]);
    kafka.before = outage;
    const error = await caught(producer.send(placed, order("k")));
    expect(error.code).to.equal("send_timeout");
    expect(error.message).to.include("broker_unreachable");
    expect(error.details["attempts"]).to.be.greaterThan(1);
    kafka.before = () => {};
    await producer.send(placed, order("k", "later"));
    expect(kafka.log.map((record) => toOrder(record).id)).to.deep.equal(["later"]);
  });

  it("gives up at the delivery timeout even when the client never answers", async () => {
    const { producer, kafka } = createBench({ deliveryTimeoutMs: 40, requestTimeoutMs: 10 });
    await producer.start([placed]);
    let answer = (): void => {};
    kafka.before = () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      });
    const error = await caught(producer.send(placed, order("k")));
    expect(error.code).to.equal("send_timeout");
    expect(producer.stats()).to.include({ sent: 1, produced: 0, failed: 1, inFlight: 0 });
    answer();
    await producer.close();
  });

  it("splits a request that is too large, in order, and fails only the record that is too large alone", async () => {
    const { producer, kafka } = createBench();
    await producer.start([placed]);
    kafka.before = (batch) => {
      if (batch.length > 2 || batch.some((record) => toOrder(record).id === "2"))
        throw new KeryxError("record_too_large", "too large");
    };
    const ends = await Promise.allSettled(
      ["0", "1", "2", "3", "4", "5"].map((id) => producer.send(placed, order("same", id))),
    );
    expect(ends.map((end) => end.status === "fulfilled")).to.deep.equal([
      true,
      true,
      false,
      true,
      true,
      true,
    ]);
    expect(kafka.log.map((record) => toOrder(record).id)).to.deep.equal(["0", "1", "3", "4", "5"]);
  });

  it("has one request in flight when it is idempotent", async () => {
    const { producer, kafka } = createBench({ idempotent: true, maxBatchRecords: 1 });
    await producer.start([placed]);
    let inFlight = 0;
    let most = 0;
    kafka.before = async () => {
      most = Math.max(most, ++inFlight);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inFlight -= 1;
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => producer.send(placed, order(`k${i}`))));
    expect(most).to.equal(1);
  });

  it("goes on sending to other brokers while one takes nothing", async () => {
    const { producer, kafka } = createBench({ maxBatchRecords: 2, maxInFlight: 1 });
    await producer.start([placed]);
    const isFar = (record: OutgoingRecord): boolean => toOrder(record).key.startsWith("far");
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    kafka.leaderOf = (record) => (isFar(record) ? 1 : 2);
    kafka.before = (batch) => (batch.some(isFar) ? gate : undefined);
    const send = (key: string): Promise<unknown[]> =>
      Promise.all(
        Array.from({ length: 5 }, (_, i) => producer.send(placed, order(`${key}${i}`, `${key}${i}`))),
      );
    const far = send("far");
    await send("near");
    expect(kafka.log.some(isFar)).to.equal(false);
    open();
    await far;
    expect(kafka.requests.every((batch) => new Set(batch.map(isFar)).size === 1)).to.equal(true);
  });

  it("keeps an idempotent producer's records in one row, whichever broker they go to", async () => {
    const { producer, kafka } = createBench({ idempotent: true, maxBatchRecords: 1 });
    let asked = 0;
    kafka.leaderOf = () => asked++;
    let inFlight = 0;
    kafka.before = async () => {
      expect(++inFlight).to.equal(1);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, (_, i) => producer.send(placed, order(`k${i}`))));
  });

  it("makes sends wait when its queue is full, and lets them in as room comes back", async () => {
    const { producer, kafka } = createBench({ maxQueueRecords: 3, maxBatchRecords: 1, maxInFlight: 1 });
    await producer.start([placed]);
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    kafka.before = () => gate;
    const controller = new AbortController();
    const sends = Array.from({ length: 6 }, (_, i) => producer.send(placed, order(`k${i}`, `${i}`)));
    const calledOff = producer.send(placed, order("x", "off"), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("shutting down")), 5);
    const error = await caught(calledOff);
    expect(error.code).to.equal("aborted");
    expect(producer.stats()).to.include({ sent: 7, produced: 0, failed: 1, inFlight: 6 });
    open();
    await Promise.all(sends);
    expect(kafka.log.map((record) => toOrder(record).id)).to.deep.equal(["0", "1", "2", "3", "4", "5"]);
  });

  it("lets a record in that is larger than the whole queue, once the queue is empty", async () => {
    const { producer } = createBench({ maxQueueBytes: 1_000, batchBytes: 500 });
    const large = { ...order("big"), text: "x".repeat(5_000) };
    await Promise.all([
      producer.send(placed, order("a")),
      producer.send(placed, large),
      producer.send(placed, order("b")),
    ]);
    expect(producer.stats()).to.include({ produced: 3, inFlight: 0 });
  });

  it("lets no small record overtake a large one of the same key that waits for room", async () => {
    const { producer, kafka } = createBench({ maxQueueBytes: 1_000, batchBytes: 500, maxInFlight: 1 });
    await producer.start([placed]);
    await Promise.all([
      producer.send(placed, order("k", "0")),
      producer.send(placed, { ...order("k", "1"), text: "x".repeat(900) }),
      producer.send(placed, order("k", "2")),
    ]);
    expect(kafka.log.map((record) => toOrder(record).id)).to.deep.equal(["0", "1", "2"]);
  });
});
