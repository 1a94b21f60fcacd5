import { expect } from "chai";
import type { TopicPartition } from "../../../../../src/core/record.ts";
import {
  type Assignment,
  createAssignment,
  deliverBatch,
  deliverStretch,
  readStartPositions,
} from "../../../../../src/transport/kafkajs/consumer/assignment.ts";
import type { PortBatch, PortOffset } from "../../../../../src/transport/port.ts";

const at = (partition: number, topic = "t"): TopicPartition => ({ topic, partition });

function adminOf(
  committed: readonly PortOffset[],
  ranges: Readonly<Record<string, readonly [bigint, bigint][]>>,
) {
  return {
    groupOffsets: async () => committed,
    offsets: async (topic: string) =>
      (ranges[topic] ?? []).map(([low, high], partition) => ({ partition, low, high })),
  };
}

describe("start positions", () => {
  it("a committed offset wins over everything", async () => {
    const admin = adminOf([{ ...at(0), offset: 7n }], { t: [[0n, 9n]] });
    const found = await readStartPositions(admin, { group: "g", from: "latest" }, [at(0)]);
    expect(found).to.deep.equal([{ ...at(0), offset: 7n, isFresh: false }]);
  });

  it("without one, a new group starts where it is told", async () => {
    const admin = adminOf([], { t: [[3n, 9n]] });
    for (const [from, offset] of [
      ["earliest", 3n],
      ["latest", 9n],
    ] as const)
      expect(await readStartPositions(admin, { group: "g", from }, [at(0)])).to.deep.equal([
        { ...at(0), offset, isFresh: true },
      ]);
  });

  it("a partition that was added to a topic the group knows is read from its beginning, whatever is told", async () => {
    const admin = adminOf([{ ...at(0), offset: 7n }], {
      t: [
        [0n, 9n],
        [0n, 4n],
      ],
      u: [[0n, 5n]],
    });
    const found = await readStartPositions(admin, { group: "g", from: "latest" }, [at(0), at(1), at(0, "u")]);
    expect(found.map(({ offset }) => offset)).to.deep.equal([7n, 0n, 5n]);
  });

  it("an empty assignment asks for nothing", async () => {
    const admin = {
      groupOffsets: () => Promise.reject(new Error("asked")),
      offsets: () => Promise.reject(new Error("asked")),
    };
    expect(await readStartPositions(admin, { group: "g", from: "earliest" }, [])).to.deep.equal([]);
  });
});

describe("delivery of fetched batches", () => {
  let assignment: Assignment;
  let current: Assignment | undefined;
  let delivered: PortBatch[];
  let resolved: string[];
  const handle = async (batch: PortBatch): Promise<void> => void delivered.push(batch);
  const payloadOf = (
    fetchedOffset: bigint,
    offsets: readonly bigint[],
    lastOffset = offsets.at(-1)!,
  ): never =>
    ({
      batch: {
        ...at(0),
        fetchedOffset: String(fetchedOffset),
        highWatermark: "100",
        lastOffset: () => String(lastOffset),
        messages: offsets.map((offset) => ({
          offset: String(offset),
          timestamp: "1",
          key: null,
          value: null,
        })),
      },
      resolveOffset: (offset: string) => resolved.push(offset),
    }) as never;
  const deliver = (payload: never): string => deliverBatch(current, payload, () => current, handle).kind;

  beforeEach(() => {
    assignment = createAssignment(5, [at(0)]);
    assignment.state = "ready";
    assignment.positions.set("t/0", 10n);
    current = assignment;
    [delivered, resolved] = [[], []];
  });

  it("at the expected position the records go on, with the epoch", () => {
    expect(deliver(payloadOf(10n, [10n, 11n]))).to.equal("delivered");
    expect(delivered[0]).to.include({ epoch: 5, highWatermark: 100n, nextOffset: 12n });
  });

  it("at a position that was left they are stale", () => {
    expect(deliver(payloadOf(9n, [9n]))).to.equal("stale");
    expect(delivered).to.deep.equal([]);
  });

  it("without an assignment, before it is ready and while it ends they are stale", () => {
    for (const state of ["starting", "ending"] as const) {
      assignment.state = state;
      expect(deliver(payloadOf(10n, [10n]))).to.equal("stale");
    }
    current = undefined;
    expect(deliver(payloadOf(10n, [10n]))).to.equal("stale");
  });

  it("on a paused partition they wait to be fetched again", () => {
    assignment.paused.add("t/0");
    expect(deliver(payloadOf(10n, [10n]))).to.equal("held");
    expect(resolved).to.deep.equal([]);
  });

  it("resolving the last record moves behind the control records after it", () => {
    deliver(payloadOf(10n, [10n, 11n], 13n));
    delivered[0]!.resolve(10n);
    expect(assignment.positions.get("t/0")).to.equal(11n);
    delivered[0]!.resolve(11n);
    expect(assignment.positions.get("t/0")).to.equal(14n);
    expect(resolved).to.deep.equal(["10", "11"]);
  });

  it("resolving after the epoch ended moves nothing", () => {
    deliver(payloadOf(10n, [10n]));
    current = createAssignment(6, [at(0)]);
    delivered[0]!.resolve(10n);
    expect(resolved).to.deep.equal([]);
  });

  it("a stretch without records is told where it was expected, and nowhere else", () => {
    const stretch = { fetchedOffset: 10n, lastOffset: 12n, highWatermark: 13n };
    deliverStretch(assignment, at(0), { ...stretch, fetchedOffset: 9n }, handle);
    expect(delivered).to.deep.equal([]);
    deliverStretch(assignment, at(0), stretch, handle);
    expect(delivered[0]).to.include({ nextOffset: 13n, highWatermark: 13n });
    expect(delivered[0]!.records.size()).to.equal(0);
    delivered[0]!.resolve(12n);
    expect(assignment.positions.get("t/0")).to.equal(13n);
  });
});
