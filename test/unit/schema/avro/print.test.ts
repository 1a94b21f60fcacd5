import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../../../src/core/errors.ts";
import { printAvro } from "../../../../src/schema/avro/print.ts";
import { parseAvro } from "../../../../src/schema/avro.ts";
import { generatePair } from "../../../support/avro-pairs.ts";

const known = new Set(["n.A", "n.B", "o.C", "D"]);
const normalized = (schema: unknown): unknown =>
  JSON.parse(printAvro(JSON.stringify(schema), { normalizeWith: known }));

describe("Printing Avro", () => {
  it("leaves members, names and numbers as they are, and takes white space away", () => {
    const text =
      '{ "x": 1.50, "type" : "record", "name":"n.A",\n"fields": [ ], "e": 1e3, "t": true, "z": null }';
    expect(printAvro(text)).to.equal(
      '{"x":1.50,"type":"record","name":"n.A","fields":[],"e":1e3,"t":true,"z":null}',
    );
    expect(printAvro(' "string" ')).to.equal('"string"');
  });

  it("normalizes names, members and what is so anyway", () => {
    expect(
      normalized({
        ...{ zeta: { b: 1, a: [{ d: 1, c: 2 }] }, aliases: ["Old", "x.Y"], name: "n.A", type: "record" },
        fields: [
          { type: { type: "string" }, order: "Ascending", name: "a" },
          { default: null, name: "b", type: ["null", "B"], order: "descending" },
          { name: "c", type: { items: { values: "A", type: "map" }, type: "array" } },
          { name: "d", type: { type: "enum", name: "B", symbols: ["Y", "X"], namespace: "n" } },
          { name: "e", type: { type: "fixed", name: "D", namespace: "", size: 3 } },
          { name: "f", type: "D" },
          { name: "g", type: { type: "bytes", scale: 2, precision: 4, logicalType: "decimal" } },
        ],
      }),
    ).to.deep.equal({
      ...{ type: "record", name: "A", namespace: "n" },
      fields: [
        { name: "a", type: "string" },
        { name: "b", type: ["null", "n.B"], default: null, order: "descending" },
        { name: "c", type: { type: "array", items: { type: "map", values: "n.A" } } },
        { name: "d", type: { type: "enum", name: "B", namespace: "n", symbols: ["Y", "X"] } },
        { name: "e", type: { type: "fixed", name: "D", namespace: "", size: 3 } },
        { name: "f", type: "D" },
        { name: "g", type: { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 } },
      ],
      aliases: ["n.Old", "x.Y"],
      zeta: { a: [{ c: 2, d: 1 }], b: 1 },
    });
  });

  it("is the same for the same members in another order", () => {
    const one =
      '{"type":"record","name":"A","namespace":"n","fields":[{"name":"a","type":"int","doc":"d"}],"doc":"x"}';
    const other =
      '{"doc":"x","fields":[{"doc":"d","type":{"type":"int"},"name":"a"}],"name":"n.A","type":"record"}';
    expect(printAvro(one, { normalizeWith: known })).to.equal(printAvro(other, { normalizeWith: known }));
  });

  it("says what the schema said, of any schema, and changes nothing the second time", () => {
    const texts = fc
      .sample(
        fc.gen().map((draw) => generatePair(draw)),
        { numRuns: 300, seed: 7 },
      )
      .map(({ older }) => older)
      .filter((all) => all.length === 1)
      .map(([text = ""]) => text);
    let compared = 0;
    for (const text of texts) {
      const meaning = (one: string): unknown =>
        JSON.parse(JSON.stringify([...parseAvro(one, { asRegistered: true }).named.keys()]));
      let names: unknown;
      try {
        names = meaning(text);
      } catch (error) {
        if (!(error instanceof KeryxError)) throw error;
        continue;
      }
      compared++;
      const all = new Set(parseAvro(text, { asRegistered: true }).named.keys());
      const printed = printAvro(text, { normalizeWith: all });
      expect(meaning(printed), text).to.deep.equal(names);
      expect(printAvro(printed, { normalizeWith: all })).to.equal(printed);
      expect(JSON.parse(printAvro(text))).to.deep.equal(JSON.parse(text));
    }
    expect(compared).to.be.greaterThan(100);
  });

  it("refuses what is no JSON", () => {
    expect(() => printAvro("{")).to.throw(KeryxError);
  });
});
