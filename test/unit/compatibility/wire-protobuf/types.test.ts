import { field, itJudges } from "../../../support/wire-cases.ts";

describe("the wire verdict on types", () => {
  /** Pairs of which the first can be read as the second, but not the other way round. */
  const widened: readonly (readonly [string, string])[] = [
    ["bool", "int32"],
    ["bool", "uint64"],
    ["int32", "int64"],
    ["uint32", "uint64"],
    ["uint32", "int64"],
    ["sint32", "sint64"],
  ];
  for (const [narrow, wide] of widened)
    itJudges({
      name: `reads ${narrow} as ${wide}, not the other way round`,
      older: field(narrow),
      newer: field(wide),
      forward: ["TYPE_NARROWED #/M/1"],
    });

  const signs: readonly (readonly [string, string])[] = [
    ["int32", "uint32"],
    ["int32", "uint64"],
    ["int64", "uint64"],
    ["fixed32", "sfixed32"],
    ["fixed64", "sfixed64"],
  ];
  for (const [one, other] of signs)
    itJudges({
      name: `takes ${one} and ${other} for each other in neither direction`,
      older: field(one),
      newer: field(other),
      backward: ["TYPE_NARROWED #/M/1"],
      forward: ["TYPE_NARROWED #/M/1"],
    });

  const strangers: readonly (readonly [string, string])[] = [
    ["int32", "fixed32"],
    ["fixed32", "fixed64"],
    ["fixed32", "float"],
    ["sint64", "int64"],
    ["string", "int32"],
    ["string", "M"],
    ["E", "string"],
    ["E", "sint32"],
    ["E", "M"],
    ["map<int32, string>", "M"],
    ["map<int32, string>", "string"],
  ];
  for (const [one, other] of strangers)
    itJudges({
      name: `takes ${one} and ${other} for different encodings`,
      older: field(one, "enum E { A = 0; }"),
      newer: field(other, "enum E { A = 0; }"),
      backward: ["TYPE_CHANGED #/M/1"],
      forward: ["TYPE_CHANGED #/M/1"],
    });

  itJudges({
    name: "reads an open enum as an integer that holds its values, and an int32 as the enum",
    older: "message M { E a = 1; E b = 2; E c = 3; } enum E { A = 0; B = -1; }",
    newer: "message M { int32 a = 1; int64 b = 2; uint32 c = 3; } enum E { A = 0; B = -1; }",
    backward: ["TYPE_NARROWED #/M/3"],
    forward: ["TYPE_NARROWED #/M/2", "TYPE_NARROWED #/M/3"],
  });
  itJudges({
    name: "reads numbers as a closed enum only where it knows all of them",
    syntax: "proto2",
    older:
      "message M { optional int32 a = 1; optional bool b = 2; optional bool c = 3; } enum E { A = 0; B = 1; } enum F { X = 0; }",
    newer:
      "message M { optional E a = 1; optional E b = 2; optional F c = 3; } enum E { A = 0; B = 1; } enum F { X = 0; }",
    backward: ["VALUE_UNKNOWN #/M/1", "VALUE_UNKNOWN #/M/3"],
  });
  itJudges({
    name: "tells groups from messages",
    syntax: "proto2",
    older: "message M { optional group G = 1 { optional int32 a = 1; } }",
    newer: "message M { optional G g = 1; message G { optional int32 a = 1; } }",
    backward: ["TYPE_CHANGED #/M/1"],
    forward: ["TYPE_CHANGED #/M/1"],
  });
  itJudges({
    name: "tells delimited messages from others in editions, but not in maps",
    syntax: "editions",
    older: "message M { N a = 1; map<int32, N> b = 2; } message N { int32 x = 1; }",
    newer:
      "option features.message_encoding = DELIMITED; message M { N a = 1; map<int32, N> b = 2; } message N { int32 x = 1; }",
    backward: ["TYPE_CHANGED #/M/1"],
    forward: ["TYPE_CHANGED #/M/1"],
  });
  itJudges({
    name: "compares groups inside",
    syntax: "proto2",
    older: "message M { optional group G = 1 { optional int64 a = 1; } }",
    newer: "message M { optional group G = 1 { optional int32 a = 1; } }",
    backward: ["TYPE_NARROWED #/M/G/1"],
  });
  itJudges({
    name: "does not mind how lists are packed",
    older: "message M { repeated int32 a = 1; }",
    newer: "message M { repeated int32 a = 1 [packed = false]; }",
  });
  itJudges({
    name: "compares keys and values of maps",
    older:
      "message M { map<int64, string> a = 1; map<string, bytes> b = 2; map<string, N> c = 3; } message N { int64 x = 1; }",
    newer:
      "message M { map<int32, string> a = 1; map<string, string> b = 2; map<string, N> c = 3; } message N { int32 x = 1; }",
    backward: ["TYPE_NARROWED #/M/1", "BYTES_READ_AS_STRING #/M/2", "TYPE_NARROWED #/N/1"],
  });
  itJudges({
    name: "takes no list of another message for a map",
    older: field("map<string, int32>", "message E { string k = 1; string v = 2; string note = 3; }"),
    newer: field("repeated E", "message E { string k = 1; string v = 2; string note = 3; }"),
    backward: ["TYPE_CHANGED #/M/1"],
    forward: ["TYPE_CHANGED #/M/1"],
  });
  itJudges({
    name: "takes no list of messages without a key or a value for a map",
    older: field("map<string, int32>", "message E { string k = 1; }"),
    newer: field("repeated E", "message E { string k = 1; }"),
    backward: ["TYPE_CHANGED #/M/1"],
    forward: ["TYPE_CHANGED #/M/1"],
  });
  itJudges({
    name: "takes no list for a map whose values require what an entry may leave out",
    syntax: "proto2",
    older: field(
      "repeated E",
      "message E { optional string k = 1; optional N v = 2; } message N { required int32 x = 1; }",
    ),
    newer:
      "message M { map<string, N> a = 1; } message E { optional string k = 1; optional N v = 2; } message N { required int32 x = 1; }",
    backward: ["TYPE_CHANGED #/M/1"],
  });
  itJudges({
    name: "takes the numbers of an entry for its key and value, whatever they are called",
    older: field("map<string, string>", "message E { string value = 1; string key = 2; }"),
    newer: field("repeated E", "message E { string value = 1; string key = 2; }"),
    forward: ["warning LIST_READ_AS_MAP #/M/1"],
  });
  itJudges({
    name: "takes a type that nothing explains for itself only",
    older: "message M { gone.A a = 1; gone.A b = 2; gone.A c = 3; }",
    newer: "message M { gone.A a = 1; gone.B b = 2; M c = 3; }",
    backward: ["TYPE_CHANGED #/M/2", "TYPE_CHANGED #/M/3"],
    forward: ["TYPE_CHANGED #/M/2", "TYPE_CHANGED #/M/3"],
  });
  itJudges({
    name: "takes no list of groups for a map",
    syntax: "proto2",
    older:
      "message M { map<string, int32> a = 1; message G { optional string key = 1; optional int32 value = 2; } }",
    newer: "message M { repeated group G = 1 { optional string key = 1; optional int32 value = 2; } }",
    backward: ["TYPE_CHANGED #/M/1"],
    forward: ["TYPE_CHANGED #/M/1"],
  });
  itJudges({
    name: "reads an enum of nothing but 0 and 1 as bool, and no other",
    older: "message M { E a = 1; F b = 2; } enum E { A = 0; B = 1; } enum F { X = 0; Y = 2; }",
    newer: "message M { bool a = 1; bool b = 2; } enum E { A = 0; B = 1; } enum F { X = 0; Y = 2; }",
    backward: ["TYPE_NARROWED #/M/2"],
  });
});

describe("the wire verdict on labels and presence", () => {
  itJudges({
    name: "reads one string or message as a list of one, and a list as one only with loss",
    older: "message M { string a = 1; bytes b = 2; M m = 3; }",
    newer: "message M { repeated string a = 1; repeated bytes b = 2; repeated M m = 3; }",
    backward: [1, 2, 3].map((number) => `warning SINGLE_READ_AS_LIST #/M/${number}`),
    forward: [1, 2, 3].map((number) => `LIST_CHANGED #/M/${number}`),
  });
  itJudges({
    name: "refuses a list of enum values made one value, both ways",
    older: field("repeated E", "enum E { A = 0; }"),
    newer: field("E", "enum E { A = 0; }"),
    backward: ["LIST_CHANGED #/M/1"],
    forward: ["LIST_CHANGED #/M/1"],
  });
  itJudges({
    name: "takes proto3 fields with and without presence for each other",
    older: "message M { int32 a = 1; optional string b = 2; }",
    newer: "message M { optional int32 a = 1; string b = 2; }",
  });
  itJudges({
    name: "lets a required field go while only new reads old",
    syntax: "proto2",
    older: "message M { required int32 a = 1; required int32 b = 2; }",
    newer: "message M { optional int32 a = 1; reserved 2; }",
    forward: ["REQUIRED_MISSING #/M/1", "REQUIRED_MISSING #/M/2"],
  });
  itJudges({
    name: "refuses a required field that is new, and a list made required",
    syntax: "proto2",
    older: "message M { repeated string b = 2; }",
    newer: "message M { required int32 a = 1; required string b = 2; }",
    backward: ["REQUIRED_MISSING #/M/1", "LIST_CHANGED #/M/2", "REQUIRED_MISSING #/M/2"],
    forward: ["warning SINGLE_READ_AS_LIST #/M/2"],
  });
  itJudges({
    name: "sees what a feature makes required",
    syntax: "editions",
    older: "message M { int32 a = 1; }",
    newer: "message M { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; }",
    backward: ["REQUIRED_MISSING #/M/1"],
  });
});

describe("the wire verdict on defaults", () => {
  const all = (options: readonly string[]): string =>
    `message M { ${["int32", "uint64", "bool", "float", "double", "string", "bytes", "E"]
      .map((type, index) => `optional ${type} f${index} = ${index + 1} ${options[index]};`)
      .join(" ")} } enum E { A = 1; B = 2; }`;
  itJudges({
    name: "takes the same value in other words",
    syntax: "proto2",
    older: all([
      "[default = 16]",
      "[default = 0]",
      "",
      "[default = 1.5]",
      "[default = inf]",
      '[default = "a"]',
      "",
      "",
    ]),
    newer: all([
      "[default = 0x10]",
      "",
      "[default = false]",
      "[default = 15e-1]",
      "[default = inf]",
      '[default = "\\x61"]',
      '[default = ""]',
      "[default = A]",
    ]),
  });
  const changed = Array.from({ length: 8 }, (_, index) => `DEFAULT_CHANGED #/M/${index + 1}`);
  itJudges({
    name: "refuses another value for what was left out",
    syntax: "proto2",
    older: all(Array.from({ length: 8 }, () => "")),
    newer: all([
      "[default = -010]",
      "[default = 7]",
      "[default = true]",
      "[default = 0.1]",
      "[default = nan]",
      '[default = "a"]',
      '[default = "\\0"]',
      "[default = B]",
    ]),
    backward: changed,
    forward: changed,
  });
  itJudges({
    name: "sees that the first value of an enum is what stands for none",
    syntax: "proto2",
    older: field("optional E", "enum E { A = 1; B = 2; }"),
    newer: field("optional E", "enum E { B = 2; A = 1; }"),
    backward: ["DEFAULT_CHANGED #/M/1"],
    forward: ["DEFAULT_CHANGED #/M/1"],
  });
  itJudges({
    name: "does not mind the default of what is always written",
    syntax: "proto2",
    older: field("required int32"),
    newer: "message M { required int32 a = 1 [default = 4]; }",
  });
});
