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
