import { expect } from "chai";
import {
  createWriter,
  finishWriting,
  type Writer,
  writeBytes,
  writeEnum,
  writeIndex,
  writeInt,
  writeLong,
  writeString,
} from "../../../src/codec/writer.ts";
import { compareAvro } from "../../../src/compatibility/avro.ts";
import { judgeAvroWire } from "../../../src/compatibility/wire-avro.ts";
import { avroWireKinds } from "../../../src/compatibility/wire-avro-kinds.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { type AvroSchema, parseAvro } from "../../../src/schema/avro.ts";
import { createResolver } from "../../../src/serde/avro-resolve.ts";

const parse = (schema: unknown): AvroSchema => parseAvro(JSON.stringify(schema));

type Told = readonly [kind: string, path: string, message: string];

function judge(writer: unknown, reader: unknown): Told[] {
  return judgeAvroWire(parse(writer), parse(reader)).map(({ kind, path, message }) => [kind, path, message]);
}

function severities(writer: unknown, reader: unknown): readonly string[] {
  return judgeAvroWire(parse(writer), parse(reader)).map(({ severity }) => severity);
}

function bytesOf(write: (writer: Writer) => void): Uint8Array {
  const writer = createWriter(0);
  write(writer);
  return finishWriting(writer);
}

/** Resolves the writer's schema to the reader's, as a consumer does. */
function read(writer: unknown, reader: unknown, bytes: Uint8Array): unknown {
  return createResolver(parse(writer).type, parse(reader).type)(bytes);
}

/** As a consumer reads that looks at the underlying types alone, which is all that the specification asks. */
const readPlainly = (reader: unknown, bytes: Uint8Array): unknown => read(reader, reader, bytes);

function refusal(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    if (error instanceof KeryxError && error.code === "decode_failed") return error.details["reason"];
    throw error;
  }
  return "none";
}

const record = (name: string, fields: readonly unknown[] = [], more: object = {}): object => ({
  type: "record",
  name,
  fields,
  ...more,
});
const field = (name: string, type: unknown, more: object = {}): object => ({ name, type, ...more });
const enumOf = (name: string, symbols: readonly string[], more: object = {}): object => ({
  type: "enum",
  name,
  symbols,
  ...more,
});
const fixed = (name: string, size: number, more: object = {}): object => ({
  type: "fixed",
  name,
  size,
  ...more,
});
const logical = (type: string, logicalType: string): object => ({ type, logicalType });
const decimal = (precision: number, scale: number): object => ({
  type: "bytes",
  logicalType: "decimal",
  precision,
  scale,
});
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

describe("the damage of unsafe changes, with real bytes", () => {
  it("rounds an int that is read as float", () => {
    const bytes = bytesOf((writer) => writeInt(writer, 16_777_217, ""));
    expect(read("int", "float", bytes)).to.equal(16_777_216);
  });

  it("rounds a long that is read as float or double", () => {
    const bytes = bytesOf((writer) => writeLong(writer, 9_007_199_254_740_993n, ""));
    expect(read("long", "double", bytes)).to.equal(9_007_199_254_740_992);
    expect(read("long", "float", bytes)).to.equal(9_007_199_254_740_992);
  });

  it("cannot read all bytes as text", () => {
    const bytes = bytesOf((writer) => writeBytes(writer, Uint8Array.of(0xff, 0xfe), ""));
    expect(refusal(() => read("bytes", "string", bytes))).to.not.equal("none");
  });

  it("takes milliseconds for microseconds, a thousand times too early; ours refuses instead", () => {
    const bytes = bytesOf((writer) => writeLong(writer, 1_700_000_000_000n, ""));
    expect(readPlainly(micros, bytes)).to.equal(1_700_000_000_000n);
    expect(readPlainly(millis, bytes)).to.deep.equal(new Date("2023-11-14T22:13:20Z"));
    expect(refusal(() => read(millis, micros, bytes))).to.equal("incompatible");
  });

  it("takes any number for a moment, or cannot", () => {
    const bytes = bytesOf((writer) => writeLong(writer, 2n ** 62n, ""));
    expect(refusal(() => read("long", millis, bytes))).to.not.equal("none");
  });

  it("gives any text for a UUID", () => {
    const bytes = bytesOf((writer) => writeString(writer, "no uuid", ""));
    expect(read("string", logical("string", "uuid"), bytes)).to.equal("no uuid");
  });

  it("moves the point of a decimal; ours refuses instead", () => {
    const bytes = bytesOf((writer) => writeBytes(writer, Uint8Array.of(0x04, 0xd2), ""));
    expect(readPlainly(decimal(6, 2), bytes)).to.deep.equal({ unscaled: 1234n, scale: 2 });
    expect(readPlainly(decimal(6, 3), bytes)).to.deep.equal({ unscaled: 1234n, scale: 3 });
    expect(refusal(() => read(decimal(6, 2), decimal(6, 3), bytes))).to.equal("incompatible");
  });

  it("cannot read a decimal of more digits", () => {
    const bytes = bytesOf((writer) => writeBytes(writer, Uint8Array.of(0x0f, 0x42, 0x3f), ""));
    expect(read(decimal(6, 2), decimal(6, 2), bytes)).to.deep.equal({ unscaled: 999_999n, scale: 2 });
    expect(refusal(() => read(decimal(6, 2), decimal(5, 2), bytes))).to.not.equal("none");
  });

  it("cannot read another type, size or name, an absent field, symbol or branch", () => {
    const nothing = new Uint8Array();
    const zero = bytesOf((writer) => writeInt(writer, 0, ""));
    expect(refusal(() => read("string", "int", zero))).to.equal("incompatible");
    expect(refusal(() => read(fixed("F", 1), fixed("F", 2), zero))).to.equal("incompatible");
    expect(refusal(() => read(record("a.Old"), record("a.New"), nothing))).to.equal("incompatible");
    expect(refusal(() => read(record("R"), record("R", [field("x", "int")]), nothing))).to.equal(
      "incompatible",
    );
    expect(refusal(() => read(enumOf("E", ["A"]), enumOf("E", ["B"]), zero))).to.equal("incompatible");
    const text = bytesOf((writer) => {
      writeIndex(writer, 1);
      writeString(writer, "x", "");
    });
    expect(refusal(() => read(["null", "string"], ["null", "int"], text))).to.equal("incompatible");
  });

  it("takes a symbol for the default, as the reader's schema asks", () => {
    const bytes = bytesOf((writer) => writeEnum(writer, ["A", "B"], "A", ""));
    expect(read(enumOf("E", ["A", "B"]), enumOf("E", ["B"], { default: "B" }), bytes)).to.equal("B");
  });

  it("gives one of two fields the value that both lay claim to", () => {
    const reader = record("R", [field("a", "int"), field("b", "int", { aliases: ["a"] })]);
    expect(refusal(() => read(record("R", [field("a", "int")]), reader, Uint8Array.of(2)))).to.equal(
      "incompatible",
    );
  });
});
