import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type {
  AppSnapshot,
  ConsumerSnapshot,
  MemberSnapshot,
  PartitionSnapshot,
} from "../../../src/core/health.ts";
import type { RecordRef, Signal } from "../../../src/core/signals.ts";
import { createHealth, type Health } from "../../../src/observe/health.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

const group = "billing";
const record: RecordRef = { topic: "orders", partition: 3, offset: 7n, group, stage: "main", attempt: 1 };

describe("health", () => {
  let clock: ManualClock;
  let blockedMs: number;
  let health: Health;

  beforeEach(() => {
    clock = createManualClock();
    blockedMs = 0;
    health = createHealth({ clock, blockedMs: () => blockedMs, readyOnStandby: true });
  });

  const partition = (more: Partial<PartitionSnapshot> = {}): PartitionSnapshot => ({
    group,
    topic: "orders",
    partition: 3,
    watermark: 7n,
    committed: 5n,
    end: 10n,
    endSeenMs: clock.now(),
    causes: [],
    running: 0,
    waiting: 0,
    progressMs: clock.now(),
    oldestMs: clock.now(),
    ...more,
  });
  const member = (more: Partial<MemberSnapshot> = {}): MemberSnapshot => ({
    group,
    phase: "joined",
    sinceMs: clock.now(),
    heartbeatMs: clock.now(),
    sessionTimeoutMs: 30_000,
    partitions: [partition()],
    ...more,
  });
  const consumer = (more: Partial<ConsumerSnapshot> = {}): ConsumerSnapshot => ({
    group,
    phase: "started",
    isPaused: false,
    members: [member()],
    ...more,
  });
  const withPartition = (more: Partial<PartitionSnapshot>): ConsumerSnapshot =>
    consumer({ members: [member({ partitions: [partition({ partition: 1 }), partition(more)] })] });
  const withMember = (more: Partial<MemberSnapshot>): ConsumerSnapshot =>
    consumer({ members: [member(more)] });
  const app = (
    consumers: readonly ConsumerSnapshot[],
    phase: AppSnapshot["phase"] = "open",
  ): AppSnapshot => ({
    phase,
    consumers,
  });
  const tell = (...signals: readonly Signal[]): void => {
    for (const signal of signals) health.observe(signal);
  };
  const verdict = (snapshot: AppSnapshot): string => {
    const { live, ready, summary } = health.judge(snapshot);
    return `${live ? "live" : "dead"} ${ready ? "ready" : "unready"} ${summary}`;
  };

  // Each row of the table: what happens, and what the three probes say.
  const rows: readonly (readonly [string, () => AppSnapshot, string])[] = [
    [
      "a consumer that was not started yet",
      () => app([consumer({ phase: "new", members: [] })]),
      "live unready starting",
    ],
    [
      "start-up checks that run",
      () => app([consumer({ phase: "starting", members: [] })]),
      "live unready starting",
    ],
    [
      "a member that joins for the first time",
      () => app([consumer({ phase: "starting", members: [member({ phase: "joining", partitions: [] })] })]),
      "live unready starting",
    ],
    [
      "a start that failed for good",
      () =>
        app([
          consumer({ members: [], phase: "starting", startError: new KeryxError("topic_missing", "no") }),
        ]),
      "dead unready failed: billing",
    ],
    [
      "a start that found no broker",
      () =>
        app([
          consumer({ members: [], phase: "starting", startError: new KeryxError("kafka_unavailable", "no") }),
        ]),
      "live unready disconnected: billing",
    ],
    ["a member without partitions", () => app([withMember({ partitions: [] })]), "live ready standby"],
    [
      "a rebalance",
      () => app([withMember({ phase: "rejoining", partitions: [] })]),
      "live ready rebalancing",
    ],
    [
      "a rebalance that takes longer than a minute",
      () => app([withMember({ phase: "rejoining", sinceMs: clock.now() - 61_000, partitions: [] })]),
      "live unready rebalancing",
    ],
    [
      "a consumer paused by its operator",
      () => app([{ ...withMember({ partitions: [partition({ causes: ["operator"] })] }), isPaused: true }]),
      "live ready paused",
    ],
    [
      "a partition stopped by policy",
      () => app([withPartition({ causes: ["stopped"] })]),
      "live unready stopped: orders/3",
    ],
    [
      "a slow handler inside its deadline, long without progress",
      () => app([withPartition({ running: 1, progressMs: clock.now() - 50_000 })]),
      "live ready running",
    ],
    [
      "records to read and nothing under way for half a minute",
      () => app([withPartition({ progressMs: clock.now() - 31_000 })]),
      "dead unready stuck: orders/3",
    ],
    [
      "a client that crashed and is made anew",
      () => app([withMember({ phase: "crashed" })]),
      "live unready disconnected",
    ],
    ["a client that gave up", () => app([withMember({ phase: "failed" })]), "dead unready failed: billing"],
    [
      "no heartbeat for longer than the session",
      () => app([withMember({ heartbeatMs: clock.now() - 30_001 })]),
      "live unready disconnected",
    ],
    [
      "an unknown schema while the registry is down",
      () => app([withPartition({ causes: ["registry"] })]),
      "live unready paused: registry",
    ],
    [
      "a retry topic that cannot be written",
      () => app([withPartition({ causes: ["sink"] })]),
      "live unready paused: sink",
    ],
    [
      "a dedupe store that is down",
      () => app([withPartition({ causes: ["dedupe"] })]),
      "live unready paused: dedupe",
    ],
    ["an open breaker", () => app([withPartition({ causes: ["breaker"] })]), "live ready degraded"],
    [
      "full buffers and retries that are not due",
      () => app([withPartition({ causes: ["buffer", "delay"] })]),
      "live ready running",
    ],
    [
      "an app that is closing",
      () => app([withPartition({ causes: ["stopped"] })], "closing"),
      "live unready draining",
    ],
    ["a consumer that is closing", () => app([consumer({ phase: "closing" })]), "live unready draining"],
    ["an app that was closed", () => app([], "closed"), "live unready stopped (expected)"],
    [
      "its only consumer closed on purpose",
      () => app([consumer({ phase: "closed", members: [] })]),
      "live unready stopped (expected)",
    ],
    [
      "one of two consumers closed on purpose",
      () => app([consumer(), consumer({ phase: "closed", members: [] })]),
      "live ready running",
    ],
    ["an app that only sends", () => app([]), "live ready running"],
    [
      "one member running, one without partitions",
      () => app([consumer({ members: [member(), member({ partitions: [] })] })]),
      "live ready running",
    ],
  ];
  for (const [situation, snapshot, expected] of rows)
    it(`says ${expected} of ${situation}`, () => {
      expect(verdict(snapshot())).to.equal(expected);
    });

  it("is unready and live while no broker can be reached, until one answers again", () => {
    tell({ kind: "connection.failed", component: "producer", error: new Error("x") });
    expect(verdict(app([]))).to.equal("live unready disconnected");
    tell({ kind: "connection.restored", component: "producer" });
    expect(verdict(app([]))).to.equal("live ready running");
  });

  it("is degraded and ready while the registry is down and cached schemas are enough", () => {
    const failed = { kind: "registry.request_failed", url: "u", attempt: 1 } as const;
    tell({ ...failed, willRetry: true });
    expect(verdict(app([consumer()]))).to.equal("live ready running");
    tell({ ...failed, willRetry: false });
    expect(verdict(app([consumer()]))).to.equal("live ready degraded: registry");
    tell({ kind: "registry.recovered", url: "u" });
    expect(verdict(app([consumer()]))).to.equal("live ready running");
  });

  it("calls a handler hung a minute after it was called off, and no longer once it has ended", async () => {
    tell({ kind: "handler.overdue", record, timeoutMs: 5 });
    await clock.advance(60_000);
    expect(verdict(app([consumer()]))).to.equal("live ready running");
    await clock.advance(1);
    expect(verdict(app([consumer()]))).to.equal("dead unready hung: billing at orders/3@7");
    tell({ kind: "handler.settled", record });
    expect(verdict(app([consumer()]))).to.equal("live ready running");
  });

  it("is dead at once after a defect of its own, and not after a failure that passes", () => {
    tell({ kind: "internal.error", where: "dedupe release", error: new Error("x"), isPassing: true });
    expect(verdict(app([consumer()]))).to.equal("live ready running");
    tell({ kind: "internal.error", where: "consumer lanes", error: new Error("x") });
    expect(verdict(app([consumer()]))).to.equal("dead unready failed: consumer lanes");
  });

  it("is dead while the event loop stands still for five seconds", () => {
    blockedMs = 4_999;
    expect(verdict(app([]))).to.equal("live ready running");
    blockedMs = 5_000;
    expect(verdict(app([]))).to.equal("dead unready blocked: event loop");
  });

  it("never calls a partition stuck that waits for something, or of which no broker has told lately", () => {
    const longAgo = clock.now() - 100_000;
    const innocent: readonly Partial<PartitionSnapshot>[] = [
      { waiting: 1 },
      { running: 1 },
      { causes: ["delay"] },
      { end: 7n },
      { end: undefined },
      { watermark: undefined, committed: undefined },
      { endSeenMs: clock.now() - 26_000 },
    ];
    for (const more of innocent)
      expect(
        verdict(app([withPartition({ progressMs: longAgo, ...more })])),
        JSON.stringify(Object.keys(more)),
      ).to.equal("live ready running");
    expect(verdict(app([withPartition({ progressMs: longAgo, watermark: undefined })]))).to.include("stuck");
  });

  it("lets standby be unready where that is asked for", () => {
    health = createHealth({ clock, blockedMs: () => 0, readyOnStandby: false });
    expect(verdict(app([withMember({ partitions: [] })]))).to.equal("live unready standby");
  });

  it("tells of each partition what it knows, and ages only what is measured", () => {
    const at = { group, topic: "orders", partition: 3 };
    const progressMs = clock.now() - 4_000;
    const oldestMs = clock.now() - 5_000;
    const [known] = health.judge(
      app([withMember({ partitions: [partition({ progressMs, oldestMs })] })]),
    ).consumers;
    expect(known!.partitions).to.deep.equal([
      { ...at, paused: [], running: 0, watermark: 7n, lag: 5n, progressAgeMs: 4_000, oldestAgeMs: 5_000 },
    ]);
    expect(known!.heartbeatAgeMs).to.equal(0);
    const paused = partition({ causes: ["window"], progressMs, oldestMs: undefined });
    const nothing = partition({ end: undefined, watermark: undefined, oldestMs: undefined });
    const [other] = health.judge(app([withMember({ partitions: [paused, nothing] })])).consumers;
    expect(other!.partitions).to.deep.equal([
      { ...at, paused: ["window"], running: 0, watermark: 7n, lag: 5n },
      { ...at, paused: [], running: 0 },
    ]);
  });

  it("compares what is with what was asked for", () => {
    const expected = (snapshot: AppSnapshot): string => health.judge(snapshot).expected;
    expect(expected(app([]))).to.equal("running");
    expect(expected(app([consumer({ isPaused: true })]))).to.equal("paused");
    expect(expected(app([consumer({ isPaused: true }), consumer()]))).to.equal("running");
    expect(expected(app([consumer({ phase: "closed" })]))).to.equal("stopped");
    expect(expected(app([], "closing"))).to.equal("stopped");
  });

  it("keeps the warnings about settings, each once and not without end", () => {
    for (let i = 0; i < 100; i++) tell({ kind: "config.warning", message: `m${i % 40}` });
    expect(health.judge(app([])).warnings).to.have.length(20);
  });

  it("does not make the engine report what goes well", () => {
    expect(health.observe.hearsRoutine).to.equal(false);
  });
});
