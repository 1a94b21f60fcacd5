import { itJudges } from "../../../support/wire-cases.ts";

describe("the wire verdict on oneofs", () => {
  itJudges({
    name: "lets one field into a new oneof, and out again",
    older: "message M { int32 a = 1; oneof o { int32 b = 2; } }",
    newer: "message M { oneof n { int32 a = 1; } int32 b = 2; }",
  });
  itJudges({
    name: "refuses two fields in a new oneof; out of it they may go",
    older: "message M { int32 a = 1; int32 b = 2; }",
    newer: "message M { oneof o { int32 a = 1; int32 b = 2; } }",
    backward: ["FIELDS_JOINED #/M/o"],
  });
  itJudges({
    name: "refuses a field in an existing oneof",
    older: "message M { int32 a = 1; oneof o { int32 b = 2; } }",
    newer: "message M { oneof o { int32 a = 1; int32 b = 2; } }",
    backward: ["FIELDS_JOINED #/M/o"],
  });
  itJudges({
    name: "refuses two oneofs made one; one may be made two",
    older: "message M { oneof o { int32 a = 1; int32 b = 2; } oneof p { int32 c = 3; } }",
    newer: "message M { oneof r { int32 a = 1; int32 b = 2; int32 c = 3; } }",
    backward: ["FIELDS_JOINED #/M/r"],
  });
  itJudges({
    name: "does not mind a new name",
    older: "message M { oneof o { int32 a = 1; int32 b = 2; } }",
    newer: "message M { oneof p { int32 a = 1; int32 b = 2; } }",
  });
  itJudges({
    name: "puts findings where the field stands",
    older: "message M { oneof o { int64 a = 1; } }",
    newer: "message M { oneof o { int32 a = 1; } }",
    backward: ["TYPE_NARROWED #/M/o/1"],
  });
});

describe("the wire verdict on numbers that were set aside", () => {
  itJudges({
    name: "refuses a reservation that is let go, but not one that is written in other words",
    older: "message M { reserved 1 to 3, 7; } message N { reserved 1, 2, 3; }",
    newer: "message M { reserved 2, 7 to 9; } message N { reserved 1 to 5; }",
    backward: ["RESERVATION_REMOVED #/M"],
  });
  itJudges({
    name: "refuses extension ranges that shrink without being reserved, and fields in them",
    syntax: "proto2",
    older: "message M { extensions 10 to 20; } message N { extensions 10 to 20; }",
    newer:
      "message M { extensions 10 to 14; optional int32 a = 15; } message N { extensions 10 to 14; reserved 15 to 20; }",
    backward: ["NUMBER_REUSED #/M/15", "EXTENSION_RANGE_REMOVED #/M"],
  });
  itJudges({
    name: "takes a field made an extension, and compares it",
    syntax: "proto2",
    older: "message M { optional int64 a = 10; optional int64 b = 11; }",
    newer:
      "message M { extensions 10 to 20; } extend M { optional int64 a = 10; } message H { extend M { optional int32 b = 11; } }",
    backward: ["TYPE_NARROWED #/M/11"],
  });
  itJudges({
    name: "refuses an extension under a reserved number",
    syntax: "proto2",
    older: "message M { extensions 10 to 20; reserved 5; }",
    newer: "message M { extensions 5, 10 to 20; } extend M { optional int32 a = 5; optional int32 b = 10; }",
    backward: ["NUMBER_REUSED #/M/5"],
  });
  itJudges({
    name: "does not take an extension for a field of that name",
    syntax: "proto2",
    older: "message M { optional int32 b = 1; extensions 10 to 20; } extend M { optional int32 a = 10; }",
    newer: "message M { optional int32 a = 1; extensions 10 to 20; } extend M { optional int32 a = 10; }",
  });
  itJudges({
    name: "takes an extension made a field",
    syntax: "proto2",
    older: "message M { extensions 10 to 20; } extend M { optional int32 a = 10; }",
    newer: "message M { optional int32 a = 10; extensions 11 to 20; }",
  });
  itJudges({
    name: "does not ask a message in the place of another for its reservations",
    older: "message M { Address a = 1; } message Address { string street = 1; reserved 5; }",
    newer: "message M { Place a = 1; } message Place { string street = 1; }",
  });
});
