import { expect } from "chai";
import { type Member, watchMember } from "../../../src/consumer/member.ts";
import { oldestArrival, type Track } from "../../../src/consumer/tracks.ts";
import type { Observe, Signal } from "../../../src/core/signals.ts";
import type {
  ConsumerEvent,
  PortBatch,
  PortConsumer,
  RebalanceHandlers,
} from "../../../src/transport/port.ts";
import { queueRecords } from "../../../src/transport/records.ts";
import { createManualClock, type ManualClock, settle } from "../../support/manual-clock.ts";

const at = { topic: "orders", partition: 0 };

describe("what passes between a member and its client", () => {
  let clock: ManualClock;
  let signals: Signal[];
  let calls: string[];
  let ends: Map<string, bigint>;
  let member: Member;
  let tell: (event: ConsumerEvent) => void;
  let deliver: (batch: PortBatch) => void | Promise<void>;
  let rebalance: RebalanceHandlers;

  const open = async (hearsRoutine = true): Promise<void> => {
    const port: PortConsumer = {
      async start(_, handle, handlers, onEvent) {
        [deliver, rebalance, tell] = [handle, handlers, onEvent ?? ((): void => {})];
      },
      async commit(offsets) {
        calls.push(`commit ${offsets.map(({ offset }) => offset)}`);
        if (offsets[0]?.offset === 666n) throw new Error("refused");
      },
      pause: () => void calls.push("pause"),
      resume: () => void calls.push("resume"),
      seek: () => {},
      assignment: () => [],
      close: async () => void calls.push("close"),
    };
    const observe: Observe = Object.assign((signal: Signal) => void signals.push(signal), { hearsRoutine });
    member = watchMember(port, {
      group: "billing",
      clock,
      observe,
      async ends(topic) {
        calls.push(`ends ${topic}`);
        const high = ends.get(topic);
        if (high === undefined) throw new Error("no leader");
        return [
          { partition: 0, high },
          { partition: 7, high },
        ];
      },
    });
    await member.port.start(
      ["orders"],
      () => void calls.push("batch"),
      {
        assigned: () => void calls.push("assigned"),
        revoked: async () => void calls.push("revoked"),
        lost: () => void calls.push("lost"),
      },
      (event) => void calls.push(event.kind),
    );
  };

  beforeEach(async () => {
    [clock, signals, calls, ends] = [createManualClock(), [], [], new Map()];
    await open();
  });

  const assign = (epoch = 1, offset: bigint | undefined = 5n): void =>
    void rebalance.assigned([{ ...at, epoch, ...(offset === undefined ? {} : { offset }) }]);
  const batch = (nextOffset: bigint, highWatermark: bigint, records = 1, epoch = 1): PortBatch => ({
    ...at,
    epoch,
    nextOffset,
    highWatermark,
    records: queueRecords(
      Array.from({ length: records }, () => ({
        ...at,
        offset: nextOffset - 1n,
        key: null,
        value: null,
        headers: [],
        timestampMs: 0,
      })),
    ),
    resolve: () => {},
  });
  const track = (): Track => {
    const found = member.track(at);
    if (!found) throw new Error("nothing is known of it");
    return found;
  };
  const lags = (): readonly bigint[] =>
    signals.flatMap((signal) => (signal.kind === "partition.lag" ? signal.lag : []));

  it("is handed on unchanged", async () => {
    assign();
    await deliver(batch(6n, 9n));
    tell({ kind: "joined", memberId: "m" });
    await rebalance.revoked([]);
    rebalance.lost([]);
    member.port.pause([at]);
    member.port.resume([at]);
    await member.port.commit([], 1);
    await member.port.close();
    expect(calls).to.deep.equal([
      "assigned",
      "batch",
      "joined",
      "revoked",
      "lost",
      "pause",
      "resume",
      "commit ",
      "close",
    ]);
  });

  it("tells the phases of a membership", () => {
    const phases: string[] = [];
    const step = (act: () => void): void => {
      act();
      phases.push(member.state().phase);
    };
    step(() => {});
    step(() => assign());
    step(() => tell({ kind: "rejoining" }));
    step(() => assign(2));
    step(() => rebalance.lost([]));
    step(() => tell({ kind: "crash", error: 1, willRestart: true }));
    step(() => assign(3));
    step(() => tell({ kind: "crash", error: 1, willRestart: false }));
    expect(phases).to.deep.equal([
      "joining",
      "joined",
      "rejoining",
      "joined",
      "rejoining",
      "crashed",
      "joined",
      "failed",
    ]);
    expect(signals.map(({ kind }) => kind)).to.deep.equal(["consumer.rebalancing"]);
  });

  it("knows the last heartbeat, and since when it is at what it is at", async () => {
    const startMs = clock.now();
    await clock.advance(100);
    assign();
    await clock.advance(100);
    tell({ kind: "heartbeat" });
    await clock.advance(100);
    expect(member.state()).to.include({ sinceMs: startMs + 100, heartbeatMs: startMs + 200 });
  });

  it("knows how far behind its partitions are, from batches and commits of the same assignment only", async () => {
    assign();
    await deliver(batch(6n, 9n));
    await member.port.commit([{ ...at, offset: 6n }], 1);
    await deliver(batch(9n, 100n, 1, 99));
    await member.port.commit([{ ...at, offset: 9n }], 99);
    await member.port.commit([{ ...at, offset: 666n }], 1).catch(() => {});
    expect(lags()).to.deep.equal([4n, 3n]);
    expect(track()).to.include({ committed: 6n, end: 9n });
  });

  it("counts as having moved when it was resumed, committed, or fell behind anew", async () => {
    assign(1, 9n);
    const movedAt = async (act: () => unknown): Promise<boolean> => {
      await clock.advance(1_000);
      await act();
      return track().movedMs === clock.now();
    };
    expect(await movedAt(() => deliver(batch(10n, 10n)))).to.equal(true);
    expect(await movedAt(() => deliver(batch(11n, 11n)))).to.equal(false);
    expect(await movedAt(() => member.port.resume([at]))).to.equal(true);
    expect(await movedAt(() => member.port.commit([{ ...at, offset: 11n }], 1))).to.equal(true);
    expect(await movedAt(() => deliver(batch(12n, 12n)))).to.equal(true);
  });

  it("asks where quiet partitions end, once at a time, and not those it has just heard of", async () => {
    assign();
    member.look();
    await clock.advance(10_000);
    await deliver(batch(6n, 9n));
    member.look();
    expect(calls).not.to.include("ends orders");
    await clock.advance(10_000);
    ends.set("orders", 20n);
    member.look();
    member.look();
    await settle();
    expect(calls.filter((call) => call === "ends orders")).to.have.length(1);
    expect(track()).to.include({ end: 20n, endSeenMs: clock.now() });
    ends.clear();
    await clock.advance(10_000);
    member.look();
    await settle();
    await clock.advance(10_000);
    member.look();
    await settle();
    expect(calls.filter((call) => call === "ends orders")).to.have.length(3);
    expect(track().endSeenMs).to.equal(clock.now() - 20_000);
  });

  it("knows when the oldest unfinished record came, within bounds of memory", async () => {
    assign();
    const startMs = clock.now();
    for (let offset = 6n; offset < 206n; offset++) {
      await deliver(batch(offset, 300n));
      await clock.advance(1_000);
    }
    await deliver(batch(300n, 300n, 0));
    expect(track().arrivals).to.have.length(64);
    expect(oldestArrival(track(), 5n)).to.equal(startMs);
    expect(oldestArrival(track(), 7n)).to.equal(startMs + 2_000);
    // Never younger than it is.
    expect(oldestArrival(track(), 150n)).to.be.at.most(startMs + 145_000);
    expect(oldestArrival(track(), 205n)).to.equal(undefined);
  });

  it("does not take what it never was asked about for old", async () => {
    assign();
    for (let offset = 6n; offset < 506n; offset++) {
      await deliver(batch(offset, 600n));
      await member.port.commit([{ ...at, offset }], 1);
      await clock.advance(1_000);
    }
    await deliver(batch(506n, 600n));
    expect(oldestArrival(track(), 505n)).to.equal(clock.now());
  });

  it("says nothing of routine where nobody listens", async () => {
    await open(false);
    assign();
    await deliver(batch(6n, 9n));
    tell({ kind: "heartbeat" });
    expect(signals).to.deep.equal([]);
  });

  it("remembers a batch that could not be read", () => {
    assign();
    tell({ kind: "unreadable", at: { ...at, offset: 5n }, error: 1 });
    tell({ kind: "unreadable", at: { ...at, partition: 5, offset: 5n }, error: 1 });
    expect(track().unreadableMs).to.equal(clock.now());
  });
});
