/** Schema changes that engines judge differently, each with its older and its newer schema. */
export interface SchemaChange {
  readonly name: string;
  readonly type: "AVRO" | "PROTOBUF";
  readonly older: string;
  readonly newer: string;
}

type Row = readonly [name: string, older: string, newer: string];

const types = "message N { int32 x = 1; } enum E { Z = 0; ONE = 1; } enum F { Y = 0; }";

function fields(older: string, newer: string): readonly [string, string] {
  return [
    `syntax = "proto3"; package p; message M { ${older} } ${types}`,
    `syntax = "proto3"; package p; message M { ${newer} } ${types}`,
  ];
}

function files(older: string, newer: string): readonly [string, string] {
  return [`syntax = "proto3"; package p; ${older}`, `syntax = "proto3"; package p; ${newer}`];
}

function legacy(older: string, newer: string): readonly [string, string] {
  return [
    `syntax = "proto2"; package p; message M { ${older} optional int32 z = 9; }`,
    `syntax = "proto2"; package p; message M { ${newer} optional int32 z = 9; }`,
  ];
}

const protobuf: readonly Row[] = [
  ["a field added", ...fields("int32 a = 1;", "int32 a = 1; string b = 2;")],
  ["a field removed, nothing reserved", ...fields("int32 a = 1; int32 b = 2;", "int32 b = 2;")],
  [
    "a field removed, number and name reserved",
    ...fields("int32 a = 1; int32 b = 2;", 'reserved 1; reserved "a"; int32 b = 2;'),
  ],
  ["a field renamed", ...fields("int32 a = 1;", "int32 b = 1;")],
  ["a field of the same name with a new number", ...fields("int32 a = 1;", "int32 a = 2;")],
  ["int32 to int64", ...fields("int32 a = 1;", "int64 a = 1;")],
  ["string to bytes", ...fields("string a = 1;", "bytes a = 1;")],
  ["int32 to an enum", ...fields("int32 a = 1;", "E a = 1;")],
  ["int32 to string", ...fields("int32 a = 1;", "string a = 1;")],
  ["a field switched to another enum", ...fields("E a = 1;", "F a = 1;")],
  ["proto3 int32 to repeated int32", ...fields("int32 a = 1;", "repeated int32 a = 1;")],
  ["optional int32 to repeated int32", ...fields("optional int32 a = 1;", "repeated int32 a = 1;")],
  ["a map field removed", ...fields("map<string, int32> a = 1; int32 b = 2;", "int32 b = 2;")],
  ["a map of int32 to a map of string", ...fields("map<string, int32> a = 1;", "map<string, string> a = 1;")],
  [
    "one field into a new oneof",
    ...fields("int32 a = 1; int32 b = 2;", "oneof x { int32 a = 1; } int32 b = 2;"),
  ],
  [
    "one field into an existing oneof",
    ...fields("int32 a = 1; oneof x { int32 b = 2; }", "oneof x { int32 a = 1; int32 b = 2; }"),
  ],
  [
    "two fields into a new oneof",
    ...fields("int32 a = 1; int32 b = 2;", "oneof x { int32 a = 1; int32 b = 2; }"),
  ],
  ["a oneof member added", ...fields("oneof x { int32 a = 1; }", "oneof x { int32 a = 1; int32 b = 2; }")],
  [
    "a oneof member moved to the top level",
    ...fields("oneof x { int32 a = 1; int32 b = 2; }", "oneof x { int32 a = 1; } int32 b = 2;"),
  ],
  ["a oneof renamed", ...fields("oneof x { int32 a = 1; }", "oneof y { int32 a = 1; }")],
  ["the message type of a field replaced", ...fields("N a = 1; message O {}", "O a = 1; message O {}")],
  ["a message added", ...files("message M {}", "message M {} message T { int32 x = 1; }")],
  [
    "messages reordered",
    ...files("message M { int32 a = 1; } message T {}", "message T {} message M { int32 a = 1; }"),
  ],
  [
    "an enum value added",
    ...files("message M {} enum E { Z = 0; }", "message M {} enum E { Z = 0; A = 1; }"),
  ],
  [
    "an enum value removed",
    ...files("message M {} enum E { Z = 0; A = 1; }", "message M {} enum E { Z = 0; }"),
  ],
  [
    "an enum value renumbered",
    ...files("message M {} enum E { Z = 0; A = 1; }", "message M {} enum E { Z = 0; A = 2; }"),
  ],
  [
    "an enum value renamed",
    ...files("message M {} enum E { Z = 0; A = 1; }", "message M {} enum E { Z = 0; B = 1; }"),
  ],
  [
    "the package changed",
    'syntax = "proto3"; package p; message M { int32 a = 1; }',
    'syntax = "proto3"; package q; message M { int32 a = 1; }',
  ],
  [
    "an rpc changed",
    ...files(
      "message M {} message T {} service S { rpc Do(M) returns (M); }",
      "message M {} message T {} service S { rpc Do(M) returns (T); }",
    ),
  ],
  ["proto2 optional int32 to required", ...legacy("optional int32 a = 1;", "required int32 a = 1;")],
  ["proto2 optional string to required", ...legacy("optional string a = 1;", "required string a = 1;")],
  ["a required field added", ...legacy("", "required int32 a = 1;")],
  ["a reserved number added", ...fields("int32 a = 1;", "reserved 7; int32 a = 1;")],
  ["a reserved number given free", ...fields("reserved 7; int32 a = 1;", "int32 a = 1;")],
];

const text = { type: "string" };

function record(fields: readonly object[], more: object = {}): string {
  return JSON.stringify({ type: "record", name: "M", namespace: "p", fields, ...more });
}

function field(type: unknown, more: object = {}): string {
  return record([{ name: "a", type, ...more }]);
}

function ofType(older: unknown, newer: unknown): readonly [string, string] {
  return [field(older), field(newer)];
}

const id = { name: "id", ...text };
const colors = (symbols: readonly string[], more: object = {}): object => ({
  ...{ type: "enum", name: "Color", symbols },
  ...more,
});

const avro: readonly Row[] = [
  ["a field with a default added", record([id]), record([id, { name: "a", ...text, default: "" }])],
  ["a field without a default added", record([id]), record([id, { name: "a", ...text }])],
  [
    "a field with an enum default added, the field's own missing",
    record([id]),
    record([id, { name: "a", type: colors(["RED"], { default: "RED" }) }]),
  ],
  ["a field renamed", record([{ name: "a", ...text }]), record([{ name: "b", ...text }])],
  ["a field renamed with an alias", field("string"), record([{ name: "b", ...text, aliases: ["a"] }])],
  ["int to long", ...ofType("int", "long")],
  ["long to double", ...ofType("long", "double")],
  ["string to bytes", ...ofType("string", "bytes")],
  ["int to string", ...ofType("int", "string")],
  ["an enum symbol added", ...ofType(colors(["RED"]), colors(["RED", "BLUE"]))],
  [
    "an enum symbol removed, the enum with a default",
    ...ofType(colors(["RED", "BLUE"]), colors(["RED"], { default: "RED" })),
  ],
  ["a union branch added", ...ofType(["null", "string"], ["null", "string", "long"])],
  ["a type put into a union", ...ofType("string", ["null", "string"])],
  [
    "a fixed of another size",
    ...ofType({ type: "fixed", name: "F", size: 4 }, { type: "fixed", name: "F", size: 8 }),
  ],
  ["the record renamed", record([id]), record([id], { name: "Other" })],
  ["the record renamed with an alias", record([id]), record([id], { name: "Other", aliases: ["p.M"] })],
  ["the namespace changed", record([id]), record([id], { namespace: "q" })],
  [
    "another logical type",
    ...ofType(
      { type: "long", logicalType: "timestamp-millis" },
      { type: "long", logicalType: "timestamp-micros" },
    ),
  ],
];

export const schemaChanges: readonly SchemaChange[] = [
  ...protobuf.map(([name, older, newer]) => ({ name, type: "PROTOBUF" as const, older, newer })),
  ...avro.map(([name, older, newer]) => ({ name: `Avro: ${name}`, type: "AVRO" as const, older, newer })),
];
