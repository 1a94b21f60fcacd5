import fc, { type GeneratorValue } from "fast-check";
import { longMark, markLongs } from "../../src/schema/avro/longs.ts";
import type { AvroNamedType, AvroRecord, AvroType } from "../../src/schema/avro/model.ts";
import { propertyName, unionShape } from "../../src/schema/avro/shape.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Naming {
  count: number;
  /** Full names of finished types. */
  readonly finished: string[];
  /** Full names of records that are still open: usable where a value can end. */
  readonly open: string[];
}

const scalars = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
const logicals: readonly Json[] = [
  { type: "int", logicalType: "date" },
  { type: "int", logicalType: "time-millis" },
  { type: "long", logicalType: "time-micros" },
  { type: "long", logicalType: "timestamp-millis" },
  { type: "long", logicalType: "timestamp-micros" },
  { type: "long", logicalType: "timestamp-nanos" },
  { type: "long", logicalType: "local-timestamp-millis" },
  { type: "string", logicalType: "uuid" },
  { type: "bytes", logicalType: "decimal", precision: 30, scale: 4 },
  { type: "string", logicalType: "unknown-to-us" },
];
const fieldNames = [
  "id",
  "class",
  "default",
  "then",
  "constructor",
  "toString",
  "value",
  "w",
  "at",
  "init",
  "own",
  "a_b",
];

// Builders by name: `g` keeps one arbitrary for each builder and its arguments.
const someFieldNames = (): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom(...fieldNames), { maxLength: 5 });
const someKeys = (maxLength: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(
    fc.string({ unit: "binary", maxLength: 5 }).filter((text) => text !== "__proto__"),
    { maxLength },
  );

/** A record schema of any kind of parts. */
export function generateSchema(g: GeneratorValue): Json {
  return recordSchema(g, { count: 0, finished: [], open: [] }, 3);
}

function nameFor(g: GeneratorValue, naming: Naming): { name: string; namespace: string; full: string } {
  naming.count += 1;
  const namespace = g(fc.constantFrom, "a.b", "c", "a");
  const name = `${g(fc.constantFrom, "Thing", "Date", "String", "class_", "_x", "URLMap")}${naming.count}`;
  return { name, namespace, full: `${namespace}.${name}` };
}

function recordSchema(g: GeneratorValue, naming: Naming, depth: number): Json {
  const { name, namespace, full } = nameFor(g, naming);
  naming.open.push(full);
  const names = g(someFieldNames);
  const fields = names.map((field): Json => ({ name: field, type: typeSchema(g, naming, depth - 1) }));
  naming.open.pop();
  naming.finished.push(full);
  return { type: "record", name, namespace, fields };
}

function typeSchema(g: GeneratorValue, naming: Naming, depth: number): Json {
  const kinds = [
    "scalar",
    "scalar",
    "logical",
    "nullable",
    ...(depth > 0 ? ["record", "array", "map", "union", "enum", "fixed", "named"] : []),
  ];
  switch (g(fc.constantFrom<string[]>, ...kinds)) {
    case "logical":
      return g(fc.constantFrom<Json[]>, ...logicals);
    case "nullable":
      return nullable(g, naming, depth);
    case "record":
      return recordSchema(g, naming, depth);
    case "array":
      return { type: "array", items: recursive(g, naming, depth) };
    case "map":
      return { type: "map", values: recursive(g, naming, depth) };
    case "union":
      return unionSchema(g, naming, depth);
    case "enum": {
      const { name, namespace, full } = nameFor(g, naming);
      naming.finished.push(full);
      return {
        type: "enum",
        name,
        namespace,
        symbols: ["A", "B", "default", "class"],
        default: "A",
      };
    }
    case "fixed": {
      const { name, namespace, full } = nameFor(g, naming);
      naming.finished.push(full);
      const [size, logical] = g(
        fc.constantFrom<[number, Json][]>,
        [0, {}],
        [5, {}],
        [16, { logicalType: "uuid" }],
        [12, { logicalType: "duration" }],
        [9, { logicalType: "decimal", precision: 20, scale: 3 }],
      );
      return { type: "fixed", name, namespace, size, ...(logical as object) };
    }
    case "named":
      return naming.finished.length === 0 ? "int" : g(fc.constantFrom<string[]>, ...naming.finished);
    default:
      return g(fc.constantFrom<string[]>, ...scalars);
  }
}

/** Behind a list or map a record may hold itself. */
function recursive(g: GeneratorValue, naming: Naming, depth: number): Json {
  const open = naming.open.at(-1);
  return open !== undefined && g(fc.boolean) ? open : typeSchema(g, naming, depth - 1);
}

function nullable(g: GeneratorValue, naming: Naming, depth: number): Json {
  const open = naming.open.at(-1);
  const other = open !== undefined && g(fc.boolean) ? open : unionBranch(g, naming, depth);
  if (other === "null") return ["null"];
  return g(fc.boolean) ? ["null", other] : [other, "null"];
}

function unionBranch(g: GeneratorValue, naming: Naming, depth: number): Json {
  const type = typeSchema(g, naming, depth - 1);
  return Array.isArray(type) ? "string" : type;
}

function unionSchema(g: GeneratorValue, naming: Naming, depth: number): Json {
  const branches = Array.from({ length: g(fc.integer, { min: 1, max: 4 }) }, () =>
    unionBranch(g, naming, depth),
  );
  const seen = new Set<string>();
  return branches.filter((branch) => {
    const identity = identityOf(branch);
    const isNew = !seen.has(identity);
    seen.add(identity);
    return isNew;
  });
}

function identityOf(branch: Json): string {
  if (typeof branch === "string" || branch === null || typeof branch !== "object" || Array.isArray(branch))
    return String(branch);
  return typeof branch["name"] === "string"
    ? `${branch["namespace"]}.${branch["name"]}`
    : String(branch["type"]);
}

/** A value in our shape, and the same for avsc (wrapped unions, bigint longs, no logical types). */
export interface Twin {
  readonly ours: unknown;
  readonly theirs: unknown;
}

const same = (value: unknown): Twin => ({ ours: value, theirs: value });

/** A long as its mark has it held; for a number it is cut to what one holds. */
export function longTwin(type: AvroType, value: bigint): Twin {
  const as = longMark(type)?.as;
  if (as === undefined) return same(value);
  if (as === "STRING") return { ours: String(value), theirs: value };
  const number = Math.max(Number(BigInt.asIntN(54, value)), Number.MIN_SAFE_INTEGER);
  return { ours: number, theirs: BigInt(number) };
}

/** Marks the longs of fields in turn: as numbers, as text, not at all. */
export function markSomeLongs(types: Iterable<AvroNamedType>): void {
  let turn = 0;
  for (const type of types)
    if (type.kind === "record") markLongs(type, () => (["NUMBER", "STRING", undefined] as const)[turn++ % 3]);
}

/** Any value of a type. */
export function generateValue(g: GeneratorValue, type: AvroType, depth = 0): Twin {
  if (type.logical !== undefined) return logicalValue(g, type);
  const length = depth > 3 ? 0 : g(fc.nat, { max: 3 });
  switch (type.kind) {
    case "null":
      return same(null);
    case "boolean":
      return same(g(fc.boolean));
    case "int":
      return same(g(fc.integer, { min: -(2 ** 31), max: 2 ** 31 - 1 }));
    case "long":
      return longTwin(type, g(fc.bigInt, { min: -(2n ** 63n), max: 2n ** 63n - 1n }));
    case "float":
      return same(g(fc.float));
    case "double":
      return same(g(fc.double));
    case "string":
      return same(g(fc.string, { unit: "binary", maxLength: 40 }));
    case "bytes":
      return bytesTwin(g(fc.uint8Array, { maxLength: 40 }));
    case "fixed":
      return bytesTwin(g(fc.uint8Array, { minLength: type.size, maxLength: type.size }));
    case "enum":
      return same(g(fc.constantFrom<string[]>, ...type.symbols));
    case "array": {
      const items = Array.from({ length }, () => generateValue(g, type.items, depth + 1));
      return { ours: items.map((item) => item.ours), theirs: items.map((item) => item.theirs) };
    }
    case "map": {
      const keys = g(someKeys, length);
      const entries = keys.map((key) => [key, generateValue(g, type.values, depth + 1)] as const);
      return {
        ours: Object.fromEntries(entries.map(([key, twin]) => [key, twin.ours])),
        theirs: Object.fromEntries(entries.map(([key, twin]) => [key, twin.theirs])),
      };
    }
    case "union": {
      const shape = unionShape(type);
      const nullAt = type.branches.findIndex(({ kind }) => kind === "null");
      const at = depth > 3 && nullAt >= 0 ? nullAt : g(fc.nat, { max: type.branches.length - 1 });
      const branch = type.branches[at]!;
      const twin = generateValue(g, branch, depth + 1);
      if (branch.kind === "null") return same(null);
      const theirs = { ["name" in branch ? branch.name : branch.kind]: twin.theirs };
      return {
        ours: shape.kind === "tagged" ? { kind: shape.kinds[at], value: twin.ours } : twin.ours,
        theirs,
      };
    }
    case "record":
      return recordValue(g, type, depth);
  }
}

function recordValue(g: GeneratorValue, type: AvroRecord, depth: number): Twin {
  const fields = type.fields.map((field) => [field.name, generateValue(g, field.type, depth + 1)] as const);
  return {
    ours: Object.fromEntries(fields.map(([name, twin]) => [propertyName(name), twin.ours])),
    theirs: Object.fromEntries(fields.map(([name, twin]) => [name, twin.theirs])),
  };
}

function bytesTwin(bytes: Uint8Array): Twin {
  return { ours: Uint8Array.from(bytes), theirs: Buffer.from(bytes) };
}

function logicalValue(g: GeneratorValue, type: AvroType): Twin {
  switch (type.logical?.kind) {
    case "date": {
      const days = g(fc.integer, { min: -100_000_000, max: 100_000_000 });
      return { ours: new Date(days * 86_400_000).toISOString().split("T")[0], theirs: days };
    }
    case "timestamp-millis":
    case "local-timestamp-millis": {
      const millis = g(fc.integer, { min: -8.64e15, max: 8.64e15 });
      return { ours: new Date(millis), theirs: BigInt(millis) };
    }
    case "time-millis":
      return same(g(fc.integer, { min: 0, max: 86_400_000 }));
    case "uuid": {
      const uuid = g(fc.uuid);
      return {
        ours: uuid,
        theirs: type.kind === "fixed" ? Buffer.from(uuid.replaceAll("-", ""), "hex") : uuid,
      };
    }
    case "duration": {
      const [months, days, milliseconds] = g(
        fc.tuple<number[]>,
        ...[0, 0, 0].map(() => fc.nat({ max: 2 ** 32 - 1 })),
      );
      const bytes = Buffer.alloc(12);
      for (const [at, part] of [months, days, milliseconds].entries()) bytes.writeUInt32LE(part!, 4 * at);
      return { ours: { months, days, milliseconds }, theirs: bytes };
    }
    case "decimal": {
      const bound = 10n ** BigInt(type.logical.precision) - 1n;
      const unscaled = g(fc.bigInt, { min: -bound, max: bound });
      const theirs = twosComplement(unscaled, type.kind === "fixed" ? type.size : undefined);
      return { ours: { unscaled, scale: type.logical.scale }, theirs };
    }
    default:
      return same(g(fc.bigInt, { min: -(2n ** 63n), max: 2n ** 63n - 1n }));
  }
}

/** Two's complement as Java's BigInteger.toByteArray writes it, written apart from the code under test. */
export function twosComplement(value: bigint, size?: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(Number(rest & 0xffn));
    rest >>= 8n;
  } while (rest !== 0n && rest !== -1n);
  const isNegative = (bytes[0]! & 0x80) !== 0;
  if (isNegative !== value < 0n) bytes.unshift(value < 0n ? 0xff : 0);
  while (size !== undefined && bytes.length < size) bytes.unshift(value < 0n ? 0xff : 0);
  return Buffer.from(bytes);
}
