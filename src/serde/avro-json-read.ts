import type { JsonValue } from "../codec/json-text.ts";
import { dateOf } from "../codec/logical.ts";
import { setOwn } from "../codec/own.ts";
import type { LongForm } from "../core/event.ts";
import { longMark } from "../schema/avro/longs.ts";
import type { AvroEnum, AvroField, AvroRecord, AvroType, AvroUnion } from "../schema/avro/model.ts";
import { propertyName, unionShape } from "../schema/avro/shape.ts";
import { encodeDefault } from "./avro-default.ts";
import {
  base64Bytes,
  durationOf,
  latin1Bytes,
  unscaledOf,
  unscaledOfBytes,
  uuidOf,
} from "./avro-json-bytes.ts";
import { type AvroJsonStyle, tagOf } from "./avro-json-write.ts";
import { createResolver } from "./avro-resolve.ts";

/** Reads what has the right form. What has not is left as it is, for the binary codec to refuse with its path. */
type JsonRead = (json: JsonValue | undefined) => unknown;

interface Reading {
  readonly style: AvroJsonStyle;
  /** Reads of records, which end the recursion of recursive schemas. */
  readonly records: Map<AvroType, JsonRead>;
}

/** Puts the reader of a type together, once. */
export function jsonReader(type: AvroType, style: AvroJsonStyle): (json: JsonValue) => unknown {
  return readerOf({ style, records: new Map() }, type);
}

function readerOf(reading: Reading, type: AvroType): JsonRead {
  switch (type.kind) {
    case "record":
      return recordOnce(reading, type);
    case "array": {
      const item = readerOf(reading, type.items);
      return (json) => (Array.isArray(json) ? json.map((one: JsonValue) => item(one)) : json);
    }
    case "map": {
      const item = readerOf(reading, type.values);
      return (json) => (isObject(json) ? readMap(json, item) : json);
    }
    case "union":
      return unionReader(reading, type);
    case "enum":
      return enumReader(type);
    default:
      return reading.style === "plain" ? plainReader(type) : avroReader(type);
  }
}

interface JsonObject {
  readonly [key: string]: JsonValue;
}

function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function readMap(json: JsonObject, item: JsonRead): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) setOwn(map, key, item(value));
  return map;
}

/** Put together when data first reaches it: then a record that holds itself finds its own reader. */
function recordOnce(reading: Reading, record: AvroRecord): JsonRead {
  const known = reading.records.get(record);
  if (known !== undefined) return known;
  let fields: readonly FieldRead[] | undefined;
  const read: JsonRead = (json) => {
    if (!isObject(json)) return json;
    fields ??= record.fields.map((field) => toFieldRead(reading, field));
    const value: Record<string, unknown> = {};
    // No property is called `__proto__`.
    for (const { names, property, read: inner, absent } of fields) {
      const name = names.find((one) => Object.hasOwn(json, one));
      value[property] = name === undefined ? absent?.() : inner(json[name]);
    }
    return value;
  };
  reading.records.set(record, read);
  return read;
}

interface FieldRead {
  /** Its own name, then its aliases: what older writers called it. */
  readonly names: readonly string[];
  readonly property: string;
  readonly read: JsonRead;
  /** Makes its default; absent where it has none. */
  readonly absent: (() => unknown) | undefined;
}

function toFieldRead(reading: Reading, field: AvroField): FieldRead {
  return {
    names: [field.name, ...field.aliases],
    property: propertyName(field.name),
    read: readerOf(reading, field.type),
    absent: defaultMaker(field),
  };
}

/** Read anew each time from the bytes that a writer would have sent: nobody shares an object. */
function defaultMaker({ type, default: value }: AvroField): FieldRead["absent"] {
  if (value === undefined) return undefined;
  const bytes = encodeDefault(type, value);
  const read = createResolver(type, type);
  return () => read(bytes);
}

/** A value of no branch, which the binary codec refuses wherever a union stands. */
const noBranch = { kind: undefined };

function unionReader(reading: Reading, union: AvroUnion): JsonRead {
  const shape = unionShape(union);
  const reads = union.branches.map((branch) => readerOf(reading, branch));
  const hasNull = union.branches.some(({ kind }) => kind === "null");
  const tagged = new Map(
    union.branches.map((branch, index) => [
      reading.style === "plain" && shape.kind === "tagged" ? (shape.kinds[index] ?? "") : tagOf(branch),
      index,
    ]),
  );
  const take = (tag: JsonValue | undefined, json: JsonValue | undefined): unknown => {
    const index = typeof tag === "string" ? tagged.get(tag) : undefined;
    if (index === undefined) return noBranch;
    const value = reads[index]?.(json);
    return shape.kind === "tagged" ? { kind: shape.kinds[index], value } : value;
  };
  return (json) => {
    if (json === null && hasNull) return null;
    if (reading.style === "plain" && shape.kind !== "tagged")
      return reads[shape.kind === "nullable" ? shape.branch : 0]?.(json);
    if (!isObject(json)) return noBranch;
    if (reading.style === "plain") return take(ownOf(json, "kind"), ownOf(json, "value"));
    const [entry, ...others] = Object.entries(json);
    return entry === undefined || others.length > 0 ? noBranch : take(...entry);
  };
}

function ownOf(json: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(json, key) ? json[key] : undefined;
}

function enumReader(type: AvroEnum): JsonRead {
  const known = new Set<JsonValue | undefined>(type.symbols);
  return (json) =>
    typeof json === "string" && !known.has(json) && type.default !== undefined ? type.default : json;
}

/** Only what is written otherwise than the value looks; the rest is the same in both styles. */
function plainReader(type: AvroType): JsonRead {
  const { logical } = type;
  switch (logical?.kind) {
    case "timestamp-millis":
    case "local-timestamp-millis":
      return (json) => (typeof json === "string" && rfc3339.test(json) ? new Date(json) : toDate(json));
    case "decimal":
      return fromText((text) => {
        const unscaled = unscaledOf(text, logical.scale);
        return unscaled === undefined ? undefined : { unscaled, scale: logical.scale };
      });
    case "duration":
      return (json) => (isObject(json) ? pickParts(json) : undefined);
    case "date":
    case "uuid":
      return (json) => json;
    default:
      return type.kind === "bytes" || type.kind === "fixed" ? fromText(base64Bytes) : scalarReader(type);
  }
}

function pickParts(json: JsonObject): object {
  const [months, days, milliseconds] = ["months", "days", "milliseconds"].map((key) => ownOf(json, key));
  return { months, days, milliseconds };
}

const rfc3339 = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function avroReader(type: AvroType): JsonRead {
  const { logical } = type;
  const size = type.kind === "fixed" ? type.size : undefined;
  const fromBytes = (convert: (bytes: Uint8Array) => unknown): JsonRead =>
    fromText((text) => {
      const bytes = latin1Bytes(text);
      return bytes === undefined || (size !== undefined && bytes.length !== size)
        ? undefined
        : convert(bytes);
    });
  switch (logical?.kind) {
    case "date":
      return (json) => (typeof json === "number" && (json | 0) === json ? dateOf(json) : noText(json));
    case "timestamp-millis":
    case "local-timestamp-millis":
      return toDate;
    case "decimal":
      return fromBytes((bytes) => ({ unscaled: unscaledOfBytes(bytes), scale: logical.scale }));
    case "duration":
      return fromBytes(durationOf);
    case "uuid":
      return size === undefined ? (json) => json : fromBytes(uuidOf);
    default:
      return type.kind === "bytes" || type.kind === "fixed"
        ? fromBytes((bytes) => bytes)
        : scalarReader(type);
  }
}

function fromText(convert: (text: string) => unknown): JsonRead {
  return (json) => (typeof json === "string" ? convert(json) : undefined);
}

/** A day as text is the other style's. */
function noText(json: JsonValue | undefined): unknown {
  return typeof json === "string" ? undefined : json;
}

function toDate(json: JsonValue | undefined): unknown {
  return typeof json === "number" ? new Date(json) : json;
}

function scalarReader(type: AvroType): JsonRead {
  switch (type.kind) {
    case "long":
      return longReader(longMark(type)?.as);
    case "float":
      return (json) => {
        const value = toDouble(json);
        return typeof value === "number" ? Math.fround(value) : value;
      };
    case "double":
      return toDouble;
    default:
      return (json) => json;
  }
}

function longReader(as: LongForm | undefined): JsonRead {
  if (as === undefined) return toLong;
  const hold = as === "NUMBER" ? Number : String;
  return (json) => {
    const value = toLong(json);
    // A number that is not exact is no safe integer either, which the codec refuses.
    return typeof value === "bigint" ? hold(value) : value;
  };
}

/** Digits as text are taken, too: that is how Protobuf's mapping, and writers without large integers, spell them. */
function toLong(json: JsonValue | undefined): unknown {
  if (typeof json === "number" && Number.isSafeInteger(json)) return BigInt(json);
  return typeof json === "string" && /^-?\d{1,20}$/.test(json) ? BigInt(json) : json;
}

function toDouble(json: JsonValue | undefined): unknown {
  if (typeof json === "bigint") return Number(json);
  return json === "NaN" || json === "Infinity" || json === "-Infinity" ? Number(json) : json;
}
