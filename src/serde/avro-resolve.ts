import { finishReading, readIndex, readOwnString } from "../codec/avro-values.ts";
import { setOwn } from "../codec/own.ts";
import { enter, leave, refuse } from "../codec/reader.ts";
import { decodeError } from "../core/errors.ts";
import type { PayloadLimits } from "../core/limits.ts";
import { fieldSlots, matches, matchingBranch } from "../schema/avro/match.ts";
import type {
  AvroEnum,
  AvroField,
  AvroRecord,
  AvroScalar,
  AvroType,
  AvroUnion,
} from "../schema/avro/model.ts";
import { propertyName, unionShape } from "../schema/avro/shape.ts";
import { encodeDefault } from "./avro-default.ts";
import {
  createBoundedReader,
  createSkips,
  enterNested,
  leaveNested,
  minBytes,
  type Read,
  readBlocks,
  readSymbolIndex,
  scalarRead,
  spendStep,
} from "./avro-read.ts";

/**
 * Makes a function that reads what `writer` wrote as values of `reader`, by Avro's rules of schema resolution.
 * It is put together of closures: nothing is ever compiled from text. Parts are put together when data first needs
 * them, so what a record does not use cannot make it unreadable.
 *
 * The function throws KeryxError `decode_failed`: `incompatible` where the schemas do not resolve, else about the bytes.
 */
export function createResolver(
  writer: AvroType,
  reader: AvroType,
): (payload: Uint8Array, limits?: PayloadLimits) => unknown {
  const read = resolve({ pairs: new Map(), skipOf: createSkips() }, writer, reader);
  return (payload, limits) => {
    const bytes = createBoundedReader(payload, limits);
    const value = read(bytes);
    finishReading(bytes);
    return value;
  };
}

interface Resolution {
  /** Reads of records, by writer's and reader's: they end the recursion of recursive schemas. */
  readonly pairs: Map<AvroType, Map<AvroType, Read>>;
  readonly skipOf: (type: AvroType) => Read;
}

function resolve(resolution: Resolution, writer: AvroType, reader: AvroType): Read {
  if (writer.kind === "union") return resolveWriterUnion(resolution, writer, reader);
  if (reader.kind === "union") return resolveReaderUnion(resolution, writer, reader);
  if (!matches(writer, reader))
    return incompatible(`the writer's ${nameOf(writer)} cannot be read as ${nameOf(reader)}`);
  if (writer.kind === "record" && reader.kind === "record") return recordOnce(resolution, writer, reader);
  if (writer.kind === "enum" && reader.kind === "enum") return resolveEnum(writer, reader);
  if (writer.kind === "array" && reader.kind === "array")
    return resolveArray(writer.items, resolve(resolution, writer.items, reader.items));
  if (writer.kind === "map" && reader.kind === "map")
    return resolveMap(writer.values, resolve(resolution, writer.values, reader.values));
  return resolveScalar(writer, reader);
}

function nameOf(type: AvroType): string {
  const name = "name" in type ? `${type.kind} ${type.name}` : type.kind;
  return type.logical === undefined ? name : `${name} (${type.logical.kind})`;
}

function incompatible(what: string): Read {
  return () => {
    throw decodeError("incompatible", what);
  };
}

function resolveScalar(writer: AvroType, reader: AvroType): Read {
  const isFloating = reader.kind === "float" || reader.kind === "double";
  const isWhole = writer.kind === "int" || writer.kind === "long";
  if (isFloating && (isWhole || writer.kind === "float")) {
    const read = scalarRead({ kind: writer.kind, path: [], attributes: new Map() });
    const round = reader.kind === "float" ? Math.fround : (value: number): number => value;
    return (bytes) => round(Number(read(bytes)));
  }
  // The other promotions keep the bytes: an int is written as a long is, and text as bytes are.
  if (reader.kind === "fixed" || isScalar(reader)) return scalarRead(reader);
  return incompatible(`the writer's ${nameOf(writer)} cannot be read as ${nameOf(reader)}`);
}

function isScalar(type: AvroType): type is AvroScalar {
  return !["record", "enum", "fixed", "array", "map", "union"].includes(type.kind);
}

function resolveWriterUnion(resolution: Resolution, writer: AvroUnion, reader: AvroType): Read {
  const reads = new Map<number, Read>();
  return (bytes) => {
    const index = readIndex(bytes);
    const branch = writer.branches[index];
    if (branch === undefined) throw refuse(bytes, "a union has no branch of that index");
    const read = reads.get(index) ?? resolve(resolution, branch, reader);
    reads.set(index, read);
    return read(bytes);
  };
}

function resolveReaderUnion(resolution: Resolution, writer: AvroType, reader: AvroUnion): Read {
  const index = matchingBranch(writer, reader);
  const branch = reader.branches[index];
  if (branch === undefined)
    return incompatible(`the writer's ${nameOf(writer)} is not a branch of the reader's union`);
  const read = resolve(resolution, writer, branch);
  const shape = unionShape(reader);
  if (shape.kind !== "tagged" || branch.kind === "null") return read;
  const kind = shape.kinds[index];
  return (bytes) => ({ kind, value: read(bytes) });
}

function resolveEnum(writer: AvroEnum, reader: AvroEnum): Read {
  const known = new Set(reader.symbols);
  return (bytes) => {
    const symbol = writer.symbols[readSymbolIndex(bytes, writer)] ?? "";
    if (known.has(symbol)) return symbol;
    if (reader.default !== undefined) return reader.default;
    throw decodeError("incompatible", `${reader.name} has neither the writer's symbol nor a default`);
  };
}

function resolveArray(written: AvroType, read: Read): Read {
  const least = minBytes(written);
  return (bytes) => {
    const items: unknown[] = [];
    readBlocks(bytes, least, () => items.push(read(bytes)));
    return items;
  };
}

function resolveMap(written: AvroType, read: Read): Read {
  const least = minBytes(written) + 1;
  return (bytes) => {
    const map: Record<string, unknown> = {};
    readBlocks(bytes, least, () => setOwn(map, readOwnString(bytes), read(bytes)));
    return map;
  };
}

// Records

/** Put together when data first reaches it: then a record that holds itself finds its own read. */
function recordOnce(resolution: Resolution, writer: AvroRecord, reader: AvroRecord): Read {
  const byReader = resolution.pairs.get(writer) ?? new Map<AvroType, Read>();
  resolution.pairs.set(writer, byReader);
  const known = byReader.get(reader);
  if (known !== undefined) return known;
  let made: Read | undefined;
  const read: Read = (bytes) => {
    made ??= resolveRecord(resolution, writer, reader);
    return made(bytes);
  };
  byReader.set(reader, read);
  return read;
}

interface Step {
  readonly read: Read;
  /** Position among the reader's fields; -1: the reader has no such field. */
  readonly slot: number;
}

function resolveRecord(resolution: Resolution, writer: AvroRecord, reader: AvroRecord): Read {
  const slots = fieldSlots(writer, reader);
  const steps = writer.fields.map((field, index): Step => {
    const slot = slots[index] ?? -1;
    const target = reader.fields[slot];
    return target === undefined
      ? { read: resolution.skipOf(field.type), slot: -1 }
      : { read: resolve(resolution, field.type, target.type), slot };
  });
  const filled = new Set(slots);
  const absent = reader.fields.filter((_, slot) => !filled.has(slot));
  const missing = absent.find((field) => field.default === undefined);
  if (missing !== undefined)
    return incompatible(`the writer has no field ${missing.name} of ${reader.name}, and it has no default`);
  const defaults = absent.map((field) => ({
    slot: reader.fields.indexOf(field),
    make: defaultMaker(resolution, field),
  }));
  const properties = reader.fields.map((field) => propertyName(field.name));
  return (bytes) => {
    enter(bytes);
    enterNested(bytes);
    const values: unknown[] = new Array(properties.length);
    for (const { read, slot } of steps) {
      const before = bytes.position;
      const value = read(bytes);
      if (bytes.position === before) spendStep(bytes);
      if (slot >= 0) values[slot] = value;
    }
    for (const { slot, make } of defaults) {
      spendStep(bytes);
      values[slot] = make();
    }
    const record: Record<string, unknown> = {};
    // In the reader's order, whatever the writer's was; no property is called `__proto__`.
    for (const [slot, property] of properties.entries()) record[property] = values[slot];
    leaveNested(bytes);
    leave(bytes);
    return record;
  };
}

/** A default is kept as the bytes that a writer would have sent, and read anew each time: nobody shares an object. */
function defaultMaker(resolution: Resolution, field: AvroField): () => unknown {
  const { default: value, type } = field;
  if (value === undefined) return () => undefined;
  const encoded = encodeDefault(type, value);
  const read = resolve(resolution, type, type);
  return () => read(Object.assign(createBoundedReader(encoded), { items: Infinity, idleSteps: Infinity }));
}
