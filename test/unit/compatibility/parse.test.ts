import { expect } from "chai";
import { parseSchema, type SchemaImport } from "../../../src/compatibility/parse.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { collectAvroNames } from "../../../src/schema/avro/references.ts";
import { schemaLimits } from "../../../src/schema/limits.ts";
import { cpuTimeMs } from "../schema/cpu-time.ts";

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
    const error = refusal(() => parseSchema({ type: "AVRO", text }, { find }));
    expect(error.details).to.include({ fault: "limit", missing: "N200" });
    expect(error.message).to.contain("More than 200 schemas");
    expect(count).to.equal(201);
  });

  it("follows a chain of 200 imports, the last first in the list", () => {
    const imports = Array.from({ length: 200 }, (_, n) => {
      const fields = n === 199 ? [] : [{ name: "x", type: { type: "array", items: `N${n + 1}` } }];
      return { name: `a.N${n}`, text: JSON.stringify({ type: "record", name: `a.N${n}`, fields }) };
    });
    const text =
      '{"type": "record", "name": "A", "namespace": "a", "fields": [{"name": "x", "type": ["null", "N0"]}]}';
    const parsed = parseSchema({ type: "AVRO", text, imports: imports.toReversed() });
    expect(parsed.type === "AVRO" && [...parsed.schema.named.keys()]).to.deep.equal(["a.A"]);
  });

  it("finds a name without namespace behind the one in the namespace", () => {
    const use =
      '{"type": "record", "name": "a.A", "fields": [{"name": "x", "type": "Plain"}, {"name": "y", "type": {"type": "map", "values": "Plain"}}]}';
    const plain = { name: "Plain", text: '{"type": "fixed", "name": "Plain", "size": 2}' };
    const inside = { name: "a.Plain", text: '{"type": "fixed", "name": "a.Plain", "size": 4}' };
    const sizeWith = (imports: readonly SchemaImport[]): unknown => {
      const { schema } = parseSchema({ type: "AVRO", text: use, imports });
      const type =
        "type" in schema && schema.type.kind === "record" ? schema.type.fields[0]?.type : undefined;
      return type?.kind === "fixed" ? type.size : undefined;
    };
    expect(sizeWith([plain])).to.equal(2);
    expect(sizeWith([plain, inside])).to.equal(4);
  });

  it("passes over imports that nothing reaches, even those that are no JSON", () => {
    expect(
      named([
        { name: "b.Broken", text: "{" },
        { name: "a.Both", text: `[${currency}, ${money}]` },
      ]),
    ).to.equal(true);
  });

  it("refuses a text that is refused for something else, whatever is missing as well", () => {
    const text =
      '{"type": "record", "name": "A", "fields": [{"name": "m", "type": "a.Money"}, {"name": "m", "type": "int"}]}';
    const error = refusal(() => parseSchema({ type: "AVRO", text, imports: [currencyImport, moneyImport] }));
    expect(error.message).to.contain("stands twice");
  });

  it("parses a large schema with many imports a few times at most", function () {
    this.timeout(30_000);
    const imports = Array.from({ length: 190 }, (_, n) => ({
      name: `a.N${n}`,
      text: JSON.stringify({ type: "record", name: `a.N${n}`, fields: [] }),
    }));
    const large = Array.from({ length: 3_000 }, (_, n) => ({
      name: `p${n}`,
      type: "string",
      doc: "x".repeat(200),
    }));
    const fields = [...large, ...imports.map(({ name }, n) => ({ name: `f${n}`, type: name }))];
    const text = JSON.stringify({ type: "record", name: "A", fields });
    const once = cpuTimeMs(() => collectAvroNames(text, schemaLimits));
    expect(cpuTimeMs(() => parseSchema({ type: "AVRO", text, imports }))).to.be.lessThan(40 * once + 200);
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
