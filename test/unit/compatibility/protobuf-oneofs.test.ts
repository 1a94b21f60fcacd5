import { expect } from "chai";
import { compare, multiset } from "../../support/proto-differences.ts";

/** What rule sets say: those that are not named say the same as the one before. */
type Row = readonly [
  change: string,
  older: string,
  newer: string,
  expected: {
    readonly AB: readonly string[];
    readonly C?: readonly string[];
    readonly D?: readonly string[];
  },
];

const rows: readonly Row[] = [
  [
    "a oneof added with new members",
    "int32 z = 9;",
    "int32 z = 9; oneof x { int32 a = 1; string b = 2; }",
    {
      AB: ["ONEOF_ADDED #/M/x"],
      D: ["ONEOF_ADDED #/M/x", "ONEOF_FIELD_ADDED #/M/x/1", "ONEOF_FIELD_ADDED #/M/x/2"],
    },
  ],
  [
    "a oneof removed with its members",
    "oneof x { int32 a = 1; string b = 2; }",
    "",
    { AB: ["ONEOF_REMOVED #/M/x"] },
  ],
  [
    "a member added",
    "oneof x { int32 a = 1; }",
    "oneof x { int32 a = 1; string b = 2; }",
    { AB: ["ONEOF_FIELD_ADDED #/M/x/2"] },
  ],
  [
    "a member removed",
    "oneof x { int32 a = 1; string b = 2; }",
    "oneof x { int32 a = 1; }",
    { AB: ["!ONEOF_FIELD_REMOVED #/M/x/2"] },
  ],
  [
    "all members replaced in a oneof that stays",
    "oneof x { int32 a = 1; }",
    "oneof x { int32 b = 2; }",
    { AB: ["!ONEOF_FIELD_REMOVED #/M/x/1", "ONEOF_FIELD_ADDED #/M/x/2"] },
  ],
  [
    "a member of another type and name, at its place in the oneof",
    "oneof x { int32 a = 1; }",
    "oneof x { string b = 1; }",
    { AB: ["!FIELD_SCALAR_KIND_CHANGED #/M/x/1", "FIELD_NAME_CHANGED #/M/x/1"] },
  ],
  [
    "a oneof renamed",
    "oneof x { int32 a = 1; }",
    "oneof y { int32 a = 1; }",
    { AB: ["ONEOF_ADDED #/M/y", "ONEOF_REMOVED #/M/x"] },
  ],
  [
    "a oneof renamed, which hides a type change in older registries",
    "oneof x { int32 a = 1; }",
    "oneof y { string a = 1; }",
    {
      AB: ["ONEOF_ADDED #/M/y", "ONEOF_REMOVED #/M/x"],
      D: ["!FIELD_SCALAR_KIND_CHANGED #/M/y/1", "ONEOF_ADDED #/M/y", "ONEOF_REMOVED #/M/x"],
    },
  ],
  [
    "a oneof renamed, which hides a removed member in older registries",
    "oneof x { int32 a = 1; int32 b = 2; }",
    "oneof y { int32 a = 1; }",
    {
      AB: ["ONEOF_ADDED #/M/y", "ONEOF_REMOVED #/M/x"],
      D: ["!ONEOF_FIELD_REMOVED #/M/x/2", "ONEOF_ADDED #/M/y", "ONEOF_REMOVED #/M/x"],
    },
  ],
  [
    "a member moved to the top level",
    "oneof x { int32 a = 1; int32 b = 2; }",
    "oneof x { int32 a = 1; } int32 b = 2;",
    {
      AB: ["!ONEOF_FIELD_REMOVED #/M/x/2", "FIELD_ADDED #/M/2"],
      D: ["ONEOF_FIELD_MOVED_TO_TOP_LEVEL #/M/2"],
    },
  ],
  [
    "a member moved to the top level with another type",
    "oneof x { int32 a = 1; int32 b = 2; }",
    "oneof x { int32 a = 1; } string b = 2;",
    {
      AB: ["!ONEOF_FIELD_REMOVED #/M/x/2", "FIELD_ADDED #/M/2"],
      D: ["!FIELD_SCALAR_KIND_CHANGED #/M/2", "ONEOF_FIELD_MOVED_TO_TOP_LEVEL #/M/2"],
    },
  ],
  [
    "a oneof dissolved",
    "oneof x { int32 a = 1; int32 b = 2; }",
    "int32 a = 1; int32 b = 2;",
    {
      AB: ["FIELD_ADDED #/M/1", "FIELD_ADDED #/M/2", "ONEOF_REMOVED #/M/x"],
      D: [
        "ONEOF_FIELD_MOVED_TO_TOP_LEVEL #/M/1",
        "ONEOF_FIELD_MOVED_TO_TOP_LEVEL #/M/2",
        "ONEOF_REMOVED #/M/x",
      ],
    },
  ],
  [
    "one field into a new oneof, beside a new member",
    "int32 a = 1;",
    "oneof x { int32 a = 1; int32 b = 2; }",
    { AB: ["ONEOF_ADDED #/M/x"], D: ["ONEOF_ADDED #/M/x", "ONEOF_FIELD_ADDED #/M/x/2"] },
  ],
  [
    "one field into a new oneof with another type, which older registries do not compare",
    "int32 a = 1;",
    "oneof x { string a = 1; }",
    { AB: ["ONEOF_ADDED #/M/x"], D: ["!FIELD_SCALAR_KIND_CHANGED #/M/x/1", "ONEOF_ADDED #/M/x"] },
  ],
  [
    "two fields into a new oneof",
    "int32 a = 1; int32 b = 2;",
    "oneof x { int32 a = 1; int32 b = 2; }",
    { AB: ["!MULTIPLE_FIELDS_MOVED_TO_ONEOF #/M/x", "ONEOF_ADDED #/M/x"] },
  ],
  [
    "two fields into two new oneofs",
    "int32 a = 1; int32 b = 2;",
    "oneof x { int32 a = 1; } oneof y { int32 b = 2; }",
    { AB: ["ONEOF_ADDED #/M/x", "ONEOF_ADDED #/M/y"] },
  ],
  [
    "one field into an existing oneof",
    "int32 a = 1; oneof x { int32 b = 2; }",
    "oneof x { int32 a = 1; int32 b = 2; }",
    {
      AB: ["ONEOF_FIELD_ADDED #/M/x/1"],
      C: ["!FIELD_MOVED_TO_EXISTING_ONEOF #/M/x", "ONEOF_FIELD_ADDED #/M/x/1"],
      D: ["!FIELD_MOVED_TO_EXISTING_ONEOF #/M/x"],
    },
  ],
  [
    "two fields into an existing oneof",
    "int32 a = 1; int32 c = 3; oneof x { int32 b = 2; }",
    "oneof x { int32 a = 1; int32 b = 2; int32 c = 3; }",
    {
      AB: ["!MULTIPLE_FIELDS_MOVED_TO_ONEOF #/M/x", "ONEOF_FIELD_ADDED #/M/x/1", "ONEOF_FIELD_ADDED #/M/x/3"],
      D: ["!MULTIPLE_FIELDS_MOVED_TO_ONEOF #/M/x"],
    },
  ],
  [
    "one field into a oneof that is new by name and takes a member of an old one",
    "int32 a = 1; oneof x { int32 b = 2; }",
    "oneof y { int32 a = 1; int32 b = 2; }",
    {
      AB: ["ONEOF_ADDED #/M/y", "ONEOF_REMOVED #/M/x"],
      C: ["!FIELD_MOVED_TO_EXISTING_ONEOF #/M/y", "ONEOF_ADDED #/M/y", "ONEOF_REMOVED #/M/x"],
    },
  ],
  [
    "one field into a oneof whose old members are all gone",
    "int32 a = 1; oneof x { int32 b = 2; }",
    "oneof x { int32 a = 1; int32 c = 3; }",
    {
      AB: ["!ONEOF_FIELD_REMOVED #/M/x/2", "ONEOF_FIELD_ADDED #/M/x/1", "ONEOF_FIELD_ADDED #/M/x/3"],
      D: ["!ONEOF_FIELD_REMOVED #/M/x/2", "ONEOF_FIELD_ADDED #/M/x/3"],
    },
  ],
  [
    "two oneofs made one",
    "oneof x { int32 a = 1; } oneof y { int32 b = 2; }",
    "oneof x { int32 a = 1; int32 b = 2; }",
    {
      AB: ["ONEOF_FIELD_ADDED #/M/x/2", "ONEOF_REMOVED #/M/y"],
      D: ["!FIELD_MOVED_TO_EXISTING_ONEOF #/M/x", "ONEOF_REMOVED #/M/y"],
    },
  ],
  [
    "one oneof made two",
    "oneof x { int32 a = 1; int32 b = 2; }",
    "oneof x { int32 a = 1; } oneof y { int32 b = 2; }",
    {
      AB: ["!ONEOF_FIELD_REMOVED #/M/x/2", "ONEOF_ADDED #/M/y"],
      D: ["ONEOF_ADDED #/M/y"],
    },
  ],
  [
    "a member moved between two oneofs that stay",
    "oneof x { int32 a = 1; int32 b = 2; } oneof y { int32 c = 3; }",
    "oneof x { int32 a = 1; } oneof y { int32 b = 2; int32 c = 3; }",
    {
      AB: ["!ONEOF_FIELD_REMOVED #/M/x/2", "ONEOF_FIELD_ADDED #/M/y/2"],
      D: ["!FIELD_MOVED_TO_EXISTING_ONEOF #/M/y"],
    },
  ],
  [
    "a field moved out while its oneof is renamed",
    "oneof x { int32 a = 1; int32 b = 2; }",
    "oneof y { int32 a = 1; } int32 b = 2;",
    {
      AB: ["FIELD_ADDED #/M/2", "ONEOF_ADDED #/M/y", "ONEOF_REMOVED #/M/x"],
      D: ["ONEOF_ADDED #/M/y", "ONEOF_FIELD_MOVED_TO_TOP_LEVEL #/M/2", "ONEOF_REMOVED #/M/x"],
    },
  ],
  [
    "a proto3 optional field, which stands in no oneof",
    "int32 a = 1; int32 b = 2;",
    "optional int32 a = 1; optional int32 b = 2;",
    { AB: [] },
  ],
];

describe("oneofs", () => {
  const dialects = { A: "confluent-7.0.0", B: "confluent-7.4.4", C: "confluent-8", D: "confluent-head" };
  for (const [change, older, newer, { AB, C = AB, D = C }] of rows)
    for (const [ruleSet, expected] of [
      ["A", AB],
      ["B", AB],
      ["C", C],
      ["D", D],
    ] as const)
      it(`differ under rule set ${ruleSet}: ${change}`, () => {
        const found = compare(`message M { ${older} }`, `message M { ${newer} }`, dialects[ruleSet]);
        expect(multiset(found)).to.deep.equal(expected.toSorted());
      });

  it("take a required field away and give it back outside of any", () => {
    const proto2 = 'syntax = "proto2"; package p;';
    const inside = `${proto2} message M { oneof x { int32 a = 1; int32 b = 2; } }`;
    const outside = `${proto2} message M { required int32 a = 1; oneof x { int32 b = 2; } }`;
    expect(multiset(compare(inside, outside))).to.deep.equal(["ONEOF_FIELD_MOVED_TO_TOP_LEVEL #/M/1"]);
    expect(multiset(compare(inside, outside, "confluent-8"))).to.deep.equal([
      "!ONEOF_FIELD_REMOVED #/M/x/1",
      "!REQUIRED_FIELD_ADDED #/M/1",
    ]);
    expect(multiset(compare(outside, inside))).to.deep.equal(["!FIELD_MOVED_TO_EXISTING_ONEOF #/M/x"]);
  });

  it("name a few of the fields that come together, and count the others", () => {
    const fields = Array.from({ length: 8 }, (_, index) => `int32 f${index} = ${index + 1};`).join(" ");
    const found = compare(`message M { ${fields} }`, `message M { oneof x { ${fields} } }`);
    expect(found.map(({ message }) => message).join("\n")).to.include(
      '"f0", "f1", "f2", "f3", "f4" and 3 more',
    );
  });
});
