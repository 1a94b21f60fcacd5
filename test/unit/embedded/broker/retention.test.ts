import { expect } from "chai";
import type { DevBroker } from "../../../../src/embedded/broker/index.ts";
import { embeddedBrokers } from "../../../support/embedded.ts";
import { batchOf, fetchFrom, valuesOf } from "../../../support/embedded-batch.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

describe("retention on the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const started = async (configs: Readonly<Record<string, string>>) => {
    const clock = createManualClock();
    const broker = await start({ clock, retentionIntervalMs: 60_000, topics: [{ name: "orders", configs }] });
    return { clock, broker };
  };
  const seed = (broker: DevBroker, ...values: readonly string[]): void => {
    for (const value of values) broker.seed("orders", [{ value }]);
  };

  it("forgets what is older than retention.ms, whole batches only, by its timer", async () => {
    const { clock, broker } = await started({ "retention.ms": "90000" });
    broker.seed("orders", [
      { value: "old", timestampMs: clock.now() - 80_000 },
      { value: "young", timestampMs: clock.now() },
    ]);
    seed(broker, "other");
    await clock.advance(60_000);
    expect(valuesOf(broker.records("orders"))).to.deep.equal(["old", "young", "other"]);
    seed(broker, "newer");
    await clock.advance(60_000);
    expect(valuesOf(broker.records("orders"))).to.deep.equal(["newer"]);
    expect(await fetchFrom(await wire(broker), "orders", 3)).to.include({
      errorCode: 0,
      logStartOffset: 3,
      highWatermark: 4,
    });
  });

  it("forgets the oldest batches above retention.bytes at once when it is asked to", async () => {
    const size = batchOf(["a"]).length;
    const { broker } = await started({ "retention.bytes": String(2 * size), "retention.ms": "-1" });
    seed(broker, "a", "b", "c", "d");
    broker.applyRetention();
    expect(valuesOf(broker.records("orders"))).to.deep.equal(["c", "d"]);
    broker.applyRetention();
    expect(valuesOf(broker.records("orders"))).to.deep.equal(["c", "d"]);
  });

  it("keeps everything where both are −1, and where a topic is only compacted", async () => {
    const { clock, broker } = await started({ "retention.ms": "-1" });
    broker.createTopic({ name: "compacted", configs: { "cleanup.policy": "compact", "retention.ms": "1" } });
    seed(broker, "a");
    broker.seed("compacted", [{ value: "b" }]);
    await clock.advance(10 * 60_000);
    expect([broker.records("orders").length, broker.records("compacted").length]).to.deep.equal([1, 1]);
  });

  it("goes on counting offsets when everything was forgotten", async () => {
    const { clock, broker } = await started({ "retention.ms": "1000" });
    seed(broker, "a", "b");
    await clock.advance(60_000);
    seed(broker, "c");
    expect(broker.records("orders").map(({ offset }) => offset)).to.deep.equal([2]);
  });
});
