/** A change that people make, as the reference names it. */
export interface ChangeSample {
  readonly older: string;
  readonly newer: string;
  /** An import of the newer text. */
  readonly imported?: Readonly<Record<string, string>>;
}

const proto3 = (older: string, newer: string): ChangeSample => ({
  older: `syntax = "proto3"; package a; ${older}`,
  newer: `syntax = "proto3"; package a; ${newer}`,
});
const proto2 = (older: string, newer: string): ChangeSample => ({
  older: `syntax = "proto2"; package a; ${older}`,
  newer: `syntax = "proto2"; package a; ${newer}`,
});
const retyped = (from: string, to: string): ChangeSample =>
  proto3(`message M { ${from} a = 1; } message N {}`, `message M { ${to} a = 1; } message N {}`);

/** One sample for each row of the table of changes in `docs/reference/compatibility.md`. */
export const changeSamples: Readonly<Record<string, ChangeSample>> = {
  "message type added to a file": proto3("message M {}", "message M {} message N {}"),
  "oneof member added": proto3(
    "message M { oneof o { int32 a = 1; } }",
    "message M { oneof o { int32 a = 1; int32 b = 2; } }",
  ),
  "field removed, number reserved": proto3(
    "message M { int32 a = 1; int32 b = 2; }",
    "message M { int32 a = 1; reserved 2; }",
  ),
  "field removed, number not reserved": proto3(
    "message M { int32 a = 1; int32 b = 2; }",
    "message M { int32 a = 1; }",
  ),
  "reserved number reused with another type": proto3(
    "message M { reserved 2; }",
    "message M { string b = 2; }",
  ),
  "same field name, new number": proto3(
    "message M { int32 a = 1; }",
    "message M { reserved 1; int32 a = 2; }",
  ),
  "proto3 `int32 a` made `repeated int32 a`": retyped("int32", "repeated int32"),
  "proto2 `optional string` made `required string`": proto2(
    "message M { optional string a = 1; }",
    "message M { required string a = 1; }",
  ),
  "proto2 `optional int32` made `required int32`": proto2(
    "message M { optional int32 a = 1; }",
    "message M { required int32 a = 1; }",
  ),
  "enum value renumbered": proto3("enum E { A = 0; B = 1; }", "enum E { A = 0; B = 2; reserved 1; }"),
  "enum value removed, not reserved": proto3("enum E { A = 0; B = 1; }", "enum E { A = 0; }"),
  "enum value added, closed enum (proto2)": proto2("enum E { A = 0; }", "enum E { A = 0; B = 1; }"),
  "field switched to another enum": proto3(
    "message M { E a = 1; } enum E { A = 0; B = 1; } enum F { X = 0; Y = 1; }",
    "message M { F a = 1; } enum E { A = 0; B = 1; } enum F { X = 0; Y = 1; }",
  ),
  "int64 made int32": retyped("int64", "int32"),
  "int32 made int64": retyped("int32", "int64"),
  "int32 made bool": retyped("int32", "bool"),
  "bytes made string": retyped("bytes", "string"),
  "string made bytes": retyped("string", "bytes"),
  "field renamed": proto3("message M { int32 a = 1; }", "message M { int32 b = 1; }"),
  "message moved to an imported file": {
    older: `syntax = "proto3"; package a; message M { N n = 1; } message N { int32 x = 1; }`,
    newer: `syntax = "proto3"; package a; import "n.proto"; message M { N n = 1; }`,
    imported: { "n.proto": `syntax = "proto3"; package a; message N { int32 x = 1; }` },
  },
  "package changed": {
    older: `syntax = "proto3"; package a; message M { int32 a = 1; }`,
    newer: `syntax = "proto3"; package b; message M { int32 a = 1; }`,
  },
  "nested message hoisted to the top": proto3(
    "message M { N n = 1; message N { int32 x = 1; } }",
    "message M { N n = 1; } message N { int32 x = 1; }",
  ),
  "map made a repeated entry message": proto3(
    "message M { map<string, int32> a = 1; } message E { string key = 1; int32 value = 2; }",
    "message M { repeated E a = 1; } message E { string key = 1; int32 value = 2; }",
  ),
  "bytes made a message": retyped("bytes", "N"),
  "float made double": retyped("float", "double"),
  "sint32 made int32": retyped("sint32", "int32"),
  "proto2 default changed": proto2(
    "message M { optional int32 a = 1 [default = 1]; }",
    "message M { optional int32 a = 1 [default = 2]; }",
  ),
  "one field into a new oneof": proto3(
    "message M { int32 a = 1; }",
    "message M { oneof o { int32 a = 1; } }",
  ),
  "one field into an existing oneof": proto3(
    "message M { int32 a = 1; oneof o { int32 b = 2; } }",
    "message M { oneof o { int32 a = 1; int32 b = 2; } }",
  ),
  "two fields into a new oneof": proto3(
    "message M { int32 a = 1; int32 b = 2; }",
    "message M { oneof o { int32 a = 1; int32 b = 2; } }",
  ),
  "oneof member to the top level": proto3(
    "message M { oneof o { int32 a = 1; int32 b = 2; } }",
    "message M { oneof o { int32 b = 2; } int32 a = 1; }",
  ),
};
