import { expect } from "chai";
import { protobufKinds } from "../../../src/compatibility/protobuf-kinds.ts";
import { compare, isCompatible, multiset } from "../../support/proto-differences.ts";

type Row = readonly [change: string, older: string, newer: string, ...differences: string[]];

const proto2 = 'syntax = "proto2"; package p;';

const rows: readonly Row[] = [
  // file
  ["nothing", "message M { int32 a = 1; }", "message M { int32 a = 1; }"],
  [
    "another package, and the comparison goes on",
    "message M { int32 a = 1; }",
    'syntax = "proto3"; package q; message M { string a = 1; }',
    "!FIELD_SCALAR_KIND_CHANGED #/M/1",
    "!PACKAGE_CHANGED #/",
  ],
  ["a package where none was", 'syntax = "proto3";', 'syntax = "proto3"; package p;', "!PACKAGE_CHANGED #/"],
  [
    "a field of a file without a package",
    'syntax = "proto3"; message M { message In { int32 a = 1; } }',
    'syntax = "proto3"; message M { message In { float a = 1; } }',
    "!FIELD_SCALAR_KIND_CHANGED #/M/In/1",
  ],
  // messages
  ["a message added", "message A {}", "message A {} message B { message C {} }", "MESSAGE_ADDED #/B"],
  ["a message removed", "message A {} message B { message C {} }", "message A {}", "!MESSAGE_REMOVED #/B"],
  ["a nested message added", "message A {}", "message A { message B {} }", "MESSAGE_ADDED #/A/B"],
  ["a nested message removed", "message A { message B {} }", "message A {}", "!MESSAGE_REMOVED #/A/B"],
  [
    "a message renamed",
    "message A { int32 a = 1; }",
    "message B { int32 a = 1; }",
    "!MESSAGE_REMOVED #/A",
    "MESSAGE_ADDED #/B",
  ],
  [
    "messages reordered",
    "message A {} message B {} message C {}",
    "message B {} message A {} message C {}",
    "MESSAGE_MOVED #/A",
    "MESSAGE_MOVED #/B",
  ],
  [
    "nested messages reordered",
    "message M { message A {} message B {} }",
    "message M { message B {} message A {} }",
    "MESSAGE_MOVED #/M/A",
    "MESSAGE_MOVED #/M/B",
  ],
  [
    "a message put in front, which moves those behind it",
    "message A {} message B {}",
    "message N {} message A {} message B {}",
    "MESSAGE_ADDED #/N",
    "MESSAGE_MOVED #/A",
    "MESSAGE_MOVED #/B",
  ],
  [
    "an enum put in front, which moves no message",
    "message A {}",
    "enum E { Z = 0; } message A {}",
    "ENUM_ADDED #/E",
  ],
  [
    "a map entry message that somebody wrote down, which is skipped",
    "message M { message A {} message B {} }",
    "message M { message E { option map_entry = true; } message A {} message B {} }",
  ],
  [
    "a message with an option of somebody's own, which is no map entry for it",
    "message M {}",
    "message M {} message N { option (map_entry) = true; }",
    "MESSAGE_ADDED #/N",
  ],
  // enums
  ["an enum added", "message M {}", "message M { enum E { Z = 0; } }", "ENUM_ADDED #/M/E"],
  ["an enum removed", "enum E { Z = 0; }", "", "ENUM_REMOVED #/E"],
  ["an enum constant added", "enum E { Z = 0; }", "enum E { Z = 0; A = 2; }", "ENUM_CONST_ADDED #/E/2"],
  ["an enum constant removed", "enum E { Z = 0; A = 2; }", "enum E { Z = 0; }", "ENUM_CONST_REMOVED #/E/2"],
  ["an enum constant renamed", "enum E { Z = 0; }", "enum E { Y = 0; }", "ENUM_CONST_CHANGED #/E/0"],
  [
    "a nested enum constant renumbered",
    "message M { enum E { Z = 0; A = -1; } }",
    "message M { enum E { Z = 0; A = -2; } }",
    "ENUM_CONST_ADDED #/M/E/-2",
    "ENUM_CONST_REMOVED #/M/E/-1",
  ],
  [
    "an alias added to an enum constant",
    "enum E { option allow_alias = true; Z = 0; A = 1; B = 1; }",
    "enum E { option allow_alias = true; Z = 0; A = 1; B = 1; C = 1; }",
    "ENUM_CONST_CHANGED #/E/1",
  ],
  [
    "aliases of an enum constant in another order",
    "enum E { option allow_alias = true; A = 0; B = 0; }",
    "enum E { option allow_alias = true; B = 0; A = 0; }",
  ],
  [
    "one of two aliases of an enum constant renamed",
    "enum E { option allow_alias = true; A = 0; B = 0; }",
    "enum E { option allow_alias = true; A = 0; C = 0; }",
    "ENUM_CONST_CHANGED #/E/0",
  ],
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
  // never looked at
  [
    "reserved, extensions, options, json_name, defaults, syntax and services",
    `${proto2} message M { optional int32 a = 1 [default = 1]; extensions 100 to 200; reserved 5; } extend M { optional int32 x = 100; }`,
    'syntax = "proto3"; package p; option java_package = "j"; message M { option deprecated = true; int32 a = 1 [json_name = "z"]; } service S {}',
  ],
];

describe("two Protobuf schemas", () => {
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

  it("are one in every syntax", () => {
    const body = "package p; message M { repeated int32 a = 1; enum E { Z = 0; } }";
    const texts = ['syntax = "proto2";', 'syntax = "proto3";', 'edition = "2023";'].map(
      (line) => line + body,
    );
    for (const older of texts) for (const newer of texts) expect(compare(older, newer)).to.deep.equal([]);
  });

  const ruleSets: readonly (readonly [dialect: string, ...incompatible: string[]])[] = [
    ["confluent-7.0.0", "MESSAGE_MOVED"],
    ["confluent-7.0.1"],
    ["confluent-7.4.4"],
    ["confluent-7.4.5", "PACKAGE_CHANGED"],
    ["confluent-8", "PACKAGE_CHANGED"],
    ["confluent-head", "PACKAGE_CHANGED"],
  ];
  for (const [dialect, ...incompatible] of ruleSets)
    it(`are judged by ${dialect} when their package changes or their messages move`, () => {
      const packages = compare("message M {}", 'syntax = "proto3"; package q; message M {}', dialect);
      const order = compare("message A {} message B {}", "message B {} message A {}", dialect);
      expect([...packages, ...order].map(({ kind }) => kind)).to.deep.equal([
        ...["PACKAGE_CHANGED", "MESSAGE_MOVED", "MESSAGE_MOVED"],
      ]);
      expect(isCompatible(packages)).to.equal(!incompatible.includes("PACKAGE_CHANGED"));
      expect(isCompatible(order)).to.equal(!incompatible.includes("MESSAGE_MOVED"));
    });

  it("have no kind for required fields before 7.0.2", () => {
    const [none, one] = [`${proto2} message M {}`, `${proto2} message M { required int32 a = 1; }`];
    for (const dialect of ["confluent-7.0.0", "confluent-7.0.1"]) {
      expect(multiset(compare(none, one, dialect)), dialect).to.deep.equal(["FIELD_ADDED #/M/1"]);
      expect(multiset(compare(one, none, dialect)), dialect).to.deep.equal(["FIELD_REMOVED #/M/1"]);
    }
    for (const dialect of ["confluent-7.0.2", "confluent-7.1.0", "confluent-8"]) {
      expect(multiset(compare(none, one, dialect)), dialect).to.deep.equal(["!REQUIRED_FIELD_ADDED #/M/1"]);
      expect(multiset(compare(one, none, dialect)), dialect).to.deep.equal(["!REQUIRED_FIELD_REMOVED #/M/1"]);
    }
  });

  it("can differ in 26 kinds", () => {
    expect(protobufKinds).to.have.length(26);
  });

  it("are told about in sentences with what is written and what is read, cut and escaped", () => {
    const said = (older: string, newer: string): string[] =>
      compare(older, newer).map(({ message }) => message);
    expect(said("message M { int32 a = 1; }", "message M { string b = 1; }")).to.deep.equal([
      'Field 1 is written as "a" and read as "b".',
      'Field 1 "b" is written as int32 and read as string.',
    ]);
    expect(said("message M { M a = 1; }", "message M { map<string, M> a = 1; }")).to.deep.equal([
      'Field 1 "a" is written as the message "p.M" and read as a map of string to the message "p.M".',
    ]);
    expect(said("", `message ${"M".repeat(200)} {}`)[0]).to.have.length.below(140);
  });
});
