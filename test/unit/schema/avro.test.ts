import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { AvroEnum, AvroRecord, AvroType } from "../../../src/schema/avro/model.ts";
import { unionShape } from "../../../src/schema/avro/shape.ts";
import { parseAvro } from "../../../src/schema/avro.ts";
import { schemaLimits } from "../../../src/schema/limits.ts";
import { cpuTimeMs } from "./cpu-time.ts";

const parse = (schema: unknown, options?: Parameters<typeof parseAvro>[1]): ReturnType<typeof parseAvro> =>
  parseAvro(typeof schema === "string" ? schema : JSON.stringify(schema), options);

function refusal(schema: unknown, options?: Parameters<typeof parseAvro>[1]): KeryxError {
  try {
    parse(schema, options);
  } catch (error) {
    if (error instanceof KeryxError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

function asRecord(type: AvroType): AvroRecord {
  if (type.kind !== "record") throw new Error(`not a record but ${type.kind}`);
  return type;
}

const record = (fields: readonly unknown[], more: object = {}): object => ({
  type: "record",
  name: "R",
  namespace: "a.b",
  fields,
  ...more,
});
const withDefault = (type: unknown, value: unknown): object => record([{ name: "f", type, default: value }]);
const defaultOf = (type: unknown, text: string): unknown => {
  const schema = JSON.stringify(withDefault(type, "@")).replace('"@"', text);
  return asRecord(parse(schema).type).fields[0]?.default;
};

describe("parsing Avro schemas", () => {
  it("resolves names through namespaces, dots and the enclosing definition", () => {
    const { type, named } = parse(
      record([
        { name: "inner", type: { type: "fixed", name: "F", size: 2 } },
        { name: "same", type: "F" },
        { name: "full", type: "a.b.F" },
        { name: "other", type: { type: "enum", name: "x.E", symbols: ["A"] } },
        { name: "again", type: "x.E" },
        { name: "bare", type: { type: "enum", name: "N", namespace: "", symbols: ["A"] } },
        { name: "fallback", type: "N" },
        { name: "self", type: ["null", "R"] },
      ]),
    );
    expect([...named.keys()]).to.deep.equal(["a.b.R", "a.b.F", "x.E", "N"]);
    const fields = asRecord(type).fields;
    expect(fields[1]?.type).to.equal(fields[0]?.type);
    expect(fields[2]?.type).to.equal(fields[0]?.type);
    expect(fields[4]?.type).to.equal(fields[3]?.type);
    expect(fields[6]?.type).to.equal(fields[5]?.type);
    const self = fields[7]?.type;
    expect(self?.kind === "union" && self.branches[1]).to.equal(type);
  });

  it("takes types that other texts define", () => {
    const { named } = parse({ type: "enum", name: "a.b.E", symbols: ["A"] });
    expect(asRecord(parse(record([{ name: "e", type: "E" }]), { named }).type).fields[0]?.type).to.equal(
      named.get("a.b.E"),
    );
    expect(refusal({ type: "fixed", name: "a.b.E", size: 1 }, { named }).details).to.include({
      twice: "a.b.E",
    });
  });

  it("names a type that is not defined, so that it can be looked for", () => {
    expect(refusal(record([{ name: "e", type: "E" }])).details).to.deep.include({
      missing: "a.b.E",
      path: ["fields", 0, "type"],
    });
  });

  it("keeps documentation, aliases, order and unknown attributes", () => {
    const { type } = parse(
      record(
        [
          {
            name: "f",
            type: { type: "string", note: 1 },
            doc: "field",
            aliases: ["g"],
            order: "ignore",
            keryx: { sensitive: true },
          },
          { name: "h", type: { type: "R", mark: 2 } },
        ],
        { doc: "doc", aliases: ["Old", "x.Older"], keryx: { topic: "t" } },
      ),
    );
    const { fields, ...rest } = asRecord(type);
    expect(rest).to.include({ doc: "doc", simpleName: "R", namespace: "a.b", name: "a.b.R" });
    expect(rest.aliases).to.deep.equal(["a.b.Old", "x.Older"]);
    expect([...rest.attributes]).to.deep.equal([["keryx", { topic: "t" }]]);
    expect(fields[0]).to.deep.include({ doc: "field", aliases: ["g"], order: "ignore" });
    expect([...(fields[0]?.attributes ?? [])]).to.deep.equal([["keryx", { sensitive: true }]]);
    expect([...(fields[0]?.type.attributes ?? [])]).to.deep.equal([["note", 1]]);
    expect([...(fields[1]?.referenceAttributes ?? [])]).to.deep.equal([["mark", 2]]);
  });

  it("understands logical types and ignores those that are used wrongly", () => {
    const logical = (schema: object): unknown => parse(schema).type.logical;
    expect(logical({ type: "long", logicalType: "timestamp-millis" })).to.deep.equal({
      kind: "timestamp-millis",
    });
    expect(logical({ type: "int", logicalType: "timestamp-millis" })).to.equal(undefined);
    expect(logical({ type: "string", logicalType: "uuid" })).to.deep.equal({ kind: "uuid" });
    expect(logical({ type: "fixed", name: "U", size: 16, logicalType: "uuid" })).to.deep.equal({
      kind: "uuid",
    });
    expect(logical({ type: "fixed", name: "U", size: 15, logicalType: "uuid" })).to.equal(undefined);
    expect(logical({ type: "fixed", name: "D", size: 12, logicalType: "duration" })).to.deep.equal({
      kind: "duration",
    });
    expect(logical({ type: "string", logicalType: "toString" })).to.equal(undefined);
    const decimal = (base: object, precision: unknown, scale?: unknown): unknown =>
      logical({ ...base, logicalType: "decimal", precision, scale });
    expect(decimal({ type: "bytes" }, 9, 2)).to.deep.equal({ kind: "decimal", precision: 9, scale: 2 });
    expect(decimal({ type: "bytes" }, 9)).to.deep.equal({ kind: "decimal", precision: 9, scale: 0 });
    for (const [precision, scale] of [
      [0, 0],
      [2, 3],
      [-1, 0],
      [1.5, 0],
      ["9", 0],
      [9, null],
    ])
      expect(decimal({ type: "bytes" }, precision, scale), `${precision} ${scale}`).to.equal(undefined);
    const fixed = { type: "fixed", name: "M", size: 4 };
    expect(decimal(fixed, 9)).to.deep.include({ precision: 9 });
    expect(decimal(fixed, 10)).to.equal(undefined);
  });

  it("reads defaults exactly", () => {
    expect(defaultOf("long", "9223372036854775807")).to.deep.equal({ kind: "long", value: 2n ** 63n - 1n });
    expect(defaultOf("int", "-2147483648")).to.deep.equal({ kind: "number", value: -(2 ** 31) });
    expect(defaultOf("float", "0.1")).to.deep.equal({ kind: "number", value: Math.fround(0.1) });
    expect(defaultOf("bytes", '"\\u00ff\\u0000"')).to.deep.equal({
      kind: "bytes",
      value: Uint8Array.of(255, 0),
    });
    expect(defaultOf(["null", "string"], '"x"')).to.deep.equal({
      kind: "union",
      branch: 1,
      value: { kind: "string", value: "x" },
    });
    expect(defaultOf({ type: "array", items: "boolean" }, "[true]")).to.deep.equal({
      kind: "array",
      items: [{ kind: "boolean", value: true }],
    });
    expect(defaultOf({ type: "map", values: "null" }, '{"__proto__": null}')).to.deep.equal({
      kind: "map",
      entries: new Map([["__proto__", { kind: "null" }]]),
    });
  });

  it("completes a record's default with the defaults of its fields", () => {
    const inner = record(
      [
        { name: "a", type: "int", default: 1 },
        { name: "b", type: "int" },
      ],
      { name: "I" },
    );
    expect(defaultOf(inner, '{"b": 2, "unknown": 3}')).to.deep.equal({
      kind: "record",
      fields: new Map([
        ["a", { kind: "number", value: 1 }],
        ["b", { kind: "number", value: 2 }],
      ]),
    });
  });

  it("reads an enum's default", () => {
    const { type } = parse({ type: "enum", name: "E", symbols: ["A", "B"], default: "B" });
    expect((type as AvroEnum).default).to.equal("B");
  });

  for (const [type, text] of [
    ["int", "2147483648"],
    ["int", "1.0"],
    ["int", '"1"'],
    ["long", "9223372036854775808"],
    ["long", "1e3"],
    ["double", "1e400"],
    ["double", '"NaN"'],
    ["string", '"\\ud800"'],
    ["string", "1"],
    ["bytes", '"\\u0100"'],
    [{ type: "fixed", name: "F", size: 2 }, '"a"'],
    [{ type: "enum", name: "E", symbols: ["A"] }, '"B"'],
    ["boolean", "0"],
    ["null", "false"],
    [{ type: "array", items: "int" }, "{}"],
    [{ type: "map", values: "int" }, "[]"],
    [["null", "int"], '"x"'],
    ["R", "{}"],
  ] as const)
    it(`refuses the default ${text} of ${JSON.stringify(type)}`, () => {
      expect(() => defaultOf(type, text)).to.throw(KeryxError, "default value");
    });

  it("leaves a writer's defaults unchecked when asked", () => {
    const { type } = parse(withDefault("int", "no"), { ignoreDefaults: true });
    expect(asRecord(type).fields[0]).to.not.have.property("default");
  });

  for (const [what, schema] of [
    ["a number for a type", 1],
    ["an object without type", {}],
    ["a type inside a type", { type: { type: "string" } }],
    ["an empty union", []],
    ["a union in a union", ["null", ["int"]]],
    ["a branch twice", ["int", { type: "int", logicalType: "date" }]],
    ["a named branch twice", [{ type: "fixed", name: "F", size: 1 }, "F"]],
    ["a record without fields", { type: "record", name: "R" }],
    ["fields that are no array", { type: "record", name: "R", fields: {} }],
    ["a field that is no object", record(["f"])],
    ["a field name with a dot", record([{ name: "a.b", type: "int" }])],
    [
      "a field twice",
      record([
        { name: "f", type: "int" },
        { name: "f", type: "int" },
      ]),
    ],
    ["a field without type", record([{ name: "f" }])],
    ["a bad order", record([{ name: "f", type: "int", order: "up" }])],
    ["a bad alias", record([{ name: "f", type: "int", aliases: ["a b"] }])],
    ["aliases that are no array", record([], { aliases: "A" })],
    ["a name like code", { type: "fixed", name: "F();//", size: 1 }],
    ["a namespace like code", { type: "fixed", name: "F", namespace: "a;b", size: 1 }],
    ["a name longer than any", { type: "fixed", name: "F".repeat(1_001), size: 1 }],
    ["a type named as a primitive", { type: "fixed", name: "int", size: 1 }],
    ["a type named as a complex type", { type: "fixed", name: "array", size: 1 }],
    ["a definition twice", record([{ name: "f", type: { type: "fixed", name: "R", size: 1 } }])],
    ["a negative size", { type: "fixed", name: "F", size: -1 }],
    ["a size beyond 31 bits", { type: "fixed", name: "F", size: 2 ** 31 }],
    ["symbols that are no array", { type: "enum", name: "E", symbols: "A" }],
    ["a symbol that is no name", { type: "enum", name: "E", symbols: ["a-b"] }],
    ["a symbol twice", { type: "enum", name: "E", symbols: ["A", "A"] }],
    ["an enum default that is no symbol", { type: "enum", name: "E", symbols: ["A"], default: "B" }],
  ] as const)
    it(`refuses ${what} with its place`, () => {
      const error = refusal(schema);
      expect(error.code).to.equal("schema_invalid");
      expect(error.details["line"]).to.equal(1);
      expect(error.details["path"]).to.be.an("array");
    });

  it("puts line and column of the node at fault into the error", () => {
    const text =
      '{\n "type": "record", "name": "R",\n "fields": [\n  {"name": "f", "type": "int", "default": "x"}\n ]\n}';
    expect(refusal(text).details).to.deep.include({
      line: 4,
      column: 43,
      path: ["fields", 0, "default"],
    });
  });
});

describe("limits on Avro schemas", () => {
  const nested = (depth: number): unknown =>
    depth === 1 ? "int" : { type: "array", items: nested(depth - 1) };
  const fields = (count: number): object =>
    record(Array.from({ length: count }, (_, i) => ({ name: `f${i}`, type: "int" })));
  const symbols = (count: number): object => ({
    type: "enum",
    name: "E",
    symbols: Array.from({ length: count }, (_, i) => `S${i}`),
  });

  for (const [what, make, limit] of [
    ["types inside types", nested, schemaLimits.depth],
    ["fields of a record", fields, schemaLimits.fields],
    ["symbols of an enum", symbols, schemaLimits.symbols],
  ] as const)
    it(`takes ${limit} ${what} and refuses one more`, () => {
      expect(parse(make(limit)).type).to.be.an("object");
      expect(refusal(make(limit + 1)).code).to.equal("schema_invalid");
    });

  it("refuses a default that contains itself", () => {
    expect(refusal(withDefault("R", {})).message).to.contain("too many or too deep");
  });

  it("refuses defaults that multiply, in little time", () => {
    let previous: unknown = "int";
    for (let i = 0; i < 30; i++)
      previous = record(
        ["x", "y"].map((name, index) => ({
          name,
          type: index === 0 ? previous : i === 0 ? "int" : `R${i - 1}`,
          default: i === 0 ? 1 : {},
        })),
        { name: `R${i}` },
      );
    const spent = cpuTimeMs(() => expect(refusal(previous).message).to.contain("too many or too deep"));
    expect(spent).to.be.below(5_000);
  });

  const megabyte = 1_000_000;
  for (const [what, text] of [
    ["open braces", '{"type":'.repeat(megabyte / 8)],
    ["a name of many parts", JSON.stringify({ type: "fixed", name: "a.".repeat(megabyte / 2), size: 1 })],
    ["one long string", `"${"x".repeat(megabyte)}"`],
    ["escapes", `"${"\\u0041".repeat(megabyte / 6)}"`],
    [
      "a long number",
      `{"type":"record","name":"R","fields":[{"name":"f","type":"long","default":${"9".repeat(megabyte)}}]}`,
    ],
    ["white space", `${" ".repeat(megabyte)}"int"`],
    ["line ends", `${"\n".repeat(megabyte)}"int"`],
    [
      "a wide union",
      JSON.stringify(Array.from({ length: 30_000 }, (_, i) => ({ type: "fixed", name: `F${i}`, size: 1 }))),
    ],
    [
      "many enum defaults",
      JSON.stringify(
        withDefault(
          { type: "array", items: symbols(10_000) },
          Array.from({ length: 90_000 }, () => "S9999"),
        ),
      ),
    ],
  ] as const)
    it(`ends within seconds on 1 MiB of ${what}`, () => {
      const spent = cpuTimeMs(() => {
        try {
          const { type } = parse(text);
          if (type.kind === "union") unionShape(type);
        } catch (error) {
          expect(error).to.be.instanceOf(KeryxError);
        }
      });
      expect(spent).to.be.below(5_000);
    });
});

describe("the shape of unions", () => {
  const shape = (schema: unknown): ReturnType<typeof unionShape> => {
    const { type } = parse(schema);
    if (type.kind !== "union") throw new Error("not a union");
    return unionShape(type);
  };
  const fixed = (name: string): object => ({ type: "fixed", name, size: 1 });

  it("is nullable for null and one other, on either side", () => {
    expect(shape(["null", "int"])).to.deep.equal({ kind: "nullable", branch: 1, nullBranch: 0 });
    expect(shape(["int", "null"])).to.deep.equal({ kind: "nullable", branch: 0, nullBranch: 1 });
  });

  it("is single for one branch", () => {
    expect(shape(["int"])).to.deep.equal({ kind: "single", kinds: ["int"] });
  });

  it("tags branches with their shortest unique names", () => {
    const branches = [
      "null",
      "string",
      fixed("a.x.C"),
      fixed("b.x.C"),
      fixed("D"),
      fixed("a.D"),
      fixed("q.string"),
    ];
    const kinds = ["null", "string", "a.x.C", "b.x.C", "D", "a.D", "q.string"];
    expect(shape(branches)).to.deep.equal({ kind: "tagged", kinds });
    expect(shape(branches.toReversed())).to.deep.equal({ kind: "tagged", kinds: kinds.toReversed() });
  });
});
