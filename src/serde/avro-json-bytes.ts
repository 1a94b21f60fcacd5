import { asBuffer } from "../core/record.ts";

/** An exact decimal as text, for example `-0.05`. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  const at = digits.length - scale;
  const sign = unscaled < 0n ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, at)}.${digits.slice(at)}`;
}

/** Reads `decimalText`; undefined for text that is no decimal, or has more digits behind the point than the scale. */
export function unscaledOf(text: string, scale: number): bigint | undefined {
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === "" || fraction.length > scale || whole.length > maxDigits) return undefined;
  return BigInt(`${sign}${whole}${fraction.padEnd(scale, "0")}`);
}

// Reading a decimal takes time that grows with the square of its digits.
const maxDigits = 10_000;

/** Two's complement in so many bytes, else in the fewest that hold it. */
export function unscaledBytes(unscaled: bigint, size: number = fewestBytes(unscaled)): Uint8Array {
  const hex = BigInt.asUintN(8 * size, unscaled).toString(16);
  return Buffer.from(hex.padStart(2 * size, "0"), "hex");
}

function fewestBytes(unscaled: bigint): number {
  const bits = (unscaled < 0n ? -unscaled - 1n : unscaled).toString(2).length + 1;
  return unscaled === 0n || unscaled === -1n ? 1 : Math.ceil(bits / 8);
}

/** The number that two's complement bytes hold. */
export function unscaledOfBytes(bytes: Uint8Array): bigint {
  if (bytes.length === 0 || bytes.length > maxDigits) return 0n;
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${asBuffer(bytes).toString("hex")}`));
}

/** The parts of an Avro duration. */
export interface DurationParts {
  readonly months: number;
  readonly days: number;
  readonly milliseconds: number;
}

/** Three unsigned numbers of 32 bits, little endian. */
export function durationBytes({ months, days, milliseconds }: DurationParts): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(months, 0);
  bytes.writeUInt32LE(days, 4);
  bytes.writeUInt32LE(milliseconds, 8);
  return bytes;
}

export function durationOf(bytes: Uint8Array): DurationParts {
  const [months = 0, days = 0, milliseconds = 0] = [0, 4, 8].map((at) => asBuffer(bytes).readUInt32LE(at));
  return { months, days, milliseconds };
}

export function uuidBytes(uuid: string): Uint8Array {
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

export function uuidOf(bytes: Uint8Array): string {
  const hex = asBuffer(bytes).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Bytes as Avro's JSON spells them: one character each. Undefined for text with a larger character. */
export function latin1Bytes(text: string): Uint8Array | undefined {
  return /^[\0-\u00ff]*$/.test(text) ? Uint8Array.from(Buffer.from(text, "latin1")) : undefined;
}

/** Strict base64, with its padding; undefined for any other text. */
export function base64Bytes(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? Uint8Array.from(bytes) : undefined;
}
