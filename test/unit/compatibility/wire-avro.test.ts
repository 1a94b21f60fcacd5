import { expect } from "chai";
import fc from "fast-check";
import { compareAvro } from "../../../src/compatibility/avro.ts";
import { avroWireKinds } from "../../../src/compatibility/wire-avro/kinds.ts";
import { judgeAvroWire } from "../../../src/compatibility/wire-avro.ts";
import { type AvroSchema, parseAvro } from "../../../src/schema/avro.ts";
import { generatePair } from "../../support/avro-pairs.ts";
import { decimal, enumOf, field, fixed, logical, record } from "../../support/avro-schemas.ts";

const parse = (schema: unknown): AvroSchema => parseAvro(JSON.stringify(schema));

type Told = readonly [kind: string, path: string, message: string];

function judge(writer: unknown, reader: unknown): Told[] {
  return judgeAvroWire(parse(writer), parse(reader)).map(({ kind, path, message }) => [kind, path, message]);
}

function severities(writer: unknown, reader: unknown): readonly string[] {
  return judgeAvroWire(parse(writer), parse(reader)).map(({ severity }) => severity);
}

const millis = logical("long", "timestamp-millis");
const micros = logical("long", "timestamp-micros");

interface Row {
  readonly writer: unknown;
  readonly reader: unknown;
  readonly told: readonly Told[];
}

const rows: Readonly<Record<string, Row>> = {
  "int read as float": {
    writer: "int",
    reader: "float",
    told: [["PRECISION_LOST", "/", "int is read as float, which rounds whole numbers beyond 2^24."]],
  },
  "long read as float": {
    writer: "long",
    reader: "float",
    told: [["PRECISION_LOST", "/", "long is read as float, which rounds whole numbers beyond 2^24."]],
  },
  "long read as double": {
    writer: "long",
    reader: "double",
    told: [["PRECISION_LOST", "/", "long is read as double, which rounds whole numbers beyond 2^53."]],
  },
  "bytes read as string": {
    writer: "bytes",
    reader: "string",
    told: [["BYTES_READ_AS_TEXT", "/", "bytes are read as text, but need not be UTF-8."]],
  },
  "milliseconds read as microseconds": {
    writer: millis,
    reader: micros,
    told: [
      [
        "LOGICAL_TYPE_CHANGED",
        "/",
        "timestamp-millis (long) is read as timestamp-micros (long): the same bytes, another meaning.",
      ],
    ],
  },
  "a moment read as a local time": {
    writer: millis,
    reader: logical("long", "local-timestamp-millis"),
    told: [
      [
        "LOGICAL_TYPE_CHANGED",
        "/",
        "timestamp-millis (long) is read as local-timestamp-millis (long): the same bytes, another meaning.",
      ],
    ],
  },
  "a logical type that is added": {
    writer: "long",
    reader: millis,
    told: [
      [
        "LOGICAL_TYPE_CHANGED",
        "/",
        "plain long is read as timestamp-millis (long): the same bytes, another meaning.",
      ],
    ],
  },
  "a logical type that is removed while the type widens": {
    writer: logical("int", "date"),
    reader: "double",
    told: [
      ["LOGICAL_TYPE_CHANGED", "/", "date (int) is read as plain double: the same bytes, another meaning."],
    ],
  },
  "text that gets to be a UUID": {
    writer: "string",
    reader: logical("string", "uuid"),
    told: [
      [
        "LOGICAL_TYPE_CHANGED",
        "/",
        "plain string is read as uuid (string): the same bytes, another meaning.",
      ],
    ],
  },
  "another scale": {
    writer: decimal(6, 2),
    reader: decimal(6, 3),
    told: [["DECIMAL_SCALE_CHANGED", "/", "a decimal of scale 2 is read with scale 3."]],
  },
  "a lower precision": {
    writer: decimal(6, 2),
    reader: decimal(5, 2),
    told: [["DECIMAL_PRECISION_LOWERED", "/", "a decimal of 6 digits is read as one of 5."]],
  },
  "another type": {
    writer: record("R", [field("x", "string")]),
    reader: record("R", [field("x", "int")]),
    told: [["TYPE_CHANGED", "/fields/0/type", "string cannot be read as int."]],
  },
  "an int that narrows, in a list": {
    writer: { type: "array", items: "long" },
    reader: { type: "array", items: "int" },
    told: [["TYPE_CHANGED", "/items", "long cannot be read as int."]],
  },
  "a fixed size, in a map": {
    writer: { type: "map", values: fixed("F", 4) },
    reader: { type: "map", values: fixed("F", 8) },
    told: [["FIXED_SIZE_CHANGED", "/values/size", "4 bytes were written, 8 are read."]],
  },
  "another name": {
    writer: record("a.Old"),
    reader: record("a.New"),
    told: [["NAME_CHANGED", "/name", "a.Old is read as a.New."]],
  },
  "another namespace": {
    writer: record("a.R"),
    reader: record("b.R"),
    told: [
      ["NAMESPACE_CHANGED", "/name", "a.R is read as b.R, which readers that compare full names refuse."],
    ],
  },
  "a field without default": {
    writer: record("R"),
    reader: record("R", [field("x", "int")]),
    told: [["FIELD_WITHOUT_DEFAULT", "/fields/0", "x was not written and has no default."]],
  },
  "an enum field without default whose enum has one": {
    writer: record("R"),
    reader: record("R", [field("x", enumOf("E", ["A"], { default: "A" }))]),
    told: [["FIELD_WITHOUT_DEFAULT", "/fields/0", "x was not written and has no default."]],
  },
  "a field that two were written for": {
    writer: record("R", [field("a", "int"), field("b", "int")]),
    reader: record("R", [field("b", "int", { aliases: ["a"] })]),
    told: [["FIELD_AMBIGUOUS", "/fields/0", "b may be read from b or a."]],
  },
  "a field that two lay claim to": {
    writer: record("R", [field("a", "int")]),
    reader: record("R", [field("a", "int"), field("b", "int", { aliases: ["a"] })]),
    told: [["FIELD_AMBIGUOUS", "/fields/1", "a may be read as a or b."]],
  },
  "an enum symbol that is gone": {
    writer: enumOf("E", ["A", "B", "C"]),
    reader: enumOf("E", ["C"]),
    told: [["ENUM_SYMBOL_REMOVED", "/symbols", "A, B cannot be read."]],
  },
  "an enum symbol that the default stands in for": {
    writer: enumOf("E", ["A", "B"]),
    reader: enumOf("E", ["B"], { default: "B" }),
    told: [["ENUM_SYMBOL_READ_AS_DEFAULT", "/symbols", "A will be read as B."]],
  },
  "a union's branch that is gone": {
    writer: ["null", "string", "int"],
    reader: ["null", "int"],
    told: [["UNION_BRANCH_REMOVED", "/1", "no branch of the union reads string."]],
  },
  "a type that the union has no branch for": {
    writer: record("R", [field("x", "string")]),
    reader: record("R", [field("x", ["null", record("S")])]),
    told: [["UNION_BRANCH_REMOVED", "/fields/0/type", "no branch of the union reads string."]],
  },
  "null where the union is gone": {
    writer: ["null", "int"],
    reader: "int",
    told: [["TYPE_CHANGED", "/0", "null cannot be read as int."]],
  },
  "an int that a union takes for its float": {
    writer: "int",
    reader: ["null", "float", "long"],
    told: [["PRECISION_LOST", "/1", "int is read as float, which rounds whole numbers beyond 2^24."]],
  },
  "milliseconds in a branch of a union, which logical types do not choose": {
    writer: ["null", millis],
    reader: ["double", micros, "null"],
    told: [
      [
        "LOGICAL_TYPE_CHANGED",
        "/1",
        "timestamp-millis (long) is read as timestamp-micros (long): the same bytes, another meaning.",
      ],
    ],
  },
};

const safe: Readonly<Record<string, readonly [writer: unknown, reader: unknown]>> = {
  "int read as long": ["int", "long"],
  "int read as double": ["int", "double"],
  "float read as double": ["float", "double"],
  "string read as bytes": ["string", "bytes"],
  "a UUID read as text": [logical("string", "uuid"), "string"],
  "an unknown logical type": [logical("string", "color"), "string"],
  "a higher precision": [decimal(6, 2), decimal(9, 2)],
  "an added field with a default": [record("R"), record("R", [field("x", "int", { default: 1 })])],
  "a dropped field": [record("R", [field("x", "int"), field("y", "int")]), record("R", [field("y", "int")])],
  "a field renamed with an alias": [
    record("R", [field("x", "int")]),
    record("R", [field("y", "long", { aliases: ["x"] })]),
  ],
  "an alias that is the field's own name": [
    record("R", [field("x", "int")]),
    record("R", [field("x", "int", { aliases: ["x"] })]),
  ],
  "a type renamed with an alias": [record("a.Old"), record("b.New", [], { aliases: ["a.Old"] })],
  "another namespace with an alias": [record("a.R"), record("b.R", [], { aliases: ["a.R"] })],
  "symbols in another order": [enumOf("E", ["A", "B"]), enumOf("E", ["C", "B", "A"])],
  "a union in another order with more branches": [
    ["int", "null"],
    ["null", "string", "int"],
  ],
  "a type that becomes a union": ["string", ["null", "string"]],
  "a union whose branches all widen to one type": [["int", "long"], "long"],
  "a record that holds itself": [
    record("L", [field("next", ["null", "L"])]),
    record("L", [field("next", ["null", "L"]), field("more", "int", { default: 0 })]),
  ],
};

describe("judging whether Avro bytes keep their meaning", () => {
  for (const [name, { writer, reader, told }] of Object.entries(rows))
    it(`tells of ${name}`, () => {
      expect(judge(writer, reader)).to.deep.equal(told);
    });

  for (const [name, [writer, reader]] of Object.entries(safe))
    it(`says nothing of ${name}`, () => {
      expect(judge(writer, reader)).to.deep.equal([]);
    });

  it("warns of a namespace and of symbols with a default, all else is an error", () => {
    const warnings = new Set(["NAMESPACE_CHANGED", "ENUM_SYMBOL_READ_AS_DEFAULT"]);
    for (const { writer, reader, told } of Object.values(rows))
      expect(severities(writer, reader)).to.deep.equal(
        told.map(([kind]) => (warnings.has(kind) ? "warning" : "error")),
      );
  });

  it("has a row here for every kind", () => {
    const told = new Set(Object.values(rows).flatMap((row) => row.told.map(([kind]) => kind)));
    expect([...told].toSorted()).to.deep.equal(avroWireKinds.toSorted());
  });

  it("advises about the newer schema, whichever of the two that is", () => {
    const [lean, wide] = [record("R"), record("R", [field("x", "int")])].map(parse);
    const advice = (direction: "backward" | "forward"): string | undefined =>
      judgeAvroWire(lean!, wide!, direction)[0]?.advice;
    expect(advice("backward")).to.equal(
      "Give the field a default, or the old name as an alias if it is a rename.",
    );
    expect(advice("forward")).to.equal("Keep the field: the old reader has no default for it.");
  });

  it("tells of each pair of types once, where it is met first, in the order of the reader", () => {
    const of = (type: string): object =>
      record("R", [
        field("b", "int"),
        field("s", record("S", [field("x", type)])),
        field("t", "S"),
        field("c", type),
      ]);
    expect(judge(of("string"), of("int")).map(([, path]) => path)).to.deep.equal([
      "/fields/1/type/fields/0/type",
      "/fields/3/type",
    ]);
  });

  it("finds no problem between a schema and itself, unless aliases collide", () => {
    let judged = 0;
    fc.assert(
      fc.property(fc.gen().map(generatePair), ({ older }) => {
        const [text = "", ...more] = older;
        if (more.length > 0) return;
        const findWith = (schemaText: string): readonly unknown[] => {
          const schema = parseAvro(schemaText, { asRegistered: true, ignoreDefaults: true });
          return judgeAvroWire(schema, schema);
        };
        const bare = JSON.stringify(
          JSON.parse(text, (key, value) => (key === "aliases" ? undefined : value)),
        );
        expect(findWith(bare)).to.deep.equal([]);
        if (findWith(text).length > 0) expect(text).to.include("aliases");
        judged++;
      }),
      { numRuns: 500 },
    );
    expect(judged).to.be.greaterThan(300);
  });

  it("names ten symbols and no more", () => {
    const symbols = Array.from({ length: 12 }, (_, index) => `S${index}`);
    const [told] = judge(enumOf("E", symbols), enumOf("E", ["A"]));
    expect(told?.[2]).to.equal("S0, S1, S2, S3, S4, S5, S6, S7, S8, S9, … cannot be read.");
  });

  it("takes time in proportion to the fields, and stops at a limit", () => {
    const fields = Array.from({ length: 5_000 }, (_, index) => field(`f${index}`, "int"));
    expect(judge(record("R", fields), record("R", fields.toReversed()))).to.deep.equal([]);
    const wide = (stem: string): unknown =>
      Array.from({ length: 1_000 }, (_, index) => fixed(`${stem}${index}`, 1));
    expect(() => judge(wide("A"), wide("B"))).to.throw("steps");
  });
});

// What the registry says of the same change is the other verdict, and often another.
describe("changes of Avro schemas that the registry takes and the bytes do not bear", () => {
  const pairs = {
    "int → float": ["int", "float"],
    "long → float": ["long", "float"],
    "long → double": ["long", "double"],
    "bytes → string": ["bytes", "string"],
    "timestamp-millis → timestamp-micros": [millis, micros],
    "decimal scale": [decimal(6, 2), decimal(6, 3)],
    "decimal precision": [decimal(6, 2), decimal(5, 2)],
    "long → timestamp-millis": ["long", millis],
    "string → uuid": ["string", logical("string", "uuid")],
  } as const;
  for (const [name, [writer, reader]] of Object.entries(pairs))
    it(name, () => {
      expect(compareAvro(parse(reader), parse(writer))).to.deep.equal([]);
      expect(severities(writer, reader)).to.deep.equal(["error"]);
    });

  it("another namespace: the registry takes it both ways, and the bytes bear it with a warning", () => {
    for (const [writer, reader] of [
      [record("a.R"), record("b.R")],
      [record("b.R"), record("a.R")],
    ]) {
      expect(compareAvro(parse(reader), parse(writer))).to.deep.equal([]);
      expect(severities(writer, reader)).to.deep.equal(["warning"]);
    }
  });
});
