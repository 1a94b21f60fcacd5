import type { ProtoScalar } from "../../schema/proto/model.ts";

/** Scalars that one parser can read for another; among them only the range of values differs. */
const encodings: Readonly<Record<ProtoScalar, string>> = {
  ...{ bool: "varint", int32: "varint", int64: "varint", uint32: "varint", uint64: "varint" },
  ...{ sint32: "zigzag", sint64: "zigzag" },
  ...{ fixed32: "32 bits", sfixed32: "32 bits", fixed64: "64 bits", sfixed64: "64 bits" },
  ...{ float: "float", double: "double", string: "text", bytes: "text" },
};

export interface NumberRange {
  readonly min: bigint;
  readonly max: bigint;
}

const signed = (bits: bigint): NumberRange => ({ min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n });
const unsigned = (bits: bigint): NumberRange => ({ min: 0n, max: (1n << bits) - 1n });

const ranges: ReadonlyMap<ProtoScalar, NumberRange> = new Map<ProtoScalar, NumberRange>([
  ["bool", unsigned(1n)],
  ["int32", signed(32n)],
  ["int64", signed(64n)],
  ["uint32", unsigned(32n)],
  ["uint64", unsigned(64n)],
  ["sint32", signed(32n)],
  ["sint64", signed(64n)],
  ["fixed32", unsigned(32n)],
  ["sfixed32", signed(32n)],
  ["fixed64", unsigned(64n)],
  ["sfixed64", signed(64n)],
]);

export const int32Range: NumberRange = signed(32n);

export function isWithin(inner: NumberRange, outer: NumberRange): boolean {
  return inner.min >= outer.min && inner.max <= outer.max;
}

/** The values of an integer type that is encoded like int32; undefined for any other type. */
export function varintRange(scalar: ProtoScalar): NumberRange | undefined {
  return encodings[scalar] === "varint" ? ranges.get(scalar) : undefined;
}

/** Whether a type is a number to the encoding, so that lists of it are packed. */
export function isPackable(scalar: ProtoScalar): boolean {
  return encodings[scalar] !== "text";
}

export type ScalarReading = "same" | "narrowed" | "text" | "other";

/** What becomes of a scalar that is read as another one: `text` for bytes that are read as a string. */
export function readScalar(writer: ProtoScalar, reader: ProtoScalar): ScalarReading {
  if (writer === reader) return "same";
  if (encodings[writer] !== encodings[reader]) return "other";
  const [from, to] = [ranges.get(writer), ranges.get(reader)];
  if (from === undefined || to === undefined) return reader === "bytes" ? "same" : "text";
  return isWithin(from, to) ? "same" : "narrowed";
}
