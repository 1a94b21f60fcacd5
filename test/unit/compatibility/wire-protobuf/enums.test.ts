import { field, itJudges } from "../../../support/wire-cases.ts";

describe("the wire verdict on enums", () => {
  itJudges({
    name: "takes new values, other names and reserved numbers of an open enum",
    older: "enum E { A = 0; B = 1; C = 2; }",
    newer: "enum E { A = 0; BB = 1; D = 3; reserved 2; }",
  });
  itJudges({
    name: "refuses a value that a closed enum does not know",
    syntax: "proto2",
    older: "enum E { A = 0; B = 1; }",
    newer: "enum E { A = 0; C = 2; reserved 1; }",
    backward: ["VALUE_UNKNOWN #/E/1"],
    forward: ["VALUE_UNKNOWN #/E/2"],
  });
  itJudges({
    name: "sees what a feature closes",
    syntax: "editions",
    older: "enum E { option features.enum_type = CLOSED; A = 0; } enum F { X = 0; }",
    newer: "enum E { option features.enum_type = CLOSED; A = 0; B = 1; } enum F { X = 0; Y = 1; }",
    forward: ["VALUE_UNKNOWN #/E/1"],
  });
  itJudges({
    name: "refuses a reserved number that is used again or let go",
    older: "enum E { A = 0; reserved 2, 5 to 9; }",
    newer: "enum E { A = 0; B = 2; reserved 6 to 9; }",
    backward: ["VALUE_REUSED #/E/2", "RESERVATION_REMOVED #/E"],
  });
  itJudges({
    name: "takes an enum under another name with the same values",
    older: field("E", "enum E { A = 0; B = 1; }"),
    newer: field("F", "enum F { A = 0; B = 1; C = 2; }"),
    forward: ["ENUM_REPLACED #/M/1"],
  });
  itJudges({
    name: "follows an enum that moved into a message",
    older: field("E", "enum E { A = 0; B = 1; }"),
    newer: "message M { E a = 1; enum E { A = 0; B = 2; } }",
    backward: ["VALUE_NOT_RESERVED #/M/E/1", "VALUE_MOVED #/M/E/2"],
    forward: ["VALUE_MOVED #/E/1"],
  });
  itJudges({
    name: "keeps aliases apart from moved values",
    older: "enum E { option allow_alias = true; A = 0; B = 1; C = 1; }",
    newer: "enum E { A = 0; C = 1; }",
  });
  itJudges({
    name: "takes a new reservation, and says once that an old one is used",
    older: "enum E { A = 0; } enum F { X = 0; reserved 2; }",
    newer: "enum E { A = 0; reserved 5; } enum F { X = 0; Y = 2; }",
    backward: ["VALUE_REUSED #/F/2"],
  });
});
