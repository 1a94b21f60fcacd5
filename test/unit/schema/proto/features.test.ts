import { expect } from "chai";
import {
  createFeatures,
  type FieldKind,
  fileFeatures,
  isDelimited,
  isPacked,
  presenceOf,
} from "../../../../src/schema/proto/features.ts";
import type { ProtoField, ProtoFile } from "../../../../src/schema/proto/model.ts";
import { parseProto } from "../../../../src/schema/protobuf.ts";

function fieldOf(head: string, field: string): { readonly file: ProtoFile; readonly field: ProtoField } {
  const file = parseProto(`${head} message M { ${field} }`);
  const found = file.messages[0]?.fields[0];
  if (found === undefined) throw new Error("has no field");
  return { file, field: found };
}

function ask<T>(
  question: (field: ProtoField, features: ReturnType<typeof fileFeatures>, kind: FieldKind) => T,
  head: string,
  text: string,
  kind: FieldKind = "scalar",
): T {
  const { file, field } = fieldOf(head, text);
  const message = file.messages[0];
  return question(field, message === undefined ? fileFeatures(file) : createFeatures(file)(message), kind);
}

const proto3 = 'syntax = "proto3";';
const edition = 'edition = "2023";';
const implicit = `${edition} option features.field_presence = IMPLICIT;`;
const delimited = `${edition} option features = { message_encoding: DELIMITED };`;

describe("features of .proto files", () => {
  for (const [head, field, kind, expected] of [
    ["", "optional int32 a = 1;", "scalar", "explicit"],
    ["", "required int32 a = 1;", "scalar", "required"],
    ["", "repeated int32 a = 1;", "scalar", "repeated"],
    ["", "map<int32, int32> a = 1;", "scalar", "repeated"],
    [proto3, "int32 a = 1;", "scalar", "implicit"],
    [proto3, "optional int32 a = 1;", "scalar", "explicit"],
    [proto3, "oneof o { int32 a = 1; }", "scalar", "explicit"],
    [proto3, "E a = 1;", "enum", "implicit"],
    [proto3, "M a = 1;", "message", "explicit"],
    [edition, "int32 a = 1;", "scalar", "explicit"],
    [edition, "int32 a = 1 [features.field_presence = IMPLICIT];", "scalar", "implicit"],
    [edition, "int32 a = 1 [features.field_presence = LEGACY_REQUIRED];", "scalar", "required"],
    [edition, "M a = 1 [features.field_presence = LEGACY_REQUIRED];", "message", "required"],
    [implicit, "int32 a = 1;", "scalar", "implicit"],
    [implicit, "int32 a = 1 [features = { field_presence: EXPLICIT }];", "scalar", "explicit"],
    [implicit, "M a = 1;", "message", "explicit"],
    [implicit, "int32 a = 1 [(features).field_presence = EXPLICIT];", "scalar", "implicit"],
    [implicit, "int32 a = 1 [features.(field_presence) = EXPLICIT];", "scalar", "implicit"],
    [implicit, "int32 a = 1 [features.field_presence = constructor];", "scalar", "implicit"],
  ] as const)
    it(`finds "${field}" in "${head}" to be ${expected}`, () => {
      expect(ask(presenceOf, head, field, kind)).to.equal(expected);
    });

  for (const [head, field, kind, expected] of [
    ["", "repeated int32 a = 1;", "scalar", false],
    ["", "repeated int32 a = 1 [packed = true];", "scalar", true],
    [proto3, "repeated int32 a = 1;", "scalar", true],
    [proto3, "repeated int32 a = 1 [packed = false];", "scalar", false],
    [proto3, "repeated E a = 1;", "enum", true],
    [proto3, "repeated M a = 1;", "message", false],
    [proto3, "repeated string a = 1;", "scalar", false],
    [proto3, "int32 a = 1;", "scalar", false],
    [edition, "repeated int32 a = 1;", "scalar", true],
    [edition, "repeated int32 a = 1 [features.repeated_field_encoding = EXPANDED];", "scalar", false],
  ] as const)
    it(`finds "${field}" in "${head}" ${expected ? "" : "not "}to be packed`, () => {
      expect(ask(isPacked, head, field, kind)).to.equal(expected);
    });

  for (const [head, field, kind, expected] of [
    ["", "optional group A = 1 {}", "message", true],
    ["", "optional M a = 1;", "message", false],
    [delimited, "M a = 1;", "message", true],
    [delimited, "E a = 1;", "enum", false],
    [delimited, "map<int32, M> a = 1;", "message", false],
    [delimited, "M a = 1 [features.message_encoding = LENGTH_PREFIXED];", "message", false],
  ] as const)
    it(`finds "${field}" in "${head}" ${expected ? "" : "not "}to be delimited`, () => {
      expect(ask(isDelimited, head, field, kind)).to.equal(expected);
    });

  it("inherits through messages, so that an inner enum can be closed by an outer option", () => {
    const file = parseProto(
      `${edition} message M { option features.enum_type = CLOSED; message N { enum A { X = 1; } enum B { option features.enum_type = OPEN; Y = 0; } } } enum C { Z = 0; }`,
    );
    const features = createFeatures(file);
    const inner = file.messages[0]?.messages[0]?.enums ?? [];
    expect([...inner, ...file.enums].map((one) => [one.name, features(one).enums])).to.deep.equal([
      ["A", "closed"],
      ["B", "open"],
      ["C", "open"],
    ]);
  });

  it("inherits from a message to its fields and to those of messages inside of it", () => {
    const file = parseProto(
      `${edition} message M { option features.field_presence = IMPLICIT; int32 a = 1; message N { int32 b = 1; } } message O { int32 c = 1; }`,
    );
    const features = createFeatures(file);
    const [m, o] = file.messages;
    const presences = [m, m?.messages[0], o].map((message) => {
      const field = message?.fields[0];
      return message && field && presenceOf(field, features(message), "scalar");
    });
    expect(presences).to.deep.equal(["implicit", "implicit", "explicit"]);
  });

  it("takes enums of proto2 for closed and those of proto3 for open", () => {
    for (const [head, expected] of [
      ["", "closed"],
      [proto3, "open"],
    ] as const) {
      const file = parseProto(`${head} enum E { Z = 0; }`);
      expect(file.enums.map((one) => createFeatures(file)(one).enums)).to.deep.equal([expected]);
    }
  });
});
