import { expect } from "chai";
import { protobufKinds } from "../../../src/compatibility/protobuf/kinds.ts";
import { compare, isCompatible, multiset } from "../../support/proto-differences.ts";

const proto2 = 'syntax = "proto2"; package p;';

describe("two Protobuf schemas", () => {
  it("are not compared by reserved, extensions, options, json_name, defaults, syntax and services", () => {
    const older = `${proto2} message M { optional int32 a = 1 [default = 1]; extensions 100 to 200; reserved 5; } extend M { optional int32 x = 100; }`;
    const newer =
      'syntax = "proto3"; package p; option java_package = "j"; message M { option deprecated = true; int32 a = 1 [json_name = "z"]; } service S {}';
    expect(compare(older, newer)).to.deep.equal([]);
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
