import {
  create,
  type DescField,
  type DescMessage,
  type DescOneof,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

/** Numbers from 0 (inclusive) to 1, the same ones for the same seed. */
export type Random = () => number;

/** Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the items. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

const pieces = [
  "a",
  "Zz9",
  "key-",
  "ä",
  "ß€",
  "𝄞",
  "\u0000",
  "\ufeff",
  "__proto__",
  "x".repeat(30),
  "é".repeat(20),
];

export function textOf(random: Random): string {
  if (random() < 0.1) return "";
  if (random() < 0.05) return pick(random, ["__proto__", "constructor", "toString"]);
  const isPlain = random() < 0.6;
  const count = random() < 0.05 ? 120 : Math.floor(random() * 8);
  return Array.from({ length: count }, () => (isPlain ? "abc1" : pick(random, pieces))).join("");
}

export function bytesOf(random: Random): Uint8Array {
  return Uint8Array.from({ length: random() < 0.05 ? 300 : Math.floor(random() * 9) }, () =>
    Math.floor(random() * 256),
  );
}

const long = 2n ** 63n;
const longs = [
  0n,
  1n,
  -1n,
  127n,
  128n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 53n + 1n,
  2n ** 53n - 1n,
  long - 1n,
  -long,
];

export function longOf(random: Random, isSigned: boolean): bigint {
  const wide =
    random() < 0.4
      ? pick(random, longs)
      : BigInt(Math.floor(random() * 2 ** 32)) << BigInt(Math.floor(random() * 32));
  return isSigned ? BigInt.asIntN(64, wide) : BigInt.asUintN(64, wide);
}

export function intOf(random: Random, isSigned: boolean): number {
  const wide =
    random() < 0.4
      ? pick(random, [0, 1, -1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, -(2 ** 31)])
      : Math.floor(random() * 2 ** (1 + Math.floor(random() * 31)));
  return isSigned ? wide | 0 : wide >>> 0;
}

export function doubleOf(random: Random): number {
  return random() < 0.4
    ? pick(random, [0, -0, 1, -1.5, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE])
    : (random() - 0.5) * 10 ** Math.floor(random() * 20);
}

export function floatOf(random: Random): number {
  const value = Math.fround(doubleOf(random));
  return Number.isNaN(value) ? Number.NaN : value;
}

/** A value of a scalar type, as protobuf-es has it. */
export function scalarValue(random: Random, scalar: ScalarType, isText = false): unknown {
  switch (scalar) {
    case ScalarType.STRING:
      return textOf(random);
    case ScalarType.BYTES:
      return bytesOf(random);
    case ScalarType.BOOL:
      return random() < 0.5;
    case ScalarType.DOUBLE:
      return doubleOf(random);
    case ScalarType.FLOAT:
      return floatOf(random);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return intOf(random, true);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return intOf(random, false);
    default: {
      const isSigned = scalar !== ScalarType.UINT64 && scalar !== ScalarType.FIXED64;
      const value = longOf(random, isSigned);
      return isText ? String(value) : value;
    }
  }
}

const maxNesting = 3;

/** A message with some of its fields set, as protobuf-es has it. */
export function messageValue(random: Random, schema: DescMessage, nesting = 0): Message {
  const init: Record<string, unknown> = {};
  for (const member of schema.members) {
    if (!isRequired(member) && random() < 0.3) continue;
    if (member.kind === "oneof") {
      const field = pick(random, member.fields);
      const value = single(random, field, nesting);
      if (value !== undefined) init[member.localName] = { case: field.localName, value };
    } else {
      const value = fieldValue(random, member, nesting);
      if (value !== undefined) init[member.localName] = value;
    }
  }
  return create(schema, init);
}

/** As proto2 has it: protobuf-es writes no message without such a field. */
function isRequired(member: DescField | DescOneof): boolean {
  return member.kind === "field" && member.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
}

/** A Struct, which protobuf-es has as JSON. */
function structOf(random: Random, nesting = 0): JsonObject {
  const anything = (): JsonValue => {
    const kind = Math.floor(random() * (nesting > 2 ? 4 : 6));
    if (kind === 4) return structOf(random, nesting + 1);
    if (kind === 5) return [null, structOf(random, nesting + 1), random()];
    return pick(random, [null, true, -1.5, "text"]);
  };
  return Object.fromEntries(
    Array.from({ length: Math.floor(random() * 4) }, (_, at) => [`k${at}`, anything()]),
  );
}

function fieldValue(random: Random, field: DescField, nesting: number): unknown {
  const count = random() < 0.03 ? 40 : Math.floor(random() * 4);
  const many = (): unknown[] =>
    Array.from({ length: nesting > 0 ? Math.min(count, 2) : count }, () =>
      single(random, field, nesting),
    ).filter((item) => item !== undefined);
  switch (field.fieldKind) {
    case "list":
      return many();
    case "map":
      return Object.fromEntries(many().map((item) => [String(scalarValue(random, field.mapKey)), item]));
    default:
      return single(random, field, nesting);
  }
}

/** One value of a field's type; undefined where the nesting has to end. */
function single(random: Random, field: DescField, nesting: number): unknown {
  if (field.message?.typeName === "google.protobuf.Struct") return structOf(random);
  if (field.message === undefined) {
    // Numbers that no name stands for, too.
    if (field.enum !== undefined) return pick(random, [0, 1, -1, 7, 2 ** 31 - 1]);
    const isText = "longAsString" in field && field.longAsString;
    return scalarValue(random, field.scalar as ScalarType, isText);
  }
  if (nesting >= maxNesting) return undefined;
  const value = messageValue(random, field.message, nesting + 1);
  const isUnwrapped = field.fieldKind === "message" && field.oneof === undefined;
  return isUnwrapped && field.message.typeName.endsWith("Value")
    ? (value as unknown as { value: unknown }).value
    : value;
}
