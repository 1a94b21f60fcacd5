import type { AvroFixed, AvroRecord, AvroType, AvroUnion } from "../../src/schema/avro/model.ts";
import { propertyName, unionShape } from "../../src/schema/avro/shape.ts";
import { longTwin, type Twin, twosComplement } from "./avro-cases.ts";
import { bytesOf, doubleOf, floatOf, intOf, longOf, pick, type Random, textOf } from "./protobuf-values.ts";

const maxNesting = 4;
const same = (value: unknown): Twin => ({ ours: value, theirs: value });
const between = (random: Random, low: number, high: number): number =>
  low + Math.floor(random() * (high - low + 1));

/** Any value of a type, the same one for the same numbers: for counts that a shrinking generator is too slow for. */
export function avroValue(random: Random, type: AvroType, nesting = 0): Twin {
  if (type.logical !== undefined) return logicalValue(random, type);
  const few = random() < 0.03 ? 40 : between(random, 0, 3);
  const count = nesting > maxNesting ? 0 : nesting > 1 ? Math.min(few, 2) : few;
  switch (type.kind) {
    case "null":
      return same(null);
    case "boolean":
      return same(random() < 0.5);
    case "int":
      return same(intOf(random, true));
    case "long":
      return longTwin(type, longOf(random, true));
    case "float":
      return same(floatOf(random));
    case "double":
      return same(doubleOf(random));
    case "string":
      return same(textOf(random));
    case "bytes":
      return bytesTwin(bytesOf(random));
    case "fixed":
      return bytesTwin(Uint8Array.from({ length: type.size }, () => between(random, 0, 255)));
    case "enum":
      return same(pick(random, type.symbols));
    case "array": {
      const items = Array.from({ length: count }, () => avroValue(random, type.items, nesting + 1));
      return { ours: items.map(({ ours }) => ours), theirs: items.map(({ theirs }) => theirs) };
    }
    case "map": {
      const entries = Array.from(
        { length: count },
        () => [keyOf(random), avroValue(random, type.values, nesting + 1)] as const,
      );
      return {
        ours: Object.fromEntries(entries.map(([key, { ours }]) => [key, ours])),
        theirs: Object.fromEntries(entries.map(([key, { theirs }]) => [key, theirs])),
      };
    }
    case "union":
      return unionValue(random, type, nesting);
    case "record":
      return recordValue(random, type, nesting);
  }
}

// avsc would set a map's prototype; what we do with such a key has tests of its own.
function keyOf(random: Random): string {
  const text = textOf(random);
  return text === "__proto__" ? "" : text;
}

function unionValue(random: Random, type: AvroUnion, nesting: number): Twin {
  const shape = unionShape(type);
  const nullAt = type.branches.findIndex(({ kind }) => kind === "null");
  const at = nesting > maxNesting && nullAt >= 0 ? nullAt : Math.floor(random() * type.branches.length);
  const branch = type.branches[at];
  if (branch === undefined) throw new Error("the union has no branch");
  const { ours, theirs } = avroValue(random, branch, nesting + 1);
  if (branch.kind === "null") return same(null);
  return {
    ours: shape.kind === "tagged" ? { kind: shape.kinds[at], value: ours } : ours,
    theirs: { ["name" in branch ? branch.name : branch.kind]: theirs },
  };
}

function recordValue(random: Random, type: AvroRecord, nesting: number): Twin {
  const fields = type.fields.map(
    (field) => [field.name, avroValue(random, field.type, nesting + 1)] as const,
  );
  return {
    ours: Object.fromEntries(fields.map(([name, { ours }]) => [propertyName(name), ours])),
    theirs: Object.fromEntries(fields.map(([name, { theirs }]) => [name, theirs])),
  };
}

function bytesTwin(bytes: Uint8Array): Twin {
  return { ours: bytes, theirs: Buffer.from(bytes) };
}

const msPerDay = 86_400_000;

function logicalValue(random: Random, type: AvroType): Twin {
  const { logical } = type;
  switch (logical?.kind) {
    case "date": {
      const days = between(random, -100_000_000, 100_000_000);
      return { ours: new Date(days * msPerDay).toISOString().split("T")[0], theirs: days };
    }
    case "timestamp-millis":
    case "local-timestamp-millis": {
      const millis = random() < 0.2 ? pick(random, [0, -1, 8.64e15, -8.64e15]) : between(random, 0, 4e12);
      return { ours: new Date(millis), theirs: BigInt(millis) };
    }
    case "time-millis":
      return same(between(random, 0, msPerDay));
    case "uuid": {
      const hex = Array.from({ length: 32 }, () => between(random, 0, 15).toString(16)).join("");
      const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
      return { ours: uuid, theirs: type.kind === "fixed" ? Buffer.from(hex, "hex") : uuid };
    }
    case "duration": {
      const parts = [0, 0, 0].map(() => between(random, 0, 2 ** 32 - 1));
      const [months, days, milliseconds] = parts;
      const bytes = Buffer.alloc(12);
      for (const [at, part] of parts.entries()) bytes.writeUInt32LE(part, 4 * at);
      return { ours: { months, days, milliseconds }, theirs: bytes };
    }
    case "decimal": {
      const digits = between(random, 1, logical.precision);
      const unscaled = BigInt(Array.from({ length: digits }, () => between(random, 0, 9)).join(""));
      const signed = random() < 0.5 ? -unscaled : unscaled;
      const size = type.kind === "fixed" ? (type as AvroFixed).size : undefined;
      return { ours: { unscaled: signed, scale: logical.scale }, theirs: twosComplement(signed, size) };
    }
    default:
      return same(longOf(random, true));
  }
}
