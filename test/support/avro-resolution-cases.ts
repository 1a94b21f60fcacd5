import fc from "fast-check";

/** Plain JSON schemas, generated as data. */
export type Json = string | Json[] | { [key: string]: Json | number };
/** A writer's and a reader's schema, and a value of the writer's as avsc takes it. */
export interface Case {
  readonly writer: Json;
  readonly reader: Json;
  readonly value: unknown;
}
type Arb = (depth: number) => fc.Arbitrary<Case>;

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
/** Schemas that resolve, nested so deep. */
export const anyType: Arb = (depth) =>
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
