import { expect } from "chai";
import fc from "fast-check";
import { compareAvro } from "../../../src/compatibility/avro.ts";
import { type AvroSchema, parseAvro } from "../../../src/schema/avro.ts";
import { generatePair } from "../../support/avro-pairs.ts";
import { array, enumOf, field, fixed, map, record } from "../../support/avro-schemas.ts";

type Line = readonly [kind: string, path: string, message: string];

const parse = (schema: unknown): AvroSchema =>
  parseAvro(JSON.stringify(schema), { asRegistered: true, ignoreDefaults: true });

/** What keeps the first schema from reading data of the second. */
function compare(reader: unknown, writer: unknown): Line[] {
  return compareAvro(parse(reader), parse(writer)).map((one) => {
    expect(one.compatible).to.equal(false);
    return [one.kind, one.path, one.message];
  });
}

const mismatch = (reader: string, writer: string, path = "/"): Line => [
  "TYPE_MISMATCH",
  path,
  `reader type: ${reader} not compatible with writer type: ${writer}`,
];
const lacking = (type: string, path = "/"): Line => [
  "MISSING_UNION_BRANCH",
  path,
  `reader union lacking writer type: ${type}`,
];

/** One schema of each type. */
const types: Readonly<Record<string, unknown>> = {
  NULL: "null",
  BOOLEAN: "boolean",
  INT: "int",
  LONG: "long",
  FLOAT: "float",
  DOUBLE: "double",
  BYTES: "bytes",
  STRING: "string",
  ARRAY: array("int"),
  MAP: map("int"),
  FIXED: fixed("F", 1),
  ENUM: enumOf("E", ["X"]),
  RECORD: record("R"),
};
const widened = new Set(
  ["INT LONG", "INT FLOAT", "INT DOUBLE", "LONG FLOAT", "LONG DOUBLE", "FLOAT DOUBLE"].concat(
    "STRING BYTES",
    "BYTES STRING",
  ),
);

interface Case {
  readonly reader: unknown;
  readonly writer: unknown;
  readonly list: readonly Line[];
}

const cases: Readonly<Record<string, Case>> = {
  "an array's items, below /items": {
    reader: array("int"),
    writer: array("string"),
    list: [mismatch("INT", "STRING", "/items")],
  },
  "a map's values, below /values": {
    reader: map(array("int")),
    writer: map(array("long")),
    list: [mismatch("INT", "LONG", "/values/items")],
  },
  "a fixed type's name before its size": {
    reader: fixed("a.F", 4),
    writer: fixed("b.G", 8),
    list: [
      ["NAME_MISMATCH", "/name", "expected: b.G"],
      ["FIXED_SIZE_MISMATCH", "/size", "expected: 8, found: 4"],
    ],
  },
  "an enum's name, then the symbols that are missing, sorted by code unit": {
    reader: enumOf("E", ["A"]),
    writer: enumOf("n.F", ["b", "Z", "A", "_", "a"]),
    list: [
      ["NAME_MISMATCH", "/name", "expected: n.F"],
      ["MISSING_ENUM_SYMBOLS", "/symbols", "[Z, _, a, b]"],
    ],
  },
  "no missing symbol where the reader's enum has a default": {
    reader: enumOf("E", ["A"], { default: "A" }),
    writer: enumOf("E", ["B", "C"], { default: "B" }),
    list: [],
  },
  "a missing symbol although the writer's enum has a default": {
    reader: enumOf("E", ["A"]),
    writer: enumOf("E", ["B"], { default: "B" }),
    list: [["MISSING_ENUM_SYMBOLS", "/symbols", "[B]"]],
  },
  "a record's name, and its fields none the less, in the reader's order": {
    reader: record("A", [field("x", "int"), field("y", "int"), field("z", "int")]),
    writer: record("B", [field("z", "string"), field("x", "long")]),
    list: [
      ["NAME_MISMATCH", "/name", "expected: B"],
      mismatch("INT", "LONG", "/fields/0/type"),
      ["READER_FIELD_MISSING_DEFAULT_VALUE", "/fields/1", "y"],
      mismatch("INT", "STRING", "/fields/2/type"),
    ],
  },
  "nothing for an added field with a default, of whatever value": {
    reader: record("A", [field("x", "int", { default: "no number" }), field("y", "null", { default: null })]),
    writer: record("A"),
    list: [],
  },
  "an added field without default": {
    reader: record("A", [field("x", ["null", "int"])]),
    writer: record("A"),
    list: [["READER_FIELD_MISSING_DEFAULT_VALUE", "/fields/0", "x"]],
  },
  "an added enum field without default whose enum has one, held against the record": {
    reader: record("A", [field("x", enumOf("E", ["X"], { default: "X" }))]),
    writer: record("A"),
    list: [mismatch("ENUM", "RECORD", "/fields/0/type")],
  },
  "an added enum field without default whose enum has none": {
    reader: record("A", [field("x", enumOf("E", ["X"]))]),
    writer: record("A"),
    list: [["READER_FIELD_MISSING_DEFAULT_VALUE", "/fields/0", "x"]],
  },
  "nothing for fields that the reader lacks or has in another order": {
    reader: record("A", [field("y", "int"), field("x", "int")]),
    writer: record("A", [field("x", "int"), field("gone", "string"), field("y", "int")]),
    list: [],
  },
  "a field found by an alias, under its own index": {
    reader: record("A", [field("new", "int", { aliases: ["older", "old"] })]),
    writer: record("A", [field("old", "string")]),
    list: [mismatch("INT", "STRING", "/fields/0/type")],
  },
  "an exception where a field finds two": {
    reader: record("A", [field("x", "string"), field("new", "int", { aliases: ["old"] })]),
    writer: record("A", [field("x", "int"), field("old", "int"), field("new", "int")]),
    list: [["EXCEPTION", "/", "Unexpected exception during compatibility check"]],
  },
  "an exception where a field has its own name for an alias": {
    reader: record("A", [field("x", "int", { aliases: ["x"] })]),
    writer: record("A", [field("x", "int")]),
    list: [["EXCEPTION", "/", "Unexpected exception during compatibility check"]],
  },
  "an exception from the depth of a union": {
    reader: ["null", record("A", [field("x", "int", { aliases: ["y"] })])],
    writer: record("A", [field("x", "int"), field("y", "int")]),
    list: [["EXCEPTION", "/", "Unexpected exception during compatibility check"]],
  },
  "nothing where one alias is written twice": {
    reader: record("A", [field("new", "int", { aliases: ["old", "old"] })]),
    writer: record("A", [field("old", "int")]),
    list: [],
  },
  "each branch that a reader's union lacks, by its index in the writer": {
    reader: ["null", "long", record("A")],
    writer: ["string", "null", "int", "boolean", record("B")],
    list: [lacking("STRING", "/0"), lacking("BOOLEAN", "/3"), lacking("RECORD", "/4")],
  },
  "nothing for unions in another order, with more branches in the reader": {
    reader: ["bytes", "double", "null"],
    writer: ["null", "int", "string"],
    list: [],
  },
  "a branch of the writer's union that a reader without union does not read, below its index": {
    reader: record("A", [field("x", array("int"))]),
    writer: record("A", [field("x", ["null", array("string"), array("int")].slice(0, 2))]),
    list: [
      mismatch("ARRAY", "NULL", "/fields/0/type/0"),
      mismatch("INT", "STRING", "/fields/0/type/1/items"),
    ],
  },
  "one missing branch where no branch of the reader's union reads the writer": {
    reader: record("A", [field("x", ["null", "int", array("int")])]),
    writer: record("A", [field("x", array("string"))]),
    list: [lacking("ARRAY", "/fields/0/type")],
  },
  "everything but nothing for an empty union that reads": {
    reader: [],
    writer: ["null", "int"],
    list: [lacking("NULL", "/0"), lacking("INT", "/1")],
  },
  "a missing branch for an empty union that reads no union": {
    reader: [],
    writer: "int",
    list: [lacking("INT")],
  },
  "nothing for an empty union that was written": { reader: "int", writer: [], list: [] },
  "nothing for two empty unions": { reader: [], writer: [], list: [] },
  "nothing for another namespace, whose simple name is the same": {
    reader: record("a.b.R", [field("f", fixed("x.F", 1)), field("e", enumOf("E", ["X"]))]),
    writer: record("R", [field("f", fixed("F", 1)), field("e", enumOf("y.E", ["X"]))]),
    list: [],
  },
  "nothing for a new name with the old full name as alias": {
    reader: record("b.New", [], { aliases: ["a.Old"] }),
    writer: record("a.Old"),
    list: [],
  },
  "nothing for an alias that gets the reader's namespace": {
    reader: record("b.New", [], { aliases: ["Old"] }),
    writer: record("b.Old"),
    list: [],
  },
  "a wrong name where the alias is the old simple name only": {
    reader: record("b.New", [], { aliases: ["Old"] }),
    writer: record("a.Old"),
    list: [["NAME_MISMATCH", "/name", "expected: a.Old"]],
  },
  "a wrong name where only the writer has the alias": {
    reader: record("Old"),
    writer: record("New", [], { aliases: ["Old"] }),
    list: [["NAME_MISMATCH", "/name", "expected: New"]],
  },
  "nothing for logical types, docs, orders and other properties": {
    reader: record("A", [
      field("t", { type: "long", logicalType: "timestamp-millis" }, { order: "ignore", doc: "d" }),
      field("d", { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 }),
    ]),
    writer: record(
      "A",
      [
        field("t", { type: "long", logicalType: "timestamp-micros" }, { unit: "s" }),
        field("d", { type: "bytes", logicalType: "decimal", precision: 9, scale: 3 }),
      ],
      { doc: "other" },
    ),
    list: [],
  },
  "an error type as the record that it is": {
    reader: record("A", [field("x", "int")]),
    writer: { ...record("A"), type: "error" },
    list: [["READER_FIELD_MISSING_DEFAULT_VALUE", "/fields/0", "x"]],
  },
  "an error type by the name of a record": {
    reader: { ...record("A"), type: "error" },
    writer: "int",
    list: [mismatch("RECORD", "INT")],
  },
};

describe("comparing Avro schemas", () => {
  for (const [name, { reader, writer, list }] of Object.entries(cases))
    it(`finds ${name}`, () => {
      expect(compare(reader, writer)).to.deep.equal(list);
    });

  for (const [writer, written] of Object.entries(types))
    it(`reads ${writer} as itself and as what it widens to, nothing else`, () => {
      for (const [reader, read] of Object.entries(types)) {
        const isReadable = reader === writer || widened.has(`${writer} ${reader}`);
        expect(compare(read, written), reader).to.deep.equal(isReadable ? [] : [mismatch(reader, writer)]);
      }
    });

  it("says of a union's branch which type is missing, by the type's own word", () => {
    for (const [name, type] of Object.entries(types))
      expect(compare(name === "NULL" ? ["boolean"] : ["null"], type)).to.deep.equal([lacking(name)]);
  });

  describe("of types that are met again", () => {
    const list = (name: string, value: unknown): object =>
      record(name, [field("value", value), field("next", ["null", name])]);

    it("takes a pair under way for compatible", () => {
      expect(compare(list("L", "long"), list("L", "int"))).to.deep.equal([]);
      expect(compare(list("L", "int"), list("L", "string"))).to.deep.equal([
        mismatch("INT", "STRING", "/fields/0/type"),
      ]);
    });

    it("ends where two schemas repeat with different lengths", () => {
      const twice = record("L", [field("next", ["null", record("n.L", [field("next", ["null", "L"])])])]);
      const once = record("L", [field("next", ["null", "L"])]);
      expect(compare(once, twice)).to.deep.equal([]);
      expect(compare(twice, once)).to.deep.equal([]);
    });

    it("repeats a second visit's differences with the first visit's paths", () => {
      const of = (type: string): object =>
        record("R", [field("a", record("S", [field("x", type)])), field("b", "S"), field("c", array("S"))]);
      const first = mismatch("INT", "STRING", "/fields/0/type/fields/0/type");
      expect(compare(of("int"), of("string"))).to.deep.equal([first, first, first]);
    });

    it("counts paths from the root again inside a union, and repeats those too", () => {
      const of = (type: string): object =>
        record("R", [field("a", ["null", record("S", [field("x", type)])]), field("b", "S")]);
      expect(compare(of("int"), of("string"))).to.deep.equal([
        lacking("RECORD", "/fields/0/type/1"),
        mismatch("INT", "STRING", "/fields/0/type"),
      ]);
    });

    it("visits a type anew against another counterpart", () => {
      const reader = record("R", [field("a", fixed("F", 1)), field("b", "F")]);
      const writer = record("R", [field("a", fixed("n.F", 2)), field("b", fixed("m.F", 3))]);
      expect(compare(reader, writer)).to.deep.equal([
        ["FIXED_SIZE_MISMATCH", "/fields/0/type/size", "expected: 2, found: 1"],
        ["FIXED_SIZE_MISMATCH", "/fields/1/type/size", "expected: 3, found: 1"],
      ]);
    });

    it("treats types of other texts as types of its own", () => {
      const named = parse(record("S", [field("x", "int")])).named;
      const reader = parseAvro(JSON.stringify(record("R", [field("s", "S")])), { named });
      const writer = parse(record("R", [field("s", record("S", [field("x", "string")]))]));
      expect(compareAvro(reader, writer).map(({ path }) => path)).to.deep.equal([
        "/fields/0/type/fields/0/type",
      ]);
    });
  });

  it("finds no difference between a schema and itself, unless aliases collide", () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.gen().map(generatePair), ({ older }) => {
        const named = new Map();
        for (const text of older) {
          let schema: AvroSchema;
          try {
            schema = parseAvro(text, { named, asRegistered: true, ignoreDefaults: true });
          } catch {
            return;
          }
          for (const [name, type] of schema.named) named.set(name, type);
          const found = compareAvro(schema, schema);
          if (found[0]?.kind === "EXCEPTION") expect(older.join("")).to.include("aliases");
          else expect(found).to.deep.equal([]);
          compared++;
        }
      }),
      { numRuns: 500 },
    );
    expect(compared).to.be.greaterThan(400);
  });
});
