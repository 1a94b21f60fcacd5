import { expect } from "chai";
import fc from "fast-check";
import { decodeOffsetMap, encodeOffsetMap } from "../../src/consumer/offset-map.ts";
import { createOffsetTracker } from "../../src/consumer/offsets.ts";
import type { Ticket } from "../../src/consumer/tickets.ts";

const ticket = (offset: bigint): Ticket => ({ offset, isCompleted: false, ordinal: -1 });

const bases = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 62n }));
const runs = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3_000 })), {
    minLength: 2,
    maxLength: 600,
  })
  .map((lengths) => (lengths.length % 2 === 0 ? lengths : lengths.slice(1)));

/** The offsets that a map says are completed, one by one. */
function expand(base: bigint, lengths: readonly number[]): Set<bigint> {
  const completed = new Set<bigint>();
  let at = base;
  for (const [index, length] of lengths.entries())
    for (const end = at + BigInt(length); at < end; at++) if (index % 2 === 1) completed.add(at);
  return completed;
}

describe("The map of completed offsets", () => {
  it("comes back as it was written", () => {
    fc.assert(
      fc.property(bases, runs, (base, lengths) => {
        const text = encodeOffsetMap({ base, runs: lengths });
        expect(decodeOffsetMap(text, base)).to.deep.equal({ kind: "map", map: { base, runs: lengths } });
      }),
      { numRuns: 1_000 },
    );
  });

  it("says of every offset what a list of all of them would, over several assignments that read only a part", () => {
    const records = fc.array(fc.record({ gap: fc.nat(3), isDone: fc.boolean() }), {
      minLength: 1,
      maxLength: 200,
    });
    const parts = fc.array(fc.nat(200), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(bases, records, parts, (first, list, ends) => {
        let next = first;
        const log = list.map(({ gap, isDone }) => {
          const offset = next + BigInt(gap);
          next = offset + 1n;
          return { offset, isDone };
        });
        const done = new Set<bigint>();
        let committed = { offset: first, metadata: "" };
        for (const end of ends) {
          const read = decodeOffsetMap(committed.metadata, committed.offset);
          const offsets = createOffsetTracker(65_536, read.kind === "map" ? read.map : undefined);
          for (const { offset, isDone } of log
            .slice(0, end)
            .filter(({ offset }) => offset >= committed.offset)) {
            offsets.cover(offset);
            expect(offsets.isInherited(offset), `${offset} before`).to.equal(done.has(offset));
            offsets.cover(offset + 1n);
            if (done.has(offset)) continue;
            const one = ticket(offset);
            offsets.admit(one);
            if (isDone) {
              offsets.complete(one);
              done.add(offset);
            }
          }
          const { offset = committed.offset, metadata = committed.metadata } = offsets.take() ?? {};
          committed = { offset, metadata };
          const now = decodeOffsetMap(metadata, offset);
          const known = now.kind === "map" ? expand(now.map.base, now.map.runs) : new Set<bigint>();
          for (const one of log)
            expect(one.offset < offset || known.has(one.offset), `${one.offset} after`).to.equal(
              done.has(one.offset),
            );
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is never taken from damaged text, and never makes its reader fail", () => {
    const damage = fc.array(fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(bases, runs, damage, fc.nat(), (base, lengths, flips, cut) => {
        const text = encodeOffsetMap({ base, runs: lengths });
        const bytes = Buffer.from(text, "latin1");
        for (const { at, by } of flips) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ by;
        for (const broken of [
          bytes.toString("latin1"),
          text.slice(0, cut % text.length),
          `${text}A`,
          text + text,
        ])
          if (broken !== text) expect(decodeOffsetMap(broken, base).kind, broken).not.to.equal("map");
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), bases, (text, base) => {
        expect(decodeOffsetMap(text, base).kind).to.equal(text === "" ? "none" : "fault");
        expect(decodeOffsetMap(`kx1.${text}`, base).kind).to.equal("fault");
      }),
      { numRuns: 1_000 },
    );
  });
});
