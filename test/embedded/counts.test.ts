import { expect } from "chai";
import { type Counts, createCounts } from "keryx";
import { startTestServers, type TestServers } from "keryx/testing";
import { OrderCancelled, OrderPlaced } from "../../generated/index.ts";
import type { KeryxApp } from "../../src/keryx.ts";
import { waitUntil } from "../support/servers.ts";

const group = "billing";
const topic = "order-events";
const event = OrderPlaced.type;
const order = (orderId: string, eventId = `e-${orderId}`) => ({
  eventId,
  orderId,
  customerId: "c-1",
  totalMinor: 1n,
});
const ids = (word: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${word}-${i}`);

// What handlers did, and what lies on the broker, is counted without a signal.
describe("counts on the embedded servers", function () {
  this.timeout(60_000);
  let servers: TestServers;
  let counts: Counts;
  let app: KeryxApp;

  beforeEach(async () => {
    servers = await startTestServers({ broker: { topics: [{ name: topic, partitions: 3 }] } });
    counts = createCounts();
    app = await servers.connect({ observe: counts.observe });
  });

  afterEach(() => servers.close());

  const onBroker = (name: string): number => servers.broker.records(name).length;

  it("equal, once all is quiet, what handlers did and what the broker holds", async () => {
    const effects: string[] = [];
    const calls: { readonly id: string; readonly attempt: number; readonly stage: string }[] = [];
    await app
      .consumer({ group, retryDelaysMs: [1_000, 5_000] })
      .on(OrderPlaced, ({ orderId }, delivery) => {
        calls.push({ id: orderId, attempt: delivery.attempt, stage: delivery.stage });
        if (orderId.startsWith("skip")) return delivery.skip("not ours");
        if (orderId.startsWith("never") || (orderId.startsWith("later") && delivery.attempt < 3))
          throw new Error("declined");
        effects.push(orderId);
        return undefined;
      })
      .start();
    const placed = [...ids("now", 200), ...ids("later", 20), ...ids("never", 5), ...ids("skip", 7)];
    for (const id of placed) await app.producer.send(OrderPlaced, order(id));
    // The same ids once more.
    await servers.untilProcessed(group, { skipDelays: true });
    for (const id of ids("now", 9)) await app.producer.send(OrderPlaced, order(id));
    await app.producer.send(OrderCancelled, { eventId: "x", orderId: "o", customerId: "c" });
    await app.producer.send(OrderPlaced, order("", "")).catch(() => {});
    for (let i = 0; i < 4; i++)
      servers.broker.seed(topic, [{ key: Buffer.from("k"), value: Buffer.from([0, 0, 0, 0, 1, 255]) }]);
    await servers.untilProcessed(group, { skipDelays: true });

    const outcome = (name: string): number => counts.total("outcomes", { group, outcome: name });
    const sent = placed.length + 9 + 1;
    expect(counts.total("produced", { topic })).to.equal(sent);
    expect(counts.total("sent", { topic })).to.equal(sent + counts.total("sendsFailed", { topic }));
    expect(onBroker(topic)).to.equal(sent + 4);
    expect(effects).to.have.length(220);
    expect(outcome("processed")).to.equal(effects.length);
    expect(counts.total("outcomes", { group, topic, event, outcome: "processed" })).to.equal(200);
    expect(outcome("skipped")).to.equal(calls.filter(({ id }) => id.startsWith("skip")).length);
    expect(outcome("deduped")).to.equal(9);
    const threw = calls.filter(
      ({ id, attempt }) => id.startsWith("never") || (id.startsWith("later") && attempt < 3),
    );
    const handedOn = onBroker(`${topic}-retry-1`) + onBroker(`${topic}-retry-2`);
    expect(outcome("retried")).to.equal(handedOn);
    expect(outcome("retried") + 5).to.equal(threw.length);
    // Five that never went well, four that are no event, and one that nobody handles.
    expect(onBroker(`${topic}-dlq`)).to.equal(10);
    expect(outcome("dead_lettered")).to.equal(10);
    expect(counts.total("deadLetters", { class: "transient" })).to.equal(5);
    expect(counts.total("deadLetters", { class: "unhandled-event" })).to.equal(1);
    expect(counts.total("decodeErrors")).to.equal(4);
    expect(counts.total("retries")).to.equal(calls.filter(({ attempt }) => attempt > 1).length);
    for (const stage of ["retry-1", "retry-2"])
      expect(counts.total("retries", { stage })).to.equal(
        calls.filter((call) => call.stage === stage).length,
      );
    expect(counts.total("consumed", { topic, group })).to.equal(onBroker(topic));
    expect(counts.total("internalErrors")).to.equal(0);
    // The broker has the commits; its answers are on their way.
    await waitUntil("nothing lags", () => counts.total("lag") === 0);
    const lags = counts.series().filter(({ metric }) => metric === "lag");
    expect(new Set(lags.map(({ labels }) => labels["topic"]))).to.include(topic);
    expect(counts.total("commits", { group })).to.be.within(3, sent);
  });

  it("tell the lag of a partition that stands still", async () => {
    const consumer = app.consumer({ group }).on(OrderPlaced, () => {});
    await consumer.start();
    await servers.publish(OrderPlaced, order("o-1"));
    await servers.untilProcessed(group);
    consumer.pause();
    expect(counts.total("pausedPartitions", { group, cause: "operator" })).to.equal(3);
    for (const id of ids("o", 12)) await servers.publish(OrderPlaced, order(id, `late-${id}`));
    await waitUntil("the gauge tells of all", async () => {
      await servers.clock.advance(10_000);
      app.health();
      return counts.total("lag", { topic }) === 12;
    });
    consumer.resume();
    await servers.untilProcessed(group);
    await waitUntil("nothing is left", () => counts.total("lag") === 0);
    expect(counts.total("pausedPartitions", { group, cause: "operator" })).to.equal(0);
    await app.close();
    expect(counts.series().filter(({ metric }) => metric === "lag")).to.deep.equal([]);
  });
});
