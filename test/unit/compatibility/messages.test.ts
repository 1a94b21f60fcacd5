import { expect } from "chai";
import { formatRegistryMessages, type RegistryMessageContext } from "../../../src/compatibility/messages.ts";
import { check, proto, record } from "../../support/compatibility.ts";

const context: RegistryMessageContext = { type: "AVRO", version: 7, schema: "text", level: "BACKWARD" };

describe("the verbose answer of a registry", () => {
  it("tells each incompatible difference of Avro, then the version that failed", () => {
    const older = record('{"name": "a", "type": "int"}');
    const { differences } = check([older], record('{"name": "a", "type": "string"}'), "BACKWARD").registry;
    expect(formatRegistryMessages(differences, context)).to.deep.equal([
      "{errorType:'TYPE_MISMATCH', description:'The reading type cannot take what the written type holds at path '/fields/0/type'', additionalInfo:'reader type: STRING not compatible with writer type: INT'}",
      "{oldSchemaVersion: 7}",
      "{oldSchema: 'text'}",
      "{validateFields: 'false', compatibility: 'BACKWARD'}",
    ]);
  });

  it("tells of Protobuf without more, and no compatible difference", () => {
    const older = proto("message A { int32 a = 1; }");
    const { differences } = check([older], proto("message A { string b = 1; }"), "BACKWARD").registry;
    expect(differences.map(({ kind }) => kind)).to.include("FIELD_NAME_CHANGED");
    const [first, ...rest] = formatRegistryMessages(differences, {
      ...context,
      type: "PROTOBUF",
      validateFields: true,
    });
    expect(first).to.match(/^\{errorType:"FIELD_SCALAR_KIND_CHANGED", description:".+"\}$/);
    expect(rest).to.deep.equal([
      "{oldSchemaVersion: 7}",
      "{oldSchema: 'text'}",
      "{validateFields: 'true', compatibility: 'BACKWARD'}",
    ]);
  });

  it("cuts the old schema at 10 KiB", () => {
    const { differences } = check([record()], record('{"name": "a", "type": "int"}'), "BACKWARD").registry;
    const [, , schema] = formatRegistryMessages(differences, { ...context, schema: "x".repeat(20_000) });
    expect(schema).to.equal(`{oldSchema: '${"x".repeat(10_240)}'}`);
  });

  it("is one sentence for another type of schema and for an exception, and nothing where nothing fails", () => {
    const other = check([record()], proto(""), "FULL").registry.differences;
    expect(formatRegistryMessages(other, context)).to.deep.equal([
      "Incompatible because of different schema type",
    ]);
    const exception = { kind: "EXCEPTION", path: "/", message: "Unexpected", compatible: false };
    expect(formatRegistryMessages([exception], context)[0]).to.equal("Unexpected");
    expect(formatRegistryMessages([{ ...exception, compatible: true }], context)).to.deep.equal([]);
  });
});
