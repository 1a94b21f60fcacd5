import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { parseJson, toPlain } from "../../../src/schema/json.ts";
import { schemaLimits } from "../../../src/schema/limits.ts";

function refusal(text: string, limits = schemaLimits): KeryxError {
  try {
    parseJson(text, limits);
  } catch (error) {
    if (error instanceof KeryxError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("reading JSON with places", () => {
  it("gives every node its line, column and extent", () => {
    const root = parseJson('{\n  "a": [1, "x"]\n}');
    if (root.kind !== "object") throw new Error("not an object");
    const a = root.members.get("a");
    expect(a?.key).to.include({ line: 2, column: 3, offset: 4, end: 7 });
    expect(a?.value).to.include({ kind: "array", line: 2, column: 8, offset: 9, end: 17 });
    expect(root).to.include({ offset: 0, end: 19 });
  });

  it("keeps the text of a number that a double cannot hold", () => {
    expect(parseJson("9007199254740993")).to.include({ kind: "number", text: "9007199254740993" });
  });

  it("turns a key __proto__ into an own property", () => {
    const plain = toPlain(parseJson('{"__proto__": {"polluted": true}, "b": [null, false, 1.5]}'));
    expect(Object.keys(plain as object)).to.deep.equal(["__proto__", "b"]);
    expect(Object.getPrototypeOf(plain)).to.equal(Object.prototype);
    expect((plain as { b: unknown }).b).to.deep.equal([null, false, 1.5]);
  });

  for (const [text, line, column] of [
    ["", 1, 1],
    ["{", 1, 2],
    ['{"a":1,\n"a":2}', 2, 1],
    ["[1,]", 1, 4],
    ["// comment\n1", 1, 1],
    ["1 2", 1, 3],
    ['"\u0001"', 1, 1],
    ['"\\x"', 1, 1],
    ["[1e]", 1, 2],
    ["\ufeff1", 1, 1],
  ] as const)
    it(`refuses ${JSON.stringify(text)} at ${line}:${column}`, () => {
      const error = refusal(text);
      expect(error.code).to.equal("schema_invalid");
      expect(error.details).to.include({ line, column });
    });

  it("names the path of the value at fault", () => {
    expect(refusal('{"a":[0,{"b":tru}]}').details["path"]).to.deep.equal(["a", 1, "b"]);
  });

  it("refuses text beyond the size and depth limits before it parses", () => {
    expect(refusal(`"${"é".repeat(40)}"`, { ...schemaLimits, textBytes: 81 }).message).to.contain("81 bytes");
    expect(refusal("[".repeat(1_000_000)).details).to.include({ line: 1, column: 513 });
    expect(toPlain(parseJson(`${"[".repeat(512)}${"]".repeat(512)}`))).to.be.an("array");
  });

  it("does not take a bracket inside a string for nesting", () => {
    expect(toPlain(parseJson(`["${'[\\"'.repeat(600)}"]`))).to.have.length(1);
  });
});
