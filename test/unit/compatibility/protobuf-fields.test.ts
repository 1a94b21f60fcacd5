import { expect } from "chai";
import { compare, multiset } from "../../support/proto-differences.ts";

type Row = readonly [change: string, older: string, newer: string, ...differences: string[]];

const proto2 = 'syntax = "proto2"; package p;';

const rows: readonly Row[] = [
  // fields outside of oneofs
  ["a field added", "message M {}", "message M { int32 a = 3; }", "FIELD_ADDED #/M/3"],
  ["a field removed", "message M { int32 a = 3; }", "message M { reserved 3; }", "FIELD_REMOVED #/M/3"],
  [
    "a field of a nested message removed",
    "message O { message I { int32 a = 3; } }",
    "message O { message I {} }",
    "FIELD_REMOVED #/O/I/3",
  ],
  ["a field renamed", "message M { int32 a = 1; }", "message M { int32 b = 1; }", "FIELD_NAME_CHANGED #/M/1"],
  [
    "a field with another number",
    "message M { int32 a = 1; }",
    "message M { int32 a = 2; }",
    "FIELD_ADDED #/M/2",
    "FIELD_REMOVED #/M/1",
  ],
  [
    "a required field added",
    `${proto2} message M {}`,
    `${proto2} message M { required int32 a = 1; }`,
    "!REQUIRED_FIELD_ADDED #/M/1",
  ],
  [
    "a required field removed",
    `${proto2} message M { required int32 a = 1; }`,
    `${proto2} message M {}`,
    "!REQUIRED_FIELD_REMOVED #/M/1",
  ],
  // kinds of types
  [
    "a scalar that became a message",
    "message M { bytes a = 1; } message N {}",
    "message M { N a = 1; } message N {}",
    "!FIELD_KIND_CHANGED #/M/1",
  ],
  [
    "a message that became an enum",
    "message M { T a = 1; } message T {}",
    "message M { T a = 1; } enum T { Z = 0; }",
    "!FIELD_KIND_CHANGED #/M/1",
    "!MESSAGE_REMOVED #/T",
    "ENUM_ADDED #/T",
  ],
  [
    "a map that became a scalar",
    "message M { map<string, int32> a = 1; }",
    "message M { int32 a = 1; }",
    "!FIELD_KIND_CHANGED #/M/1",
  ],
  [
    "a map that became a list of entries",
    "message M { map<string, int32> a = 1; }",
    "message M { repeated E a = 1; message E { string key = 1; int32 value = 2; } }",
    "!FIELD_KIND_CHANGED #/M/1",
    "MESSAGE_ADDED #/M/E",
  ],
  [
    "a field that changed kind and name and label",
    `${proto2} message M { optional int32 a = 1; } message N {}`,
    `${proto2} message M { repeated N b = 1; } message N {}`,
    "!FIELD_KIND_CHANGED #/M/1",
    "FIELD_NAME_CHANGED #/M/1",
  ],
  [
    "the key of a map",
    "message M { map<string, int32> a = 1; }",
    "message M { map<int32, int32> a = 1; }",
    "!FIELD_SCALAR_KIND_CHANGED #/M/1",
  ],
  [
    "the value of a map",
    "message M { map<string, int32> a = 1; }",
    "message M { map<string, sint32> a = 1; }",
    "!FIELD_SCALAR_KIND_CHANGED #/M/1",
  ],
  [
    "key and value of a map, each for itself",
    "message M { map<string, int32> a = 1; }",
    "message M { map<int32, string> a = 1; }",
    "!FIELD_SCALAR_KIND_CHANGED #/M/1",
    "!FIELD_SCALAR_KIND_CHANGED #/M/1",
  ],
  [
    "key and value of a map within their groups",
    "message M { map<int32, int32> a = 1; enum E { Z = 0; } }",
    "message M { map<uint64, E> a = 1; enum E { Z = 0; } }",
  ],
  [
    "the kind of a map's value",
    "message M { map<string, int32> a = 1; } message N {}",
    "message M { map<string, N> a = 1; } message N {}",
    "!FIELD_KIND_CHANGED #/M/1",
  ],
  [
    "the message of a map's value",
    "message M { map<string, A> a = 1; } message A {} message B {}",
    "message M { map<string, B> a = 1; } message A {} message B {}",
    "!FIELD_NAMED_TYPE_CHANGED #/M/1",
  ],
  // messages as types
  [
    "another message type",
    "message M { A a = 1; } message A {} message B {}",
    "message M { B a = 1; } message A {} message B {}",
    "!FIELD_NAMED_TYPE_CHANGED #/M/1",
  ],
  [
    "a message type of the same simple name in another message",
    "message M { A.T a = 1; } message A { message T {} } message B { message T {} }",
    "message M { B.T a = 1; } message A { message T {} } message B { message T {} }",
    "!FIELD_NAMED_TYPE_CHANGED #/M/1",
  ],
  [
    "the same message type written in another way",
    "message M { T a = 1; message T {} }",
    "message M { .p.M.T a = 1; message T {} }",
  ],
  [
    "a nested message that hides the one that was meant",
    "message M { T a = 1; } message T {}",
    "message M { T a = 1; message T {} } message T {}",
    "!FIELD_NAMED_TYPE_CHANGED #/M/1",
    "MESSAGE_ADDED #/M/T",
  ],
  [
    "the package around a message type, which its name is told without",
    "message M { T a = 1; } message T {}",
    'syntax = "proto3"; package q; message M { T a = 1; } message T {}',
    "!PACKAGE_CHANGED #/",
  ],
  [
    "a message type of the same file that changed inside, which is told about there alone",
    "message M { T a = 1; } message T { int32 x = 1; }",
    "message M { T a = 1; } message T { float x = 1; }",
    "!FIELD_SCALAR_KIND_CHANGED #/T/1",
  ],
  [
    "a nested message hoisted to the top",
    "message M { T a = 1; message T {} }",
    "message M { T a = 1; } message T {}",
    "!FIELD_NAMED_TYPE_CHANGED #/M/1",
    "!MESSAGE_REMOVED #/M/T",
    "MESSAGE_ADDED #/T",
  ],
  [
    "another enum as the type, and an enum for an int32",
    "enum E { Z = 0; } enum F { Y = 0; } message M { E a = 1; int32 b = 2; }",
    "enum E { Z = 0; } enum F { Y = 0; } message M { F a = 1; E b = 2; }",
  ],
  // labels
  [
    "optional int32 to repeated, both written",
    "message M { optional int32 a = 1; }",
    "message M { repeated int32 a = 1; }",
    "!FIELD_NUMERIC_LABEL_CHANGED #/M/1",
  ],
  [
    "optional enum to required",
    `${proto2} message M { optional E a = 1; } enum E { Z = 0; }`,
    `${proto2} message M { required E a = 1; } enum E { Z = 0; }`,
    "!FIELD_NUMERIC_LABEL_CHANGED #/M/1",
  ],
  [
    "another number type of the group with another label",
    `${proto2} message M { optional int32 a = 1; optional double b = 2; }`,
    `${proto2} message M { repeated uint64 a = 1; repeated double b = 2; }`,
    "!FIELD_NUMERIC_LABEL_CHANGED #/M/1",
    "!FIELD_NUMERIC_LABEL_CHANGED #/M/2",
  ],
  [
    "another scalar group, where labels count no more",
    `${proto2} message M { optional int32 a = 1; }`,
    `${proto2} message M { repeated sint32 a = 1; }`,
    "!FIELD_SCALAR_KIND_CHANGED #/M/1",
  ],
  ["a label where none was", "message M { int32 a = 1; }", "message M { repeated int32 a = 1; }"],
  ["a label no longer written", "message M { optional int32 a = 1; }", "message M { int32 a = 1; }"],
  [
    "labels of string and bytes",
    "message M { optional string a = 1; repeated bytes b = 2; optional string c = 3; }",
    "message M { repeated bytes a = 1; optional bytes b = 2; string c = 3; }",
    "FIELD_STRING_OR_BYTES_LABEL_CHANGED #/M/1",
    "FIELD_STRING_OR_BYTES_LABEL_CHANGED #/M/2",
  ],
  [
    "the label of a message, which nobody compares",
    `${proto2} message M { optional N a = 1; } message N {}`,
    `${proto2} message M { required N a = 1; } message N {}`,
  ],
];

describe("the fields of two Protobuf schemas", () => {
  for (const [change, older, newer, ...differences] of rows)
    it(`differ: ${change}`, () => {
      expect(multiset(compare(older, newer))).to.deep.equal(differences.toSorted());
    });

  const groups = [
    ["int32", "int64", "uint32", "uint64", "bool", "E"],
    ["sint32", "sint64"],
    ["string", "bytes"],
    ["fixed32", "sfixed32"],
    ["fixed64", "sfixed64"],
    ["float"],
    ["double"],
  ];
  it("may exchange scalars within a group, and none across groups", () => {
    const all = groups.flatMap((group, index) => group.map((name) => ({ name, index })));
    for (const was of all)
      for (const is of all) {
        const text = (name: string): string => `enum E { Z = 0; } message M { ${name} a = 1; }`;
        const expected = was.index === is.index ? [] : ["!FIELD_SCALAR_KIND_CHANGED #/M/1"];
        expect(multiset(compare(text(was.name), text(is.name))), `${was.name} → ${is.name}`).to.deep.equal(
          expected,
        );
      }
  });

  it("have one message type where a group is called so", () => {
    const group = `${proto2} message M { optional group Item = 1 { optional int32 a = 1; } }`;
    const message = `${proto2} message M { optional Item item = 1; message Item { optional int32 a = 1; } }`;
    const other = `${proto2} message M { optional group Other = 1 { optional int32 a = 1; } }`;
    const scalar = `${proto2} message M { optional int32 item = 1; }`;
    expect(multiset(compare(group, message))).to.deep.equal([]);
    expect(multiset(compare(group, other))).to.deep.equal([
      "!FIELD_NAMED_TYPE_CHANGED #/M/1",
      "!MESSAGE_REMOVED #/M/Item",
      "FIELD_NAME_CHANGED #/M/1",
      "MESSAGE_ADDED #/M/Other",
    ]);
    expect(multiset(compare(group, scalar))).to.deep.equal([
      "!FIELD_KIND_CHANGED #/M/1",
      "!MESSAGE_REMOVED #/M/Item",
    ]);
  });
});
