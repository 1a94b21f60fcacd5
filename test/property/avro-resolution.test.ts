import avsc from "avsc";
import { expect } from "chai";
import fc from "fast-check";
import { KeryxError } from "../../src/core/errors.ts";
import { parseAvro } from "../../src/schema/avro.ts";
import type { AvroType } from "../../src/schema/avro-model.ts";
import { propertyName, unionShape } from "../../src/schema/avro-shape.ts";
import { createResolver } from "../../src/serde/avro-resolve.ts";

// Plain JSON schemas, generated as data: [writer, reader, value as avsc takes it].
type Json = string | Json[] | { [key: string]: Json | number };
interface Case {
  readonly writer: Json;
  readonly reader: Json;
  readonly value: unknown;
}
type Arb = (depth: number) => fc.Arbitrary<Case>;

// avsc keeps longs as bigints when told how.
const bigLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: (value: number) => BigInt(value),
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});
const avscType = (schema: Json): avsc.Type =>
  avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: true, registry: { long: bigLong } });

const same = (schema: Json, value: fc.Arbitrary<unknown>): fc.Arbitrary<Case> =>
  value.map((one) => ({ writer: schema, reader: schema, value: one }));
const promoted = (writer: Json, readers: Json[], value: fc.Arbitrary<unknown>): fc.Arbitrary<Case> =>
  fc
    .tuple(fc.constantFrom(writer, ...readers), value)
    .map(([reader, one]) => ({ writer, reader, value: one }));
const float = fc.float({ noNaN: true });
// Beyond 2^24 a float rounds, which avsc leaves undone.
const smallInt = fc.integer({ min: -(2 ** 24), max: 2 ** 24 });
const bytes = fc.uint8Array({ maxLength: 20 }).map((one) => Buffer.from(one));

const scalars: Arb = () =>
  fc.oneof(
    same("null", fc.constant(null)),
    same("boolean", fc.boolean()),
    same("long", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    promoted("int", ["long", "float", "double"], smallInt),
    promoted("float", ["double"], float),
    same("double", fc.double({ noNaN: true })),
    promoted(
      "string",
      ["bytes"],
      fc.string({ unit: "binary", maxLength: 20 }).filter((one) => !/\p{Surrogate}/u.test(one)),
    ),
    same("bytes", bytes),
    promoted(
      "bytes",
      ["string"],
      fc.string({ maxLength: 20 }).map((one) => Buffer.from(one)),
    ),
  );

let names = 0;
const fresh = (stem: string): string => `${stem}${names++}`;

const enums: Arb = () =>
  fc
    .record({
      symbols: fc.uniqueArray(fc.constantFrom("A", "B", "C", "D", "E"), { minLength: 1 }),
      known: fc.uniqueArray(fc.constantFrom("A", "B", "C", "D", "E"), { minLength: 1 }),
      at: fc.nat(4),
    })
    .map(({ symbols, known, at }) => {
      const name = fresh("E");
      return {
        writer: { type: "enum", name, symbols },
        reader: { type: "enum", name, symbols: known, default: known[0] ?? "A" },
        value: symbols[at % symbols.length],
      };
    });
const fixeds: Arb = () =>
  fc.uint8Array({ minLength: 0, maxLength: 9 }).map((one) => {
    const schema = { type: "fixed", name: fresh("F"), size: one.length };
    return { writer: schema, reader: schema, value: Buffer.from(one) };
  });
const arrays: Arb = (depth) =>
  anyType(depth - 1).chain((item) =>
    fc.nat(3).map((count) => ({
      writer: { type: "array", items: item.writer },
      reader: { type: "array", items: item.reader },
      value: Array.from({ length: count }, () => item.value),
    })),
  );
const maps: Arb = (depth) =>
  fc
    .tuple(anyType(depth - 1), fc.uniqueArray(fc.constantFrom("a", "", "constructor", "é")))
    .map(([item, keys]) => ({
      writer: { type: "map", values: item.writer },
      reader: { type: "map", values: item.reader },
      value: Object.fromEntries(keys.map((key) => [key, item.value])),
    }));
const records: Arb = (depth) =>
  fc
    .array(
      fc.record({
        item: anyType(depth - 1),
        fate: fc.constantFrom("keep", "drop", "rename"),
        order: fc.nat(),
      }),
      {
        maxLength: 5,
      },
    )
    .chain((fields) => fc.tuple(fc.constant(fields), fc.boolean(), fc.boolean()))
    .map(([fields, grows, renamed]) => {
      const name = fresh("R");
      const kept = fields
        .map((field, index) => ({ ...field, name: `f${index}` }))
        .filter(({ fate }) => fate !== "drop");
      const readerFields: { [key: string]: Json | number }[] = kept
        .toSorted((a, b) => a.order - b.order)
        .map(({ item, fate, name: field }) =>
          fate === "rename"
            ? { name: `new_${field}`, aliases: [field], type: item.reader }
            : { name: field, type: item.reader },
        );
      if (grows)
        readerFields.splice(
          0,
          0,
          { name: "added", type: "long", default: 42 },
          { name: "list", type: { type: "array", items: "string" }, default: ["x"] },
          { name: "choice", type: ["null", "string"], default: null as unknown as Json },
        );
      return {
        writer: {
          type: "record",
          name,
          fields: fields.map(({ item }, i) => ({ name: `f${i}`, type: item.writer })),
        },
        reader: {
          type: "record",
          ...(renamed ? { name: `${name}New`, aliases: [name] } : { name }),
          fields: readerFields,
        },
        value: Object.fromEntries(fields.map(({ item }, i) => [`f${i}`, item.value])),
      };
    });
const kindOf = (schema: Json): string =>
  typeof schema === "string"
    ? schema
    : Array.isArray(schema)
      ? "union"
      : "name" in schema
        ? String(schema["name"])
        : String(schema["type"]);
// One numeric and one textual branch at most: with more, the two libraries may choose different ones.
const family = (schema: Json): string =>
  kindOf(schema)
    .replace(/^(int|long|float|double)$/, "number")
    .replace(/^(string|bytes)$/, "text");
const unions: Arb = (depth) =>
  fc
    .record({
      items: fc.array(anyType(depth - 1), { minLength: 1, maxLength: 4 }),
      at: fc.nat(3),
      swap: fc.boolean(),
      open: fc.boolean(),
    })
    .map(({ items, at, swap, open }) => {
      const parts: Case[] = [];
      for (const item of items)
        if (kindOf(item.writer) !== "union" && kindOf(item.reader) !== "union")
          if (
            !parts.some(
              (one) =>
                family(one.writer) === family(item.writer) || family(one.reader) === family(item.reader),
            )
          )
            parts.push(item);
      if (parts.length === 0) parts.push({ writer: "null", reader: "null", value: null });
      const chosen = parts[at % parts.length]!;
      const readers = parts.map(({ reader }) => reader);
      const branch = kindOf(chosen.writer);
      const value = branch === "null" ? null : { [branch]: chosen.value };
      return {
        // A single type may become a union, a union may be read as another order of itself.
        writer: open ? chosen.writer : parts.map(({ writer }) => writer),
        reader: swap ? readers.toReversed() : readers,
        value: open ? chosen.value : value,
      };
    });
const anyType: Arb = (depth) =>
  depth <= 0
    ? scalars(0)
    : fc.oneof(
        scalars(depth),
        enums(depth),
        fixeds(depth),
        arrays(depth),
        maps(depth),
        records(depth),
        unions(depth),
      );

/** A value of avsc in the shape of ours. */
function toOurs(type: AvroType, value: unknown): unknown {
  switch (type.kind) {
    case "bytes":
    case "fixed":
      return new Uint8Array(value as Buffer);
    case "array":
      return (value as unknown[]).map((item) => toOurs(type.items, item));
    case "map":
      return Object.fromEntries(
        Object.entries(value as object).map(([key, item]) => [key, toOurs(type.values, item)]),
      );
    case "record":
      return Object.fromEntries(
        type.fields.map((field) => [
          propertyName(field.name),
          toOurs(field.type, (value as Record<string, unknown>)[field.name]),
        ]),
      );
    case "union": {
      const shape = unionShape(type);
      if (value === null) return null;
      const [[name, inner] = ["", undefined]] = Object.entries(value as object);
      const index = type.branches.findIndex((one) => ("name" in one ? one.name : one.kind) === name);
      const ours = toOurs(type.branches[index]!, inner);
      return shape.kind === "tagged" ? { kind: shape.kinds[index], value: ours } : ours;
    }
    default:
      return value;
  }
}

describe("resolving Avro schemas beside avsc", () => {
  it("gives the values that avsc gives", () => {
    let compared = 0;
    fc.assert(
      fc.property(anyType(3), ({ writer, reader, value }) => {
        const writerType = avscType(writer);
        const readerType = avscType(reader);
        const bytes = writerType.toBuffer(value);
        const theirs = readerType.fromBuffer(bytes, readerType.createResolver(writerType));
        const ours = parseAvro(JSON.stringify(reader)).type;
        const read = createResolver(parseAvro(JSON.stringify(writer)).type, ours);
        expect(read(bytes)).to.deep.equal(toOurs(ours, theirs));
        compared++;
      }),
      { numRuns: 2_000 },
    );
    expect(compared).to.be.greaterThan(1_000);
  }).timeout(60_000);

  it("finds a reason for every prefix of a payload, and every edited one ends", () => {
    fc.assert(
      fc.property(anyType(3), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), (one, edits) => {
        const payload = avscType(one.writer).toBuffer(one.value);
        const read = createResolver(
          parseAvro(JSON.stringify(one.writer)).type,
          parseAvro(JSON.stringify(one.reader)).type,
        );
        const refusal = (bytes: Uint8Array): unknown => {
          try {
            read(bytes);
          } catch (error) {
            if (!(error instanceof KeryxError)) throw error;
            expect(error.code).to.equal("decode_failed");
            expect(error.details["reason"]).to.be.a("string");
            return error;
          }
          return undefined;
        };
        for (let end = 0; end < Math.min(payload.length, 40); end++)
          expect(refusal(payload.subarray(0, end)), `prefix of ${end}`).to.be.instanceOf(KeryxError);
        const edited = Uint8Array.from(payload);
        for (const [at, byte] of edits) if (edited.length > 0) edited[at % edited.length] = byte;
        refusal(edited);
        refusal(Buffer.concat([payload, Buffer.of(1)]));
      }),
      { numRuns: 1_000 },
    );
  }).timeout(60_000);
});
