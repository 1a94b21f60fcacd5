import { expect } from "chai";
import { parseSchema, type SchemaImport } from "../../../src/compatibility/parse.ts";
import { KeryxError } from "../../../src/core/errors.ts";

const money =
  '{"type": "record", "name": "Money", "namespace": "a", "fields": [{"name": "c", "type": "Currency"}]}';
const currency = '{"type": "enum", "name": "Currency", "namespace": "a", "symbols": ["EUR"]}';
const order = '{"type": "record", "name": "Order", "fields": [{"name": "m", "type": "a.Money"}]}';
const moneyImport: SchemaImport = { name: "a.Money", text: money };
const currencyImport: SchemaImport = { name: "a.Currency", text: currency };

function refusal(work: () => unknown): KeryxError {
  try {
    work();
  } catch (error) {
    if (error instanceof KeryxError) return error;
  }
  throw new Error("not refused");
}

function named(imports: readonly SchemaImport[], find?: (name: string) => SchemaImport | undefined): boolean {
  const options = find === undefined ? {} : { find };
  return parseSchema({ type: "AVRO", text: order, imports }, options).type === "AVRO";
}

describe("parsing a schema with its imports", () => {
  it("takes imports of Avro in any order", () => {
    expect(named([moneyImport, currencyImport])).to.equal(true);
    expect(named([currencyImport, moneyImport])).to.equal(true);
  });

  it("finds a type that an import of another name defines", () => {
    const both = `[${currency}, ${money}]`;
    expect(named([{ name: "a.Currency", text: both }])).to.equal(true);
  });

  it("asks for what the list lacks, once for each name", () => {
    const asked: string[] = [];
    const find = (name: string): SchemaImport | undefined => {
      asked.push(name);
      return name === "a.Money" ? moneyImport : undefined;
    };
    expect(named([currencyImport], find)).to.equal(true);
    expect(asked).to.deep.equal(["a.Money"]);
    const text = 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }';
    const b = { name: "b.proto", text: 'syntax = "proto3"; message B {}' };
    const parsed = parseSchema(
      { type: "PROTOBUF", text },
      { find: (name) => (name === b.name ? b : undefined) },
    );
    expect(parsed.type === "PROTOBUF" && parsed.schema.imports.has("b.proto")).to.equal(true);
  });

  it("names the import that is not there, or that is no schema, with its place", () => {
    const missing = refusal(() => parseSchema({ type: "AVRO", text: order }));
    expect(missing.details).to.include({ missing: "a.Money", line: 1 });
    expect(missing.details["file"]).to.equal(undefined);
    const inside = refusal(() => parseSchema({ type: "AVRO", text: order, imports: [moneyImport] }));
    expect(inside.details).to.include({ missing: "a.Currency", file: "a.Money" });
    const broken = refusal(() =>
      parseSchema({ type: "AVRO", text: order, imports: [{ name: "a.Money", text: "{" }] }),
    );
    expect(broken.details).to.include({ file: "a.Money", line: 1 });
  });

  it("ends with imports that need each other", () => {
    const a = '{"type": "record", "name": "A", "fields": [{"name": "b", "type": "B"}]}';
    const b = '{"type": "record", "name": "B", "fields": [{"name": "a", "type": "C"}]}';
    const c = '{"type": "record", "name": "C", "fields": [{"name": "b", "type": "B"}]}';
    const imports = [
      { name: "B", text: b },
      { name: "C", text: c },
    ];
    expect(refusal(() => parseSchema({ type: "AVRO", text: a, imports })).code).to.equal("schema_invalid");
  });

  it("stops at the limit of references, whatever finds them", () => {
    let count = 0;
    const find = (name: string): SchemaImport => ({
      name,
      text: `{"type": "record", "name": "${name}", "fields": [{"name": "x", "type": "N${++count}"}]}`,
    });
    const text = '{"type": "record", "name": "A", "fields": [{"name": "x", "type": "N0"}]}';
    expect(refusal(() => parseSchema({ type: "AVRO", text }, { find })).details).to.have.property("missing");
    expect(count).to.equal(200);
  });

  it("refuses a default that does not fit, unless the schema is released", () => {
    const text = '{"type": "record", "name": "A", "fields": [{"name": "x", "type": "int", "default": "no"}]}';
    expect(refusal(() => parseSchema({ type: "AVRO", text })).code).to.equal("schema_invalid");
    const released = parseSchema({ type: "AVRO", text }, { isReleased: true });
    expect(released.type === "AVRO" && released.schema.named.has("A")).to.equal(true);
    expect(refusal(() => parseSchema({ type: "AVRO", text: "{" }, { isReleased: true })).code).to.equal(
      "schema_invalid",
    );
  });

  it("keeps the defaults of a released schema that fit", () => {
    const text = '{"type": "record", "name": "A", "fields": [{"name": "x", "type": "int", "default": 7}]}';
    const { schema } = parseSchema({ type: "AVRO", text }, { isReleased: true });
    const type = "type" in schema ? schema.type : undefined;
    expect(type?.kind === "record" && type.fields[0]?.default).to.deep.equal({ kind: "number", value: 7 });
  });
});
