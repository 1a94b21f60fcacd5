import { expect } from "chai";
import { compare, isCompatible, type ProtoText } from "../../support/proto-differences.ts";

type Row = readonly [
  change: string,
  older: string | ProtoText,
  newer: string | ProtoText,
  backward: "ok" | "no",
  forward: "ok" | "no",
];

const proto2 = 'syntax = "proto2"; package p;';
const types = "message N { int32 x = 1; } enum E { Z = 0; ONE = 1; } enum F { Y = 0; }";
const moved: ProtoText = {
  text: 'syntax = "proto3"; package p; import "t.proto"; message M { T a = 1; }',
  imports: { "t.proto": 'syntax = "proto3"; package p; message T { int32 x = 1; }' },
};

function fields(older: string, newer: string): readonly [string, string] {
  return [`message M { ${older} } ${types}`, `message M { ${newer} } ${types}`];
}

function fields2(older: string, newer: string): readonly [string, string] {
  return [`${proto2} message M { ${older} } message N {}`, `${proto2} message M { ${newer} } message N {}`];
}

/** What users trip over: each change in the direction that it is made in. */
const rows: readonly Row[] = [
  ["a message added to the file", "message M {}", "message M {} message T {}", "ok", "no"],
  [
    "a member added to a oneof",
    ...fields("oneof x { int32 a = 1; }", "oneof x { int32 a = 1; int32 b = 2; }"),
    ...(["ok", "no"] as const),
  ],
  ["a field removed, its number reserved", ...fields("int32 a = 1;", "reserved 1;"), "ok", "ok"],
  ["a field removed, its number not reserved", ...fields("int32 a = 1;", ""), "ok", "ok"],
  ["a reserved number used again", ...fields("reserved 1;", "string a = 1;"), "ok", "ok"],
  ["a field of the same name with a new number", ...fields("int32 a = 1;", "int32 a = 2;"), "ok", "ok"],
  ["proto3 int32 to repeated int32", ...fields("int32 a = 1;", "repeated int32 a = 1;"), "ok", "ok"],
  [
    "proto2 optional string to required string",
    ...fields2("optional string a = 1;", "required string a = 1;"),
    ...(["ok", "ok"] as const),
  ],
  [
    "proto2 optional message to required message",
    ...fields2("optional N a = 1;", "required N a = 1;"),
    ...(["ok", "ok"] as const),
  ],
  [
    "proto2 optional int32 to required int32",
    ...fields2("optional int32 a = 1;", "required int32 a = 1;"),
    ...(["no", "no"] as const),
  ],
  ["an enum value renumbered", "enum E { Z = 0; A = 1; }", "enum E { Z = 0; A = 2; }", "ok", "ok"],
  ["an enum value removed without reserving it", "enum E { Z = 0; A = 1; }", "enum E { Z = 0; }", "ok", "ok"],
  ["a field switched to another enum", ...fields("E a = 1;", "F a = 1;"), "ok", "ok"],
  ["int64 to int32", ...fields("int64 a = 1;", "int32 a = 1;"), "ok", "ok"],
  ["int32 to bool", ...fields("int32 a = 1;", "bool a = 1;"), "ok", "ok"],
  ["bytes to string", ...fields("bytes a = 1;", "string a = 1;"), "ok", "ok"],
  ["a field renamed", ...fields("int32 a = 1;", "int32 b = 1;"), "ok", "ok"],
  [
    "a message moved to an imported file",
    "message M { T a = 1; } message T { int32 x = 1; }",
    moved,
    ...(["no", "ok"] as const),
  ],
  ["the package changed", "message M {}", 'syntax = "proto3"; package q; message M {}', "no", "no"],
  [
    "a nested message hoisted to the top level",
    "message M { T a = 1; message T {} }",
    "message M { T a = 1; } message T {}",
    ...(["no", "no"] as const),
  ],
  [
    "a map to a list of entry messages",
    "message M { map<string, int32> a = 1; } message Entry { string key = 1; int32 value = 2; }",
    "message M { repeated Entry a = 1; } message Entry { string key = 1; int32 value = 2; }",
    ...(["no", "no"] as const),
  ],
  ["bytes to a message", ...fields("bytes a = 1;", "N a = 1;"), "no", "no"],
  ["float to double", ...fields("float a = 1;", "double a = 1;"), "no", "no"],
  ["sint32 to int32", ...fields("sint32 a = 1;", "int32 a = 1;"), "no", "no"],
  // where other engines answer otherwise
  ["int32 to int64", ...fields("int32 a = 1;", "int64 a = 1;"), "ok", "ok"],
  ["string to bytes", ...fields("string a = 1;", "bytes a = 1;"), "ok", "ok"],
  ["int32 to an enum", ...fields("int32 a = 1;", "E a = 1;"), "ok", "ok"],
  [
    "the message type of a field replaced",
    "message M { A a = 1; } message A {} message B {}",
    "message M { B a = 1; } message A {} message B {}",
    ...(["no", "no"] as const),
  ],
  ["a message deleted", "message M {} message T {}", "message M {}", "no", "ok"],
  ["an enum deleted", "message M {} enum E { Z = 0; }", "message M {}", "ok", "ok"],
  ["one field into a new oneof", ...fields("int32 a = 1;", "oneof x { int32 a = 1; }"), "ok", "ok"],
  [
    "one field into an existing oneof",
    ...fields("int32 a = 1; oneof x { int32 b = 2; }", "oneof x { int32 a = 1; int32 b = 2; }"),
    ...(["no", "ok"] as const),
  ],
  [
    "numeric optional to repeated, labels written",
    ...fields("optional int32 a = 1;", "repeated int32 a = 1;"),
    ...(["no", "no"] as const),
  ],
  ["a map field removed", ...fields("map<string, int32> a = 1;", ""), "ok", "ok"],
  ["the syntax changed", `${proto2} message M {}`, "message M {}", "ok", "ok"],
  ["an rpc changed", "service S {}", "service S { rpc Do(M) returns (M); } service T {}", "ok", "ok"],
];

describe("the newest Confluent registry", () => {
  for (const [change, older, newer, backward, forward] of rows) {
    it(`says ${backward} to new readers of old records after ${change}`, () => {
      expect(isCompatible(compare(older, newer))).to.equal(backward === "ok");
    });
    it(`says ${forward} to old readers of new records after ${change}`, () => {
      expect(isCompatible(compare(newer, older))).to.equal(forward === "ok");
    });
  }
});
