import type { ProtoScalar, ProtoValue } from "../model.ts";
import { tag, varint, type WireParts, writeBytes, writeInteger } from "./write.ts";

/** A whole number in any notation; undefined for everything else. */
export function toInteger(text: string): bigint | undefined {
  const [, sign, digits] = /^([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const isOctal = /^0[0-7]+$/.test(digits);
  if (!isOctal && /^0[0-9]/.test(digits)) return undefined;
  const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
  return sign === "-" ? -value : value;
}

/** A scalar field of an option; nothing when the value is of another kind. */
export function encodeScalar(number: number, type: ProtoScalar, value: ProtoValue): WireParts {
  if (type === "string" || type === "bytes")
    return value.kind === "string" ? writeBytes(number, value.bytes) : [];
  if (value.kind !== "identifier" && value.kind !== "number") return [];
  const { text } = value;
  if (type === "bool") {
    if (text !== "true" && text !== "false") return [];
    return writeInteger(number, text === "true" ? 1 : 0);
  }
  if (type === "double" || type === "float") return encodeFloat(number, type, text);
  const whole = toInteger(text);
  return whole === undefined ? [] : encodeWhole(number, type, whole);
}

function encodeFloat(number: number, type: "double" | "float", text: string): WireParts {
  const value = floatOf(text);
  if (value === undefined) return [];
  const bytes = Buffer.alloc(type === "double" ? 8 : 4);
  if (type === "double") bytes.writeDoubleLE(value);
  else bytes.writeFloatLE(value);
  return [tag(number, type === "double" ? 1 : 5), bytes];
}

function floatOf(text: string): number | undefined {
  const [, sign = "", digits = ""] = /^([+-]?)(.*)$/.exec(text) ?? [];
  const words = new Map([
    ["inf", Number.POSITIVE_INFINITY],
    ["infinity", Number.POSITIVE_INFINITY],
    ["nan", Number.NaN],
  ]);
  const value =
    words.get(digits) ?? (/^[0-9.]/.test(digits) ? Number(digits.replace(/[fF]$/, "")) : undefined);
  return value === undefined ? undefined : sign === "-" ? -value : value;
}

function encodeWhole(
  number: number,
  type: Exclude<ProtoScalar, "string" | "bytes" | "bool" | "double" | "float">,
  value: bigint,
): WireParts {
  switch (type) {
    case "sint32":
    case "sint64":
      return [tag(number, 0), varint(value < 0n ? -value * 2n - 1n : value * 2n)];
    case "fixed32":
    case "sfixed32": {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(Number(BigInt.asUintN(32, value)));
      return [tag(number, 5), bytes];
    }
    case "fixed64":
    case "sfixed64": {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
      return [tag(number, 1), bytes];
    }
    default:
      return writeInteger(number, value);
  }
}
