import { expect } from "chai";
import { KeryxError } from "../../../../src/core/errors.ts";
import type { AvroType } from "../../../../src/schema/avro/model.ts";
import { type AvroParseOptions, parseAvro } from "../../../../src/schema/avro.ts";

const parse = (schema: unknown, options: AvroParseOptions = {}): AvroType =>
  parseAvro(JSON.stringify(schema), options).type;

const record = (...fields: unknown[]): object => ({ type: "record", name: "R", fields });

/** What a registry holds, and code cannot be generated for. */
const lenient: Readonly<Record<string, unknown>> = {
  "an empty union": [],
  "an empty union deep inside": record({ name: "x", type: { type: "array", items: [] } }),
  "a type's name in Greek": { type: "record", name: "Ωμέγα", fields: [] },
  "a namespace in Greek": { type: "record", name: "α.β.R", fields: [] },
  "a field's name with an accent": record({ name: "prénom", type: "int" }),
  "a symbol with a digit of another script": { type: "enum", name: "E", symbols: ["x٣"] },
  "an order in capitals": record({ name: "x", type: "int", order: "DESCENDING" }),
  "any text as a field's alias": record({ name: "x", type: "int", aliases: ["a-b", ""] }),
  "an enum's default that is no text": { type: "enum", name: "E", symbols: ["X"], default: 7 },
  "a type named after a complex type": { type: "fixed", name: "record", size: 1 },
};

const refused: Readonly<Record<string, unknown>> = {
  "two branches of one kind": ["int", { type: "int", logicalType: "date" }],
  "two branches of one name": [{ type: "fixed", name: "F", size: 1 }, "F"],
  "a union inside a union": [["int"], "null"],
  "a name that starts with a digit": { type: "fixed", name: "1x", size: 1 },
  "a name with a letter beyond one UTF-16 unit": { type: "fixed", name: "𝔘", size: 1 },
  "a name with a dash": { type: "fixed", name: "a-b", size: 1 },
  "a namespace with an empty part": { type: "fixed", name: "a..b", size: 1 },
  "a type named after a primitive": { type: "fixed", name: "int", size: 1 },
  "an order that is none": record({ name: "x", type: "int", order: "up" }),
  "an enum's default that is no symbol": { type: "enum", name: "E", symbols: ["X"], default: "Y" },
};

describe("Avro schemas as a registry takes them", () => {
  for (const [name, schema] of Object.entries(lenient))
    it(`have ${name}, which schemas for code may not`, () => {
      expect(parse(schema, { asRegistered: true })).to.be.an("object");
      expect(() => parse(schema)).to.throw(KeryxError);
    });

  for (const [name, schema] of Object.entries(refused))
    it(`do not have ${name} either`, () => {
      expect(() => parse(schema, { asRegistered: true })).to.throw(KeryxError);
    });

  it("take an enum's default that is no text for none", () => {
    expect(parse(lenient["an enum's default that is no text"], { asRegistered: true })).to.not.have.property(
      "default",
    );
  });

  it("look names up in Greek, too", () => {
    const type = parse(
      record({ name: "a", type: { type: "fixed", name: "λ.Ω", size: 1 } }, { name: "b", type: "λ.Ω" }),
      { asRegistered: true },
    );
    expect(type.kind === "record" && type.fields[0]?.type === type.fields[1]?.type).to.equal(true);
  });
});

describe("the presence of a default in an Avro schema", () => {
  const presences = (options: AvroParseOptions): unknown[] => {
    const type = parse(
      record(
        { name: "none", type: "int" },
        { name: "good", type: "int", default: 1 },
        { name: "nothing", type: "null", default: null },
      ),
      options,
    );
    return type.kind === "record" ? type.fields.map(({ hasDefault }) => hasDefault) : [];
  };

  it("is told whether defaults are checked or not", () => {
    expect(presences({})).to.deep.equal([false, true, true]);
    expect(presences({ ignoreDefaults: true })).to.deep.equal([false, true, true]);
  });

  it("is told of a default that does not fit its type, which stops nothing when defaults are not checked", () => {
    const schema = record({ name: "bad", type: "int", default: "no number" });
    expect(() => parse(schema)).to.throw(KeryxError);
    const type = parse(schema, { ignoreDefaults: true });
    expect(type).to.have.nested.property("fields[0].hasDefault", true);
    expect(type).to.not.have.nested.property("fields[0].default");
  });
});
