import { expect } from "chai";
import { judgeProtobufWire } from "../../../src/compatibility/wire-protobuf.ts";
import type { ProtoSchema } from "../../../src/schema/proto/schema.ts";
import { type Case, field, headers, type Imports, itJudges, judge, link } from "../../support/wire-cases.ts";

describe("the wire verdict on what users trip over", () => {
  const safe: readonly Case[] = [
    { name: "takes a message added to a file", older: "message M {}", newer: "message M {} message N {}" },
    {
      name: "takes a member added to a oneof",
      older: "message M { oneof o { int32 a = 1; } }",
      newer: "message M { oneof o { int32 a = 1; string b = 2; } }",
    },
    {
      name: "takes a field removed whose number is reserved",
      older: "message M { int32 a = 1; string b = 2; }",
      newer: "message M { int32 a = 1; reserved 2; }",
    },
    {
      name: "takes a renamed field",
      older: "message M { int32 a = 1; }",
      newer: "message M { int32 b = 1; }",
    },
    {
      name: "takes a nested message hoisted to the top",
      older: "message M { N n = 1; message N { int32 a = 1; } }",
      newer: "message M { N n = 1; } message N { int32 a = 1; }",
    },
    {
      name: "takes a map made a list of entries, and tells of the way back",
      older: field("map<string, int32>"),
      newer: field("repeated E", "message E { string k = 1; int32 v = 2; }"),
      forward: ["warning LIST_READ_AS_MAP #/M/1"],
    },
    {
      name: "takes string as bytes while only new reads old",
      older: field("string"),
      newer: field("bytes"),
      forward: ["BYTES_READ_AS_STRING #/M/1"],
    },
  ];
  for (const one of safe) itJudges(one);

  it("takes a changed package", () => {
    const text = "message M { N n = 1; E e = 2; } message N { int32 a = 1; } enum E { Z = 0; }";
    const [older, newer] = ["a.v1", "b.v2"].map((name) =>
      link(`syntax = "proto3"; package ${name}; ${text}`),
    );
    if (older === undefined || newer === undefined) throw new Error("two texts");
    expect(judge(older, newer, "backward")).to.deep.equal([]);
    expect(judge(newer, older, "forward")).to.deep.equal([]);
  });

  it("takes a message moved to an imported file, and goes on comparing it", () => {
    const head = `syntax = "proto3"; package a;`;
    const older = link(`${head} message M { N n = 1; } message N { int64 a = 1; }`);
    const moved = (name: string, type: string): ProtoSchema =>
      link(`${head} import "n.proto"; message M { ${name} n = 1; }`, {
        "n.proto": `syntax = "proto3"; package ${name.split(".")[0]}; message N { ${type} a = 1; }`,
      });
    for (const name of ["a.N", "common.N"]) {
      expect(judge(older, moved(name, "int64"), "backward")).to.deep.equal([]);
      expect(judge(moved(name, "int64"), older, "forward")).to.deep.equal([]);
      expect(judge(older, moved(name, "int32"), "backward")).to.deep.equal(["TYPE_NARROWED #/N/1"]);
    }
  });

  const unsafe: readonly Case[] = [
    {
      name: "refuses a field removed without reserving its number",
      older: "message M { int32 a = 1; oneof o { string b = 2; string c = 3; } }",
      newer: "message M { oneof o { string b = 2; } }",
      backward: ["NUMBER_NOT_RESERVED #/M/1", "NUMBER_NOT_RESERVED #/M/o/3"],
    },
    {
      name: "refuses a reserved number that is used again",
      older: "message M { reserved 2, 10 to 20; }",
      newer: "message M { reserved 10 to 14, 16 to 20; string b = 2; int32 c = 15; }",
      backward: ["NUMBER_REUSED #/M/2", "NUMBER_REUSED #/M/15"],
    },
    {
      name: "refuses a field name under a new number",
      older: "message M { int32 a = 1; }",
      newer: "message M { reserved 1; int32 a = 2; }",
      backward: ["NAME_MOVED #/M/2"],
      forward: ["NAME_MOVED #/M/1"],
    },
    {
      name: "refuses a number made a list, both ways",
      older: field("int32"),
      newer: field("repeated int32"),
      backward: ["LIST_CHANGED #/M/1"],
      forward: ["LIST_CHANGED #/M/1"],
    },
    {
      name: "refuses an optional string or message made required, while new reads old",
      syntax: "proto2",
      older: "message M { optional string a = 1; optional M m = 2; }",
      newer: "message M { required string a = 1; required M m = 2; }",
      backward: ["REQUIRED_MISSING #/M/1", "REQUIRED_MISSING #/M/2"],
    },
    {
      name: "refuses an enum value that is renumbered",
      older: "enum E { A = 0; B = 1; }",
      newer: "enum E { A = 0; B = 2; reserved 1; }",
      backward: ["VALUE_MOVED #/E/2"],
      forward: ["VALUE_MOVED #/E/1"],
    },
    {
      name: "refuses an enum value removed without being reserved",
      older: "message M { enum E { A = 0; B = 1; C = 2; } }",
      newer: "message M { enum E { A = 0; C = 2; } }",
      backward: ["VALUE_NOT_RESERVED #/M/E/1"],
    },
    {
      name: "refuses a field switched to another enum",
      older: field("E", "enum E { A = 0; B = 1; } enum F { X = 0; Y = 1; }"),
      newer: field("F", "enum E { A = 0; B = 1; } enum F { X = 0; Y = 1; }"),
      backward: ["ENUM_REPLACED #/M/1"],
      forward: ["ENUM_REPLACED #/M/1"],
    },
    {
      name: "refuses int64 read as int32, and int32 as bool; the other way round they fit",
      older: "message M { int64 a = 1; int32 b = 2; }",
      newer: "message M { int32 a = 1; bool b = 2; }",
      backward: ["TYPE_NARROWED #/M/1", "TYPE_NARROWED #/M/2"],
    },
    {
      name: "refuses bytes read as string",
      older: field("bytes"),
      newer: field("string"),
      backward: ["BYTES_READ_AS_STRING #/M/1"],
    },
    ...[
      ["bytes", "M"],
      ["float", "double"],
      ["sint32", "int32"],
    ].map(
      ([from = "", to = ""]): Case => ({
        name: `refuses ${from} and ${to} for each other`,
        older: field(from),
        newer: field(to),
        backward: ["TYPE_CHANGED #/M/1"],
        forward: ["TYPE_CHANGED #/M/1"],
      }),
    ),
  ];
  for (const one of unsafe) itJudges(one);
});

describe("the wire verdict on types of fields", () => {
  const address = "message Address { string street = 1; int32 zip = 2; }";
  const person = "message Person { string name = 1; int32 age = 2; }";
  itJudges({
    name: "refuses another message whose fields have other names",
    older: field("Address", `${address} ${person}`),
    newer: field("Person", `${address} ${person}`),
    backward: ["TYPE_REPLACED #/M/1"],
    forward: ["TYPE_REPLACED #/M/1"],
  });
  itJudges({
    name: "takes a renamed message with the same fields, however deep",
    older: field(
      "Address",
      "message Address { string street = 1; City city = 2; } message City { string name = 1; Address hall = 2; }",
    ),
    newer: field(
      "Place",
      "message Place { string street = 1; Town city = 2; } message Town { string name = 1; Place hall = 2; }",
    ),
  });
  itJudges({
    name: "finds the difference deep below a renamed message",
    older: field("A", "message A { B b = 1; } message B { C c = 1; } message C { int64 x = 1; }"),
    newer: field("K", "message K { L b = 1; } message L { O c = 1; } message O { int32 x = 1; }"),
    backward: ["TYPE_REPLACED #/M/1"],
  });
  itJudges({
    name: "says once what changed in a message that several fields have",
    older: "message M { N a = 1; N b = 2; repeated N c = 3; } message N { int64 x = 1; N n = 2; }",
    newer: "message M { N a = 1; N b = 2; repeated N c = 3; } message N { int32 x = 1; N n = 2; }",
    backward: ["TYPE_NARROWED #/N/1"],
  });
  itJudges({
    name: "does not take a namesake that was there before for the moved message",
    older:
      "message M { A.Item a = 1; } message A { message Item { int32 x = 1; } } message B { message Item { int32 y = 1; } }",
    newer:
      "message M { B.Item a = 1; } message A { message Item { int32 x = 1; } } message B { message Item { int32 y = 1; } }",
    backward: ["TYPE_REPLACED #/M/1"],
    forward: ["TYPE_REPLACED #/M/1"],
  });
  itJudges({
    name: "tells of a message whose records nobody can read any more, when the reader is newer",
    older: "message M {} message Gone { message Inside {} } message Used {} message Holder { Used u = 1; }",
    newer: "message M {} message Holder { reserved 1; }",
    backward: ["warning MESSAGE_REMOVED #/Gone"],
  });

  it("follows a message that no field refers to into an import", () => {
    const head = `syntax = "proto3"; package a;`;
    const older = link(`${head} message M {} message N { int64 a = 1; }`);
    const newer = link(`${head} import "n.proto"; message M {}`, {
      "n.proto": `${head} message N { int32 a = 1; }`,
    });
    expect(judge(older, newer, "backward")).to.deep.equal(["TYPE_NARROWED #/N/1"]);
  });
  itJudges({
    name: "follows a message that no field refers to out of another",
    older: "message M { message N { int64 a = 1; } }",
    newer: "message M {} message N { int32 a = 1; }",
    backward: ["TYPE_NARROWED #/N/1"],
  });

  itJudges({
    name: "does not take an enum of the same name for the message that moved",
    older: "message M { message N { int64 a = 1; } }",
    newer: "message M { enum N { A = 0; } } message O { enum N { X = 0; } } message N { int32 a = 1; }",
    backward: ["TYPE_NARROWED #/N/1"],
  });

  it("compares imported enums", () => {
    const text = `syntax = "proto3"; package a; import "e.proto"; message M { common.E a = 1; }`;
    const values = (second: string): Imports => ({
      "e.proto": `syntax = "proto3"; package common; enum E { A = 0; ${second} }`,
    });
    expect(
      judge(link(text, values("B = 1;")), link(text, values("B = 2; reserved 1;")), "backward"),
    ).to.deep.equal(["VALUE_MOVED #/E/2"]);
  });

  it("compares imported messages, and says whose they are", () => {
    const text = `syntax = "proto3"; package a; import "m.proto"; message M { common.Money a = 1; }`;
    const money = (type: string): Imports => ({
      "m.proto": `syntax = "proto3"; package common; message Money { ${type} units = 1; }`,
    });
    expect(judge(link(text, money("int64")), link(text, money("int32")), "backward")).to.deep.equal([
      "TYPE_NARROWED #/Money/1",
    ]);
  });
});

describe("a wire problem of Protobuf", () => {
  it("names both sides with their types, and says what to do", () => {
    const [older, newer] = ["int64", "int32"].map((type) =>
      link(`${headers.proto3} message M { ${type} total = 3; }`),
    );
    if (older === undefined || newer === undefined) throw new Error("two texts");
    expect(judgeProtobufWire(older, newer, "backward")).to.deep.equal([
      {
        kind: "TYPE_NARROWED",
        path: "#/M/3",
        message:
          "Written as `int64 total = 3`, read as `int32 total = 3`: values that do not fit are cut or change their sign.",
        advice: "Keep the wider type.",
        severity: "error",
      },
    ]);
  });

  it("keeps long names out of its message", () => {
    const name = "n".repeat(500);
    const [older, newer] = ["int64", "int32"].map((type) =>
      link(`${headers.proto3} message M { ${type} ${name} = 3; }`),
    );
    if (older === undefined || newer === undefined) throw new Error("two texts");
    const [problem] = judgeProtobufWire(older, newer, "backward");
    expect(problem?.message.length).to.be.lessThan(400);
  });
});
