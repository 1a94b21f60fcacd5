import { expect } from "chai";
import { adviceFor, advisedKinds } from "../../../src/compatibility/advice.ts";
import type { Difference } from "../../../src/compatibility/difference.ts";
import { buildDifference, protobufKinds } from "../../../src/compatibility/protobuf/kinds.ts";
import { check, dialectOf, record } from "../../support/compatibility.ts";

const avroKinds = [
  "NAME_MISMATCH",
  "TYPE_MISMATCH",
  "READER_FIELD_MISSING_DEFAULT_VALUE",
  "MISSING_ENUM_SYMBOLS",
  "FIXED_SIZE_MISMATCH",
  "MISSING_UNION_BRANCH",
];
const ruleSets = ["confluent-7.0.0", "confluent-7.6.0", "confluent-8", "confluent-head"].map(dialectOf);

const incompatible = [
  ...[...avroKinds, "SCHEMA_TYPE_CHANGED", "EXCEPTION"].map(
    (kind): Difference => ({ kind, path: "/", message: "", compatible: false }),
  ),
  ...protobufKinds.flatMap((kind) =>
    ruleSets
      .map((dialect) => buildDifference(kind, "#/", "", dialect))
      .filter(({ compatible }) => !compatible),
  ),
];

describe("advice", () => {
  it("stands beside every kind that is incompatible anywhere, in both directions, as a sentence", () => {
    expect(new Set(incompatible.map(({ kind }) => kind)).size).to.equal(avroKinds.length + 2 + 12);
    for (const difference of incompatible)
      for (const direction of ["backward", "forward"] as const)
        expect(adviceFor(difference, direction), difference.kind).to.match(/^[A-Z].+\.$/);
  });

  it("stands beside no other kind, and beside nothing compatible", () => {
    expect(advisedKinds).to.have.members([...new Set(incompatible.map(({ kind }) => kind))]);
    for (const difference of incompatible)
      expect(adviceFor({ ...difference, compatible: true }, "backward")).to.equal(undefined);
    expect(
      adviceFor({ kind: "constructor", path: "/", message: "", compatible: false }, "backward"),
    ).to.equal(undefined);
  });

  it("tells a missing enum field from a changed type", () => {
    const older = record('{"name": "a", "type": "int"}');
    const enumeration = '{"type": "enum", "name": "E", "symbols": ["X"], "default": "X"}';
    const newer = record('{"name": "a", "type": "int"}', `{"name": "e", "type": ${enumeration}}`);
    const backward = check([older], newer, "BACKWARD").registry.differences[0];
    expect(backward).to.include({ kind: "TYPE_MISMATCH" });
    expect(backward?.advice).to.include("the field itself a default");
    const forward = check([newer], older, "FORWARD").registry.differences[0];
    expect(forward?.advice).to.match(/^Keep the field/);
  });

  it("is about the new schema in both directions", () => {
    const [forward] = check([record('{"name": "a", "type": "int"}')], record(), "FORWARD").registry
      .differences;
    expect(forward?.advice).to.match(/^Keep the field/);
  });
});
