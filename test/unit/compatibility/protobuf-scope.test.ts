import { expect } from "chai";
import { compare, multiset } from "../../support/proto-differences.ts";

type Row = readonly [change: string, older: string, newer: string, ...differences: string[]];

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
];

describe("the messages and enums of two Protobuf schemas", () => {
  for (const [change, older, newer, ...differences] of rows)
    it(`differ: ${change}`, () => {
      expect(multiset(compare(older, newer))).to.deep.equal(differences.toSorted());
    });
});
