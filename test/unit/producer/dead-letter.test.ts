import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { headerText } from "../../../src/core/headers.ts";
import type { ProducerDeadLetter } from "../../../src/producer/options.ts";
import { caught, createBench, createFreeEvent, createMemoryKafka, createOrderEvent } from "./memory-kafka.ts";

const placed = createOrderEvent();
const refuseMain = (batch: readonly { topic: string }[]): void => {
  if (batch.some((record) => record.topic === "orders"))
    throw new KeryxError("send_failed", "the broker said no");
};

describe("a producer's dead letter", () => {
  it("goes to the event's dead-letter topic with the untouched record and the reasons", async () => {
    const kafka = createMemoryKafka(["orders", "orders-dlq"]);
    const { producer, signals } = createBench({ deadLetter: "topic" }, { kafka, events: [placed] });
    await producer.start();
    kafka.before = refuseMain;
    const error = await caught(
      producer.send(placed, { key: "k", id: "id-1" }, { headers: { tenant: "blue" } }),
    );
    expect(error.code).to.equal("send_failed");
    expect(error.details["deadLettered"]).to.equal(true);
    const [letter] = kafka.log;
    const [original] = kafka.requests[0] ?? [];
    expect(letter?.topic).to.equal("orders-dlq");
    expect(letter?.key).to.deep.equal(original?.key);
    expect(letter?.value).to.deep.equal(original?.value);
    expect(letter?.headers.slice(0, original?.headers.length)).to.deep.equal(original?.headers);
    const header = (name: string): string | undefined => headerText(letter?.headers ?? [], name);
    expect(header("keryx-header-version")).to.equal("1");
    expect(header("keryx-side")).to.equal("producer");
    expect(header("keryx-stage")).to.equal("dlq");
    expect(header("keryx-attempt-count")).to.equal("1");
    expect(header("keryx-original-topic")).to.equal("orders");
    expect(header("keryx-original-partition")).to.equal(undefined);
    expect(header("keryx-original-offset")).to.equal(undefined);
    expect(header("keryx-failure-code")).to.equal("send_failed");
    expect(header("keryx-failure-class")).to.equal("non-retriable");
    expect(header("keryx-failure-reason")).to.equal("the broker said no");
    expect(header("keryx-event")).to.equal("order.placed");
    expect(header("tenant")).to.equal("blue");
    expect(Number(header("keryx-first-attempt"))).to.be.closeTo(Date.now(), 5_000);
    expect(Number(header("keryx-last-attempt"))).to.be.closeTo(Date.now(), 5_000);
    expect(signals.find((signal) => signal.kind === "record.send_failed")).to.include({ deadLettered: true });
    await producer.close();
  });

  it("shows a value that could not be encoded as JSON, its sensitive fields masked", async () => {
    const kafka = createMemoryKafka(["orders", "orders-dlq"]);
    const { producer } = createBench({ deadLetter: "topic" }, { kafka });
    const error = await caught(
      producer.send(placed, { key: "k", id: "i", text: "unfit", secret: "4111-1111" }),
    );
    expect(error.code).to.equal("encode_failed");
    const [letter] = kafka.log;
    expect(headerText(letter?.headers ?? [], "content-type")).to.equal(
      "application/vnd.keryx.dead-letter+json",
    );
    expect(headerText(letter?.headers ?? [], "message-id")).to.equal("i");
    expect(headerText(letter?.headers ?? [], "keryx-failure-class")).to.equal("invalid");
    const view = JSON.parse(Buffer.from(letter?.value ?? []).toString());
    expect(Object.keys(view).slice(0, 6)).to.deep.equal([
      "event",
      "topic",
      "failure_reason",
      "attempt_count",
      "first_attempt",
      "last_attempt",
    ]);
    expect(view.event).to.deep.equal({ key: "k", id: "i", text: "unfit", secret: "[redacted]" });
    expect(view.topic).to.equal("orders");
    expect(view.attempt_count).to.equal(1);
    expect(view.first_attempt).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Buffer.from(letter?.value ?? []).toString()).to.not.include("4111");
  });

  it("is handed to a callback with what failed, how often, and when", async () => {
    const letters: ProducerDeadLetter[] = [];
    const { producer, kafka } = createBench({
      deadLetterTimeoutMs: 500,
      deliveryTimeoutMs: 80,
      requestTimeoutMs: 10,
      deadLetter: (letter) => {
        letters.push(letter);
      },
    });
    await producer.start([placed]);
    kafka.before = () => {
      throw new KeryxError("broker_unreachable", "gone");
    };
    const error = await caught(producer.send(placed, { key: "k", id: "id-1" }));
    expect(error.details["deadLettered"]).to.equal(true);
    const [letter] = letters;
    expect(letter).to.include({ topic: "orders", messageId: "id-1", failureCode: "send_timeout" });
    expect(letter?.event).to.equal(placed);
    expect(letter?.failureReason).to.include("gone");
    expect(letter?.attemptCount).to.be.greaterThan(1);
    expect(letter?.lastAttemptMs).to.be.greaterThan(letter?.firstAttemptMs ?? Number.POSITIVE_INFINITY);
    expect(letter?.value).to.deep.equal({ key: "k", id: "id-1" });
    expect(letter?.record?.topic).to.equal("orders");
  });

  it("is reported when it cannot be written, and the send fails with its own reason", async () => {
    const kafka = createMemoryKafka(["orders", "orders-dlq"]);
    const { producer, signals } = createBench({ deadLetter: "topic" }, { kafka, events: [placed] });
    await producer.start();
    kafka.before = () => {
      throw new KeryxError("not_authorized", "no right to write");
    };
    const error = await caught(producer.send(placed, { key: "k", id: "i" }));
    expect(error.details["deadLettered"]).to.equal(false);
    expect(signals.map((signal) => signal.kind)).to.include("internal.error");
    expect(producer.stats()).to.include({ sent: 1, failed: 1, inFlight: 0 });
  });

  it("is given up after its own time limit", async () => {
    const { producer } = createBench({
      deadLetterTimeoutMs: 20,
      deadLetter: () => new Promise<void>(() => {}),
    });
    const error = await caught(producer.send(placed, { key: "k", id: "i", text: "unfit" }));
    expect(error.details["deadLettered"]).to.equal(false);
    expect(error.code).to.equal("encode_failed");
  });

  it("is not written for what the caller called off or may not send", async () => {
    const letters: unknown[] = [];
    const { producer } = createBench({
      deadLetter: (letter) => {
        letters.push(letter);
      },
    });
    await caught(producer.send(placed, { key: "k", id: "i" }, { signal: AbortSignal.abort() }));
    await caught(producer.send(placed, { key: "k", id: "i" }, { headers: { "keryx-x": "1" } }));
    expect(letters).to.deep.equal([]);
  });

  it("needs its topic at start, and names it when it is missing", async () => {
    const { producer } = createBench({ deadLetter: "topic" }, { events: [placed] });
    const error = await caught(producer.start());
    expect(error.code).to.equal("topic_missing");
    expect(error.message).to.include("orders-dlq");
  });

  it("of a tombstone goes to the topic's own dead-letter topic", async () => {
    const kafka = createMemoryKafka(["orders", "orders-dlq"]);
    const { producer } = createBench({ deadLetter: "topic" }, { kafka });
    await producer.start();
    kafka.before = refuseMain;
    await caught(producer.tombstone("k"));
    expect(kafka.log[0]).to.include({ topic: "orders-dlq", value: null });
    await caught(producer.send(createFreeEvent(), { key: "k", id: "i" }));
    expect(kafka.log[1]?.key).to.equal(null);
  });

  it("shortens a long reason at a character, not inside one", async () => {
    const kafka = createMemoryKafka(["orders", "orders-dlq"]);
    const { producer } = createBench({ deadLetter: "topic" }, { kafka });
    await producer.start([placed]);
    kafka.before = (batch) => {
      if (batch[0]?.topic === "orders") throw new KeryxError("send_failed", `a${"€".repeat(1_000)}`);
    };
    await caught(producer.send(placed, { key: "k", id: "i" }));
    const reason = headerText(kafka.log[0]?.headers ?? [], "keryx-failure-reason");
    expect(reason).to.equal(`a${"€".repeat(341)}`);
  });

  it("is written although the first connection for dead letters fails", async () => {
    const kafka = createMemoryKafka(["orders", "orders-dlq"]);
    const { producer } = createBench({ deadLetter: "topic" }, { kafka });
    await producer.start([placed]);
    let failures = 2;
    kafka.onConnect = () => {
      if (failures-- > 0) throw new KeryxError("broker_unreachable", "not yet");
    };
    const error = await caught(producer.send(placed, { key: "k", id: "i", text: "unfit" }));
    expect(error.details["deadLettered"]).to.equal(true);
    expect(kafka.log.map((record) => record.topic)).to.deep.equal(["orders-dlq"]);
    await producer.close();
    expect(kafka.closes).to.equal(2);
  });

  it("shows no value when the application's value cannot even be looked at", async () => {
    const kafka = createMemoryKafka(["orders", "orders-dlq"]);
    const { producer } = createBench({ deadLetter: "topic" }, { kafka });
    const value = {
      id: "i",
      text: "unfit",
      key: "k",
      get secret(): string {
        throw new Error("4111");
      },
    };
    await caught(producer.send(placed, value));
    const view = JSON.parse(Buffer.from(kafka.log[0]?.value ?? []).toString());
    expect(view.event).to.equal(null);
    expect(JSON.stringify(view)).to.not.include("4111");
  });

  it("waits with close until dead letters under way are taken", async () => {
    let take = (): void => {};
    const { producer } = createBench({
      deadLetter: () =>
        new Promise<void>((resolve) => {
          take = resolve;
        }),
    });
    const sent = caught(producer.send(placed, { key: "k", id: "i", text: "unfit" }));
    let isClosed = false;
    await new Promise((resolve) => setTimeout(resolve, 5));
    const closing = producer.close().then(() => {
      isClosed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(isClosed).to.equal(false);
    expect(producer.stats().inFlight).to.equal(1);
    take();
    await closing;
    expect((await sent).details["deadLettered"]).to.equal(true);
  });
});
