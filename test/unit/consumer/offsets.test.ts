import { expect } from "chai";
import fc from "fast-check";
import type { Ticket } from "../../../src/consumer/offsets.ts";
import { createOffsetTracker } from "../../../src/consumer/offsets.ts";

const ticket = (offset: bigint): Ticket => ({ offset, isCompleted: false });

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
        expect(offsets.take()).to.equal(next);
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
    offsets.take();
    offsets.complete(tickets[1]!);
    offsets.confirm();
    expect(offsets.uncommitted()).to.equal(3);
    offsets.take();
    offsets.confirm();
    expect(offsets.uncommitted()).to.equal(1);
  });

  it("tell how far an offset lies above the watermark", () => {
    const offsets = createOffsetTracker();
    expect(offsets.ahead(9n)).to.equal(0);
    const first = ticket(10n);
    offsets.admit(first);
    expect(offsets.ahead(1_000n)).to.equal(990);
    offsets.complete(first);
    expect(offsets.ahead(1_000n)).to.equal(989);
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
