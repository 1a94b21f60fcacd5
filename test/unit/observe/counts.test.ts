import { expect } from "chai";
import type { RecordRef, Signal } from "../../../src/core/signals.ts";
import { countLabels } from "../../../src/observe/count-rules.ts";
import { type Counts, createCounts } from "../../../src/observe/counts.ts";

const at = { group: "billing", topic: "orders", partition: 3 };
const record: RecordRef = {
  ...at,
  offset: 7n,
  stage: "main",
  attempt: 1,
  event: "order.placed",
  messageId: "m-1",
};
const error = Object.assign(new Error("the card of Ada was declined"), { code: "send_timeout" });

/** One of each kind, with every field that could tempt somebody into a label. */
const everything: readonly Signal[] = [
  { kind: "app.started", clientId: "c" },
  { kind: "config.warning", message: "Ada" },
  { kind: "record.sent", topic: "orders", event: "order.placed", messageId: "m-1" },
  {
    kind: "record.produced",
    topic: "orders",
    partition: 3,
    offset: 7n,
    event: "order.placed",
    messageId: "m-1",
  },
  {
    kind: "record.send_failed",
    topic: "orders",
    event: "order.placed",
    messageId: "m-1",
    error,
    deadLettered: false,
  },
  { kind: "record.received", record },
  {
    kind: "record.handled",
    record,
    outcome: "dead_lettered",
    reason: "Ada",
    durationMs: 1,
    error,
    failureClass: "transient",
    next: { topic: "orders-dlq" },
  },
  {
    kind: "record.handled",
    record: { ...record, attempt: 2, stage: "retry-1" },
    outcome: "retried",
    durationMs: 1,
  },
  { kind: "record.decode_failed", record, reason: "malformed" },
  { kind: "handler.overdue", record, timeoutMs: 1 },
  { kind: "partition.assigned", ...at, epoch: 1 },
  { kind: "partition.revoked", ...at, partition: 9, epoch: 1, lost: false, unfinished: 1 },
  { kind: "partition.paused", ...at, cause: "sink" },
  { kind: "partition.lag", ...at, lag: 5n },
  { kind: "partition.stopped", ...at, offset: 7n, failureClass: "bad-bytes", error },
  { kind: "offsets.committed", ...at, offset: 8n },
  { kind: "offsets.commit_failed", group: "billing", error },
  { kind: "offsets.dropped", ...at, epoch: 1, why: "batch" },
  { kind: "offsets.map_dropped", ...at, why: "corrupt" },
  { kind: "dedupe.bypassed", record, error },
  {
    kind: "replay.record",
    replayId: "r",
    from: "orders-dlq/0/7",
    to: "orders-retry-1",
    dryRun: true,
    outcome: "planned",
    edited: false,
    reason: "Ada",
  },
  { kind: "offsets.reset", ...at },
  { kind: "consumer.joined", group: "billing" },
  { kind: "consumer.rebalancing", group: "billing" },
  { kind: "consumer.heartbeat", group: "billing" },
  { kind: "consumer.stalled", group: "billing", ageMs: 1 },
  { kind: "consumer.crashed", group: "billing", error, willRestart: true },
  { kind: "connection.failed", component: "producer", error },
  {
    kind: "registry.request_failed",
    url: "http://ada:secret@registry",
    status: 503,
    attempt: 1,
    willRetry: true,
  },
  { kind: "schema.cache", hit: true },
  { kind: "schema.cache", hit: false },
  { kind: "log.dropped" },
  { kind: "internal.error", where: "batch", error },
];

describe("counts", () => {
  let counts: Counts;
  const tell = (...signals: readonly Signal[]): void => {
    for (const signal of signals) counts.observe(signal);
  };

  beforeEach(() => {
    counts = createCounts();
  });

  it("give each metric its own labels, always the same, and nothing out of a message among them", () => {
    tell(...everything);
    const series = counts.series();
    for (const { metric, labels } of series)
      expect(Object.keys(labels), metric).to.deep.equal([...countLabels[metric]]);
    expect(new Set(series.map(({ metric }) => metric))).to.deep.equal(new Set(Object.keys(countLabels)));
    const texts = JSON.stringify(series);
    for (const secret of ["m-1", "Ada", "secret", '"7"', '"8"']) expect(texts).not.to.include(secret);
  });

  it("know no label that a message could fill", () => {
    const labels = new Set(Object.values(countLabels).flat());
    for (const name of ["key", "offset", "id", "messageId", "reasonText", "message", "error"])
      expect(labels.has(name as never), name).to.equal(false);
    expect([...labels].sort()).to.deep.equal([
      "cause",
      "class",
      "code",
      "component",
      "event",
      "group",
      "outcome",
      "partition",
      "reason",
      "stage",
      "status",
      "topic",
      "where",
      "why",
    ]);
  });

  it("add up, by any of their labels", () => {
    for (const outcome of ["processed", "processed", "skipped"] as const)
      tell({ kind: "record.handled", record, outcome, durationMs: 1 });
    tell({
      kind: "record.handled",
      record: { ...record, group: "mail" },
      outcome: "processed",
      durationMs: 1,
    });
    expect(counts.total("outcomes")).to.equal(4);
    expect(counts.total("outcomes", { outcome: "processed" })).to.equal(3);
    expect(counts.total("outcomes", { outcome: "processed", group: "billing" })).to.equal(2);
    expect(counts.total("outcomes", { group: "nobody" })).to.equal(0);
    expect(counts.total("produced")).to.equal(0);
  });

  it("count a retry for each attempt behind the first one that ran the record", () => {
    for (const outcome of [
      "processed",
      "retried",
      "dead_lettered",
      "held",
      "skipped",
      "deduped",
      "abandoned",
    ] as const)
      tell(
        { kind: "record.handled", record, outcome, durationMs: 1 },
        { kind: "record.handled", record: { ...record, attempt: 3 }, outcome, durationMs: 1 },
      );
    expect(counts.total("retries")).to.equal(3);
    expect(counts.total("processingMs")).to.equal(6);
    expect(counts.total("deadLetters", { class: "_unknown" })).to.equal(2);
  });

  it("show what is paused and how far it lags now, and forget both with the assignment", () => {
    tell(
      { kind: "partition.paused", ...at, cause: "sink" },
      { kind: "partition.paused", ...at, cause: "window" },
    );
    tell({ kind: "partition.paused", ...at, partition: 4, cause: "sink" });
    tell({ kind: "partition.lag", ...at, lag: 5n }, { kind: "partition.lag", ...at, lag: 3n });
    expect(counts.total("pausedPartitions", { cause: "sink" })).to.equal(2);
    expect(counts.total("lag")).to.equal(3);
    tell({ kind: "partition.resumed", ...at, cause: "sink" });
    expect(counts.total("pausedPartitions", { cause: "sink" })).to.equal(1);
    tell({ kind: "partition.revoked", ...at, epoch: 1, lost: false, unfinished: 2 });
    expect(counts.total("pausedPartitions")).to.equal(1);
    expect(counts.series().filter(({ metric }) => metric === "lag")).to.deep.equal([]);
    expect(counts.total("pauses")).to.equal(3);
    expect(counts.total("unfinished", { group: "billing" })).to.equal(2);
  });

  it("stay few, however many names other people's schemas bring", () => {
    for (let i = 0; i < 2_000; i++)
      tell({
        kind: "record.handled",
        record: { ...record, event: `evil.${i}` },
        outcome: "skipped",
        durationMs: 1,
      });
    expect(counts.series().length).to.be.at.most(501);
    expect(counts.total("outcomes", { event: "_other" })).to.equal(1_500);
    expect(counts.total("outcomes")).to.equal(2_000);
  });

  it("want to hear what goes well, too", () => {
    expect(counts.observe.hearsRoutine).to.equal(undefined);
  });
});
