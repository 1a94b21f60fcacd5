import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import fc from "fast-check";
import type { OffsetMap } from "../../../src/consumer/offset-map.ts";
import { decodeOffsetMap } from "../../../src/consumer/offset-map.ts";
import type { OffsetTracker } from "../../../src/consumer/offsets.ts";
import { createOffsetTracker } from "../../../src/consumer/offsets.ts";
import type { Ticket } from "../../../src/consumer/tickets.ts";

const ticket = (offset: bigint): Ticket => ({ offset, isCompleted: false, ordinal: -1 });
const commit = (offsets: OffsetTracker): void => {
  const position = offsets.take();
  if (position) offsets.confirm(position);
};
const mapOf = (offsets: OffsetTracker): OffsetMap | undefined => {
  const { offset, metadata = "" } = offsets.take() ?? { offset: 0n };
  const read = decodeOffsetMap(metadata, offset);
  return read.kind === "map" ? read.map : undefined;
};

describe("The offsets of an assignment", () => {
  it("have no watermark before anything was read, and the first record's offset before it is done", () => {
    const offsets = createOffsetTracker();
    expect([offsets.watermark(), offsets.start()]).to.deep.equal([undefined, undefined]);
    offsets.admit(ticket(7n));
    expect([offsets.watermark(), offsets.start()]).to.deep.equal([7n, 7n]);
  });

  it("move the watermark to the lowest unfinished record, in whatever order records finish", () => {
    const order = fc.array(fc.record({ gap: fc.nat(3), rank: fc.nat(1_000) }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(order, (records) => {
        const offsets = createOffsetTracker();
        let next = 0n;
        const tickets = records.map(({ gap }) => {
          const one = ticket(next + BigInt(gap));
          next = one.offset + 1n;
          offsets.admit(one);
          return one;
        });
        const finish = tickets
          .map((one, index) => ({ one, rank: records[index]?.rank ?? 0 }))
          .sort((a, b) => a.rank - b.rank);
        for (const { one } of finish) {
          offsets.complete(one);
          offsets.complete(one);
          expect(offsets.watermark()).to.equal(
            tickets.find(({ isCompleted }) => !isCompleted)?.offset ?? next,
          );
        }
        expect(offsets.completions()).to.equal(records.length);
        expect(offsets.take()?.offset).to.equal(next);
        expect(offsets.completions()).to.equal(0);
      }),
    );
  });

  it("count what was never delivered as completed, and never move back", () => {
    const offsets = createOffsetTracker();
    offsets.cover(100n);
    offsets.cover(50n);
    expect(offsets.watermark()).to.equal(100n);
  });

  it("know how many records no commit covers, also those that were done after it was sent", () => {
    const offsets = createOffsetTracker();
    const tickets = [1n, 2n, 3n, 4n].map(ticket);
    for (const one of tickets) offsets.admit(one);
    expect(offsets.uncommitted()).to.equal(4);
    offsets.complete(tickets[0]!);
    offsets.complete(tickets[2]!);
    const sent = offsets.take()!;
    offsets.complete(tickets[1]!);
    offsets.confirm(sent);
    expect(offsets.uncommitted()).to.equal(3);
    commit(offsets);
    expect(offsets.uncommitted()).to.equal(1);
  });

  it("leave no room further above the watermark than the window, where commits hold no map", () => {
    const offsets = createOffsetTracker();
    expect(offsets.hasRoom(9_999n, 100)).to.equal(true);
    const first = ticket(10n);
    offsets.admit(first);
    expect([offsets.hasRoom(110n, 100), offsets.hasRoom(111n, 100)]).to.deep.equal([true, false]);
    offsets.complete(first);
    expect(offsets.hasRoom(111n, 100)).to.equal(true);
  });

  it("stay small behind one stuck record, and forget nothing of what was done", () => {
    const offsets = createOffsetTracker(4_096);
    const stuck = [0n, 20_000n].map(ticket);
    for (let i = 0n; i < 50_000n; i++) {
      const one = stuck.find(({ offset }) => offset === i) ?? ticket(i);
      offsets.admit(one);
      if (!stuck.includes(one)) offsets.complete(one);
    }
    expect(mapOf(offsets)).to.deep.equal({ base: 0n, runs: [1, 19_999, 1, 29_999] });
    for (const one of stuck) offsets.complete(one);
    expect(offsets.take()).to.deep.equal({ offset: 50_000n, metadata: "", covers: 50_000 });
  });

  it("know the highest that is done when only unfinished ones came after it", () => {
    const offsets = createOffsetTracker(4_096);
    for (let i = 0n; i < 4_000n; i++) {
      const one = ticket(i);
      offsets.admit(one);
      if (i > 0n && i <= 1_500n) offsets.complete(one);
    }
    expect(mapOf(offsets)).to.deep.equal({ base: 0n, runs: [1, 1_500] });
  });

  it("let go of what is done behind one stuck record", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const offsets = createOffsetTracker(4_096);
    offsets.admit(ticket(0n));
    const kept: WeakRef<Ticket>[] = [];
    for (let i = 1n; i < 20_000n; i++) {
      const one = ticket(i);
      offsets.admit(one);
      offsets.complete(one);
      kept.push(new WeakRef(one));
    }
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(kept.filter((one) => one.deref()).length).to.be.at.most(1_024);
    expect(mapOf(offsets)).to.deep.equal({ base: 0n, runs: [1, 19_999] });
  });

  it("tell in a commit what is done above it, offsets that were never delivered included, and cover it", () => {
    const offsets = createOffsetTracker(4_096);
    const [first, second, third] = [100n, 103n, 104n].map(ticket) as [Ticket, Ticket, Ticket];
    for (const one of [first, second, third]) offsets.admit(one);
    expect(offsets.take()?.metadata).to.equal("");
    offsets.complete(third);
    expect(mapOf(offsets)).to.deep.equal({ base: 100n, runs: [1, 2, 1, 1] });
    commit(offsets);
    expect(offsets.uncommitted()).to.equal(2);
    expect(offsets.take(true)).to.deep.equal({ offset: 100n, metadata: undefined, covers: 0 });
  });

  it("cover only what lies below the offset where the map is too long, or the broker keeps none", () => {
    const offsets = createOffsetTracker(20);
    const tickets = Array.from({ length: 40 }, (_, i) => ticket(BigInt(i * 1_000)));
    for (const one of tickets) offsets.admit(one);
    for (const one of tickets.filter((_, index) => index % 3 !== 1)) offsets.complete(one);
    expect(offsets.take()).to.deep.equal({ offset: 1_000n, metadata: undefined, covers: 1 });
    const refused = createOffsetTracker(4_096);
    refused.limitMap(511);
    refused.admit(ticket(5n));
    expect(refused.take()?.metadata).to.equal(undefined);
    expect(refused.hasRoom(106n, 100)).to.equal(false);
  });

  it("stay small over a long run", () => {
    const offsets = createOffsetTracker();
    for (let i = 0n; i < 5_000n; i++) {
      const one = ticket(i);
      offsets.admit(one);
      offsets.complete(one);
    }
    expect(offsets.watermark()).to.equal(5_000n);
  });
});
