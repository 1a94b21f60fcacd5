import { expect } from "chai";
import {
  createSpanSet,
  spansText,
  subtractSpans,
} from "../../../../src/compatibility/wire-protobuf/ranges.ts";
import { judgeProtobufWire } from "../../../../src/compatibility/wire-protobuf.ts";
import type { ProtoSchema } from "../../../../src/schema/proto/schema.ts";
import { link } from "../../../support/wire-cases.ts";
import { cpuTimeMs } from "../../schema/cpu-time.ts";

const each = (count: number, print: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => print(index)).join(" ");

const proto3 = (text: string): ProtoSchema => link(`syntax = "proto3"; ${text}`);

/** Time of the fastest of three runs, since a shared machine has slow moments. */
function timeOf(older: ProtoSchema, newer: ProtoSchema): number {
  return Math.min(...[1, 2, 3].map(() => cpuTimeMs(() => judgeProtobufWire(older, newer, "backward"))));
}

describe("the wire verdict on big Protobuf schemas", () => {
  it("takes time that grows with the fields, and with the values of enums that many fields have", () => {
    const wide = (count: number, type: string, values = 2): ProtoSchema =>
      proto3(
        `enum E { ${each(values, (index) => `V${index} = ${index};`)} } message M { ${each(count, (index) => `${type} f${index} = ${index + 1};`)} }`,
      );
    for (const [from, to, values] of [
      ["int32", "int64", 2],
      ["int64", "string", 2],
      ["E", "int32", 5_000],
      ["map<int32, E>", "map<int64, E>", 5_000],
    ] as const) {
      const small = timeOf(wide(500, from, values), wide(500, to, values));
      const big = timeOf(wide(5_000, from, values), wide(5_000, to, values));
      // Ten times the fields: a quadratic walk takes a hundred times as long.
      expect(big, `${from}: ${small} ms, then ${big} ms`).to.be.below(Math.max(small, 4) * 40);
    }
  });

  it("follows 9,000 renamed messages inside each other to the end", () => {
    const chain = (name: string, type: string): ProtoSchema =>
      proto3(
        `${each(9_000, (index) => `message ${name}${index} { ${name}${index + 1} a = 1; }`)} message ${name}9000 { ${type} a = 1; } message Root { ${name}0 r = 1; }`,
      );
    const older = chain("A", "int64");
    expect(judgeProtobufWire(older, chain("B", "int64"), "forward")).to.deep.equal([]);
    const found = judgeProtobufWire(older, chain("B", "int32"), "forward");
    expect(found.map(({ kind, path }) => `${kind} ${path}`)).to.deep.equal(["TYPE_REPLACED #/Root/1"]);
    expect(found[0]?.message).to.contain("int64 a = 1");
  });

  it("gives up on webs where every message could be every other, and says so", () => {
    const web = (shift: number): ProtoSchema =>
      proto3(
        each(
          2_000,
          (index) =>
            `message M${index} { ${each(15, (field) => `M${(index * 7 + field * (shift + 1) + shift) % 2_000} f${field} = ${field + 1};`)} }`,
        ),
      );
    const [older, newer] = [web(0), web(3)];
    let kinds: readonly string[] = [];
    const time = cpuTimeMs(() => {
      kinds = judgeProtobufWire(older, newer, "backward").map(({ kind }) => kind);
    });
    expect(kinds).to.include("NOT_JUDGED");
    expect(time).to.be.below(10_000);
  });
});

describe("sets of numbers", () => {
  it("join what touches, and know what is in them", () => {
    const set = createSpanSet(
      [{ from: 7, to: 9 }],
      [
        { from: 1, to: 2 },
        { from: 3, to: 3 },
        { from: 8, to: 12 },
      ],
    );
    expect(set.spans).to.deep.equal([
      { from: 1, to: 3 },
      { from: 7, to: 12 },
    ]);
    expect([0, 1, 3, 4, 6, 7, 12, 13].map((number) => set.has(number))).to.deep.equal([
      ...[false, true, true, false],
      ...[false, true, true, false],
    ]);
  });

  it("subtract like sets of single numbers", () => {
    const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    const setOf = (bits: number): ReturnType<typeof createSpanSet> =>
      createSpanSet(all.flatMap((number) => ((bits >> number) & 1 ? [{ from: number, to: number }] : [])));
    for (let seed = 1; seed < 2_000; seed++) {
      const [from, taken] = [(seed * 7919) & 1023, (seed * 104_729) & 1023];
      const left = createSpanSet(subtractSpans(setOf(from), setOf(taken)));
      expect(all.filter((number) => left.has(number))).to.deep.equal(
        all.filter((number) => ((from & ~taken) >> number) & 1),
      );
    }
  });

  it("are shown as a text would say them, the first five", () => {
    const spans = [1, 3, 5, 7, 9, 11].map((from) => ({ from, to: from + (from === 3 ? 1 : 0) }));
    expect(spansText(spans)).to.equal("1, 3 to 4, 5, 7, 9, …");
    expect(spansText(spans.slice(0, 1))).to.equal("1");
  });
});
