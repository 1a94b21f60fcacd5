import {
  closeBlock,
  openBlock,
  readBoolean,
  readBytes,
  readDouble,
  readFixed,
  readFloat,
  readIndex,
  readInt,
  readLong,
  readNull,
  readOwnString,
} from "../codec/avro-values.ts";
import {
  readDate,
  readDecimal,
  readDuration,
  readFixedDecimal,
  readTimestamp,
  readUuid,
  readUuidBytes,
} from "../codec/logical.ts";
import { readLongNumber, readLongString } from "../codec/longs.ts";
import { advance, createReader, enter, leave, type Reader, refuse } from "../codec/reader.ts";
import { createScratch } from "../codec/scratch.ts";
import type { PayloadLimits } from "../core/limits.ts";
import { longMark } from "../schema/avro/longs.ts";
import type { AvroEnum, AvroFixed, AvroScalar, AvroType } from "../schema/avro/model.ts";

/** A reader with bounds on what a foreign schema may make of few bytes. */
export interface BoundedReader extends Reader {
  /** Lists, maps and records inside each other. */
  nesting: number;
  /** Steps that may still be taken without moving on: empty parts, and fields filled in by defaults. */
  idleSteps: number;
}

export type Read = (reader: BoundedReader) => unknown;

// Records are bounded to 100 by themselves; lists inside lists need a bound of their own to spare the stack.
const maxNesting = 1_000;

export function createBoundedReader(payload: Uint8Array, limits?: PayloadLimits): BoundedReader {
  return Object.assign(createReader(payload, createScratch(), limits), {
    nesting: 0,
    idleSteps: 16 * payload.length + 65_536,
  });
}

/** Counts a step that consumes no byte. A schema of ten records can ask for 2^10 of them, one of sixty for 2^60. */
export function spendStep(reader: BoundedReader): void {
  reader.idleSteps -= 1;
  if (reader.idleSteps < 0)
    throw refuse(reader, "the schema makes more of the payload than its size allows", "too-large");
}

export function enterNested(reader: BoundedReader): void {
  reader.nesting += 1;
  if (reader.nesting > maxNesting) throw refuse(reader, "the payload is nested too deeply", "too-deep");
}

export function leaveNested(reader: BoundedReader): void {
  reader.nesting -= 1;
}

/** Reads a type without parts, as generated code does. */
export function scalarRead(type: AvroScalar | AvroFixed): Read {
  const size = type.kind === "fixed" ? type.size : undefined;
  const { logical } = type;
  switch (logical?.kind) {
    case "date":
      return readDate;
    case "timestamp-millis":
    case "local-timestamp-millis":
      return readTimestamp;
    case "uuid":
      return size === undefined ? readUuid : readUuidBytes;
    case "duration":
      return readDuration;
    case "decimal":
      return size === undefined
        ? (reader) => readDecimal(reader, logical.precision, logical.scale)
        : (reader) => readFixedDecimal(reader, size, logical.precision, logical.scale);
    default:
      return size === undefined ? plainRead(type) : (reader) => readFixed(reader, size);
  }
}

function plainRead(type: AvroScalar | AvroFixed): Read {
  const mark = longMark(type);
  if (mark === undefined) return plainReads[type.kind];
  return mark.as === "STRING" ? readLongString : (reader) => readLongNumber(reader, mark.field);
}

const plainReads: Readonly<Record<AvroScalar["kind"] | "fixed", Read>> = {
  null: readNull,
  boolean: readBoolean,
  int: readInt,
  long: readLong,
  float: readFloat,
  double: readDouble,
  bytes: readBytes,
  // Whatever field is kept, as keys and ids are: here nobody knows which one that is.
  string: readOwnString,
  fixed: readNull,
};

/** Reads the blocks of a list or map; `each` reads one item. */
export function readBlocks(reader: BoundedReader, leastBytes: number, each: Read): void {
  enterNested(reader);
  for (let count = openBlock(reader, leastBytes); count > 0; count = openBlock(reader, leastBytes)) {
    const end = reader.blockEnd;
    for (; count > 0; count -= 1) each(reader);
    closeBlock(reader, end);
  }
  leaveNested(reader);
}

/** Makes reads that move over data without keeping any of it. One per type, made when data first asks for it. */
export function createSkips(): (type: AvroType) => Read {
  const known = new Map<AvroType, Read>();
  const skipOf = (type: AvroType): Read => {
    const found = known.get(type);
    if (found !== undefined) return found;
    const made = buildSkip(type, skipOf);
    known.set(type, made);
    return made;
  };
  return skipOf;
}

function buildSkip(type: AvroType, skipOf: (type: AvroType) => Read): Read {
  switch (type.kind) {
    case "bytes":
    case "string":
      // An index is a safe integer, which is what a length has to be; a negative one cannot be advanced by.
      return (reader) => advance(reader, readIndex(reader));
    case "fixed":
      return (reader) => advance(reader, type.size);
    case "enum":
      return (reader) => readSymbolIndex(reader, type);
    case "array": {
      const least = minBytes(type.items);
      return (reader) => readBlocks(reader, least, skipOf(type.items));
    }
    case "map": {
      const least = minBytes(type.values) + 1;
      const each: Read = (reader) => {
        advance(reader, readIndex(reader));
        skipOf(type.values)(reader);
      };
      return (reader) => readBlocks(reader, least, each);
    }
    case "union":
      return (reader) => {
        const branch = type.branches[readIndex(reader)];
        if (branch === undefined) throw refuse(reader, "a union has no branch of that index");
        skipOf(branch)(reader);
      };
    case "record":
      return (reader) => {
        enter(reader);
        enterNested(reader);
        for (const field of type.fields) {
          const before = reader.position;
          skipOf(field.type)(reader);
          if (reader.position === before) spendStep(reader);
        }
        leaveNested(reader);
        leave(reader);
      };
    default:
      return plainReads[type.kind];
  }
}

export function readSymbolIndex(reader: BoundedReader, type: AvroEnum): number {
  const index = readIndex(reader);
  if (index < 0 || index >= type.symbols.length) throw refuse(reader, "an enum has no symbol at that index");
  return index;
}

const maxEstimateDepth = 8;

/**
 * Fewest bytes that a value can take, or fewer: deep down nothing is counted, so that the estimate costs little whatever
 * the schema is. A count of items that cannot fit the payload is refused by it.
 */
export function minBytes(type: AvroType, depth = 0): number {
  if (depth > maxEstimateDepth) return 0;
  switch (type.kind) {
    case "null":
      return 0;
    case "float":
      return 4;
    case "double":
      return 8;
    case "fixed":
      return type.size;
    case "union":
      return 1;
    case "record": {
      let sum = 0;
      // A record of a thousand records is estimated by its first fields.
      for (const field of type.fields.slice(0, 16)) sum += minBytes(field.type, depth + 4);
      return sum;
    }
    default:
      return 1;
  }
}
