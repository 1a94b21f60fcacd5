import type { ProtoScalar, ProtoValue } from "../model.ts";
import { type KnownField, typeOfField } from "../option-shapes.ts";
import type { Refuse } from "../text/checks.ts";

/** A field of an encoded option: a varint, or the bytes of anything else, those of a group without its tags. */
export interface OptionField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** Splits bytes into fields in their order. */
export function readOptionValues(bytes: Uint8Array, refuse: Refuse): readonly OptionField[] {
  const fields: OptionField[] = [];
  const groups: { readonly number: number; readonly from: number }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const before = at;
    const [tag, next] = readVarint(bytes, at, refuse);
    at = next;
    const number = Number(BigInt.asUintN(32, tag) >> 3n);
    const kind = Number(tag & 7n);
    if (kind === 3) {
      groups.push({ number, from: at });
      continue;
    }
    if (kind === 4) {
      const group = groups.pop();
      if (group?.number !== number) throw refuse("A group ends that did not begin.");
      if (groups.length === 0) fields.push({ number, value: bytes.subarray(group.from, before) });
      continue;
    }
    const [value, end] = readField(bytes, at, kind, refuse);
    at = end;
    if (groups.length === 0) fields.push({ number, value });
  }
  if (groups.length > 0) throw refuse("A group has no end.");
  return fields;
}

function readField(
  bytes: Uint8Array,
  at: number,
  kind: number,
  refuse: Refuse,
): readonly [value: bigint | Uint8Array, end: number] {
  if (kind === 0) return readVarint(bytes, at, refuse);
  if (kind !== 1 && kind !== 2 && kind !== 5) throw refuse("A field has a kind that does not exist.");
  const [length, from] = kind === 2 ? readVarint(bytes, at, refuse) : ([kind === 1 ? 8n : 4n, at] as const);
  if (length > BigInt(bytes.length - from)) throw refuse("It is cut off.");
  const end = from + Number(length);
  return [bytes.subarray(from, end), end];
}

function readVarint(bytes: Uint8Array, from: number, refuse: Refuse): readonly [value: bigint, end: number] {
  let value = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[from + index];
    if (byte === undefined) throw refuse("It is cut off.");
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return [BigInt.asUintN(64, value), from + index + 1];
  }
  throw refuse("A number has too many bytes.");
}

/** The values of a field that holds no message; several when they are packed. */
export function valuesOf(
  known: KnownField,
  value: bigint | Uint8Array,
  refuse: Refuse,
): readonly ProtoValue[] {
  const { type } = known.field;
  const scalar: ProtoScalar | undefined = type.kind === "scalar" ? type.name : undefined;
  if (scalar === "string" || scalar === "bytes") {
    if (typeof value === "bigint") throw refuse("An option is a number where text is meant.");
    return [{ kind: "string", bytes: value }];
  }
  const size = fixedSizes.get(scalar ?? "") ?? 0;
  if (typeof value === "bigint") {
    if (size > 0) throw refuse("An option has another kind than its field.");
    return [toValue(known, value)];
  }
  if (size === 0) return unpack(value, refuse).map((one) => toValue(known, one));
  const view = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (view.length % size !== 0) throw refuse("It is cut off.");
  return Array.from({ length: view.length / size }, (_, index) =>
    toFixed(scalar ?? "fixed32", view.subarray(index * size, (index + 1) * size)),
  );
}

const fixedSizes: ReadonlyMap<string, number> = new Map([
  ...(["fixed32", "sfixed32", "float"] as const).map((name) => [name, 4] as const),
  ...(["fixed64", "sfixed64", "double"] as const).map((name) => [name, 8] as const),
]);

function unpack(bytes: Uint8Array, refuse: Refuse): readonly bigint[] {
  const found: bigint[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, next] = readVarint(bytes, at, refuse);
    found.push(value);
    at = next;
  }
  return found;
}

const number = (text: string): ProtoValue => ({ kind: "number", text });
const identifier = (text: string): ProtoValue => ({ kind: "identifier", text });

function toValue(known: KnownField, value: bigint): ProtoValue {
  const { type } = known.field;
  if (type.kind === "scalar") return toWhole(type.name, value);
  const code = Number(BigInt.asIntN(32, value));
  const found = typeOfField(known);
  const named =
    found?.kind === "enum" ? found.type.values.find((one) => one.number === code)?.name : undefined;
  return named === undefined ? number(String(code)) : identifier(named);
}

function toWhole(type: ProtoScalar, value: bigint): ProtoValue {
  switch (type) {
    case "bool":
      return identifier(String(value !== 0n));
    case "sint32":
    case "sint64":
      return number(String((value & 1n) === 1n ? -(value >> 1n) - 1n : value >> 1n));
    case "uint64":
      return number(String(value));
    case "uint32":
      return number(String(BigInt.asUintN(32, value)));
    case "int32":
      return number(String(BigInt.asIntN(32, value)));
    default:
      return number(String(BigInt.asIntN(64, value)));
  }
}

function toFixed(type: ProtoScalar, bytes: Buffer): ProtoValue {
  switch (type) {
    case "fixed32":
      return number(String(bytes.readUInt32LE()));
    case "sfixed32":
      return number(String(bytes.readInt32LE()));
    case "fixed64":
      return number(String(bytes.readBigUInt64LE()));
    case "sfixed64":
      return number(String(bytes.readBigInt64LE()));
    default:
      return toFloat(type === "float" ? shortest(bytes.readFloatLE()) : bytes.readDoubleLE());
  }
}

function toFloat(value: number): ProtoValue {
  if (Number.isNaN(value)) return identifier("nan");
  if (!Number.isFinite(value)) return identifier(value < 0 ? "-inf" : "inf");
  return number(Object.is(value, -0) ? "-0" : String(value));
}

/** The shortest number that is the same in 32 bits. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
