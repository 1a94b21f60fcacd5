import avsc from "avsc";
import { expect } from "chai";
import { parseAvro } from "../../../src/schema/avro.ts";
import { importCodec, printTypes, writeFiles } from "../../support/generated-code.ts";

const record = (name: string, fields: readonly object[]): object => ({
  type: "record",
  name,
  namespace: "d",
  fields,
});

/** A field of every kind with a default. */
const fields: readonly object[] = [
  { name: "nothing", type: "null", default: null },
  { name: "yes", type: "boolean", default: true },
  { name: "int", type: "int", default: -7 },
  { name: "long", type: "long", default: 12 },
  { name: "float", type: "float", default: 0.5 },
  { name: "double", type: "double", default: -1e300 },
  { name: "bytes", type: "bytes", default: "\u0000\u00ff" },
  { name: "string", type: "string", default: 'a "quote" */ \u2028' },
  { name: "fixed", type: { type: "fixed", name: "Three", size: 3 }, default: "abc" },
  { name: "symbol", type: { type: "enum", name: "Symbol", symbols: ["A", "B"] }, default: "B" },
  { name: "list", type: { type: "array", items: ["null", "int"] }, default: [null, null] },
  { name: "map", type: { type: "map", values: "long" }, default: { a: 1, constructor: 2 } },
  { name: "nullable", type: ["string", "null"], default: "set" },
  { name: "tagged", type: ["int", "string", "null"], default: 5 },
  {
    name: "inner",
    type: record("Inner", [
      { name: "x", type: "int" },
      { name: "y", type: "int", default: 2 },
    ]),
    default: { x: 1 },
  },
  { name: "date", type: { type: "int", logicalType: "date" }, default: 19_782 },
  { name: "time", type: { type: "long", logicalType: "timestamp-millis" }, default: 1_700_000_000_000 },
  { name: "micros", type: { type: "long", logicalType: "timestamp-micros" }, default: 1_700_000_000_000_001 },
  {
    name: "uuid",
    type: { type: "string", logicalType: "uuid" },
    default: "123e4567-e89b-12d3-a456-426614174000",
  },
  {
    name: "uuid16",
    type: { type: "fixed", name: "Uuid16", size: 16, logicalType: "uuid" },
    default: "0123456789abcdef",
  },
  {
    name: "amount",
    type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
    default: "\u00ff\u0000",
  },
  {
    name: "money",
    type: { type: "fixed", name: "Money", size: 4, logicalType: "decimal", precision: 9, scale: 2 },
    default: "\u0000\u0000\u0001\u0000",
  },
  {
    name: "span",
    type: { type: "fixed", name: "Span", size: 12, logicalType: "duration" },
    default: "\u0001\u0000\u0000\u0000\u0002\u0000\u0000\u0000\u0003\u0000\u0000\u0000",
  },
];

describe("defaults of generated Avro types", function () {
  this.timeout(600_000);

  it("complete an empty init value to what avsc resolves from a writer without the fields", async () => {
    const schema = JSON.stringify(record("Defaults", fields));
    const { type, named } = parseAvro(schema);
    if (type.kind !== "record") throw new Error("the schema is not a record");
    const reader = avsc.Type.forSchema(JSON.parse(schema), { wrapUnions: "always" });
    const writer = avsc.Type.forSchema({ type: "record", name: "Defaults", namespace: "d", fields: [] });
    const resolved = reader.fromBuffer(Buffer.alloc(0), reader.createResolver(writer));
    const { folder, remove } = writeFiles(printTypes(named.values()));
    try {
      const codec = await importCodec(folder, type, "Defaults");
      const value = codec.create({});
      expect(Buffer.from(codec.encode(value)).toString("hex")).equals(
        reader.toBuffer(resolved).toString("hex"),
      );
      expect(codec.decode(codec.encode(value))).deep.equals(value);
      expect(value).deep.include({
        tagged: { kind: "int", value: 5 },
        nullable: "set",
        date: "2024-02-29",
        amount: { unscaled: -256n, scale: 2 },
        span: { months: 1, days: 2, milliseconds: 3 },
      });
      expect(codec.create({ nullable: null, tagged: null, inner: { x: 9 } })).deep.include({
        nullable: null,
        tagged: null,
        inner: { x: 9, y: 2 },
      });
    } finally {
      remove();
    }
  });

  it("are made anew for each value, so that one caller cannot change another's", async () => {
    const { type, named } = parseAvro(
      JSON.stringify(record("Fresh", [fields[10]!, fields[6]!, fields[11]!])),
    );
    if (type.kind !== "record") throw new Error("the schema is not a record");
    const { folder, remove } = writeFiles(printTypes(named.values()));
    try {
      const codec = await importCodec(folder, type, "Fresh");
      const first = codec.create({}) as Record<string, object>;
      const second = codec.create({}) as Record<string, object>;
      for (const name of ["list", "bytes", "map"]) expect(first[name]).not.equals(second[name]);
    } finally {
      remove();
    }
  });

  it("refuse a value nested deeper than 100, and one that turns in a circle", async () => {
    const self = record("Node", [{ name: "next", type: ["null", "Node"], default: null }]);
    const { type, named } = parseAvro(JSON.stringify(self));
    if (type.kind !== "record") throw new Error("the schema is not a record");
    const { folder, remove } = writeFiles(printTypes(named.values()));
    try {
      const codec = await importCodec(folder, type, "Node");
      const chain = (depth: number): object => (depth === 1 ? {} : { next: chain(depth - 1) });
      const deepest = codec.encode(codec.create(chain(100)));
      expect(deepest).has.length(100);
      expect(codec.decode(deepest)).deep.equals(codec.create(chain(100)));
      expect(() => codec.encode(codec.create(chain(101)))).throws("nested deeper than 100");
      expect(() => codec.create(chain(301))).throws("[encode_failed] d.Node: nested deeper than 300");
      expect(() => codec.decode(Uint8Array.from([...Array(100).fill(2), 0]))).throws("deeper than 100");
      const circle: { next?: object } = {};
      circle.next = circle;
      expect(() => codec.create(circle)).throws("deeper than 300");
      expect(() => codec.encode(circle)).throws("deeper than 100");
    } finally {
      remove();
    }
  });
});
