import { decodeRefusal } from "../core/coded-error.ts";
import type { DecodeReason, KeryxError } from "../core/errors.ts";
import { type PayloadLimits, payloadLimits } from "../core/limits.ts";

/** JSON with its integers exact: one that a number cannot hold is a bigint. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export interface ParsedJson {
  readonly value: JsonValue;
  /** False: there is certainly no bigint in it. */
  readonly isWide: boolean;
}

/** Lists and objects inside one another; messages are counted by whoever knows which of them are messages. */
const maxNesting = 1_000;

const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = /* @__PURE__ */ new TextEncoder();

/** UTF-8 of a JSON text. */
export function encodeJsonText(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * Parses JSON within bounds on its size, nesting and number of items, which are checked before anything is allocated.
 * A refusal never quotes the text: it may hold sensitive values.
 * @throws KeryxError `decode_failed`: `too-large`, `too-deep`, `malformed` or `invalid-text`
 */
export function parseJsonText(bytes: Uint8Array, limits: PayloadLimits = payloadLimits): ParsedJson {
  const { maxJsonBytes, maxItems } = limits;
  if (bytes.length > maxJsonBytes) throw refuse("too-large", `the JSON is larger than ${maxJsonBytes} bytes`);
  const text = decode(bytes);
  const { isWide } = scan(text, maxItems);
  const value = parse(text, isWide);
  // Escapes alone can spell half a character: the bytes were valid UTF-8.
  if (/\\u[dD][89a-fA-F]/.test(text)) checkText(value);
  return { value, isWide };
}

function refuse(reason: DecodeReason, what: string): KeryxError {
  return decodeRefusal(what, { reason });
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw refuse("invalid-text", "the JSON is not valid UTF-8");
  }
}

function parse(text: string, isWide: boolean): JsonValue {
  try {
    return JSON.parse(text, isWide ? (reviveExact as (key: string, value: unknown) => unknown) : undefined);
  } catch {
    throw refuse("malformed", "the value is not JSON");
  }
}

/** Character codes that have a meaning outside texts. */
const code = {
  ...{ quote: 0x22, comma: 0x2c, dot: 0x2e, zero: 0x30, nine: 0x39 },
  ...{ bracket: 0x5b, closingBracket: 0x5d, brace: 0x7b, closingBrace: 0x7d, e: 0x65 },
} as const;

/** One pass over everything outside texts: counts what has to be bounded, and looks for numbers of many digits. */
function scan(text: string, maxItems: number): { readonly isWide: boolean } {
  let nesting = 0;
  let items = 0;
  let digits = 0;
  let isWide = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= code.zero && unit <= code.nine) {
      digits += 1;
      if (digits > 15) isWide = true;
      continue;
    }
    // Both cases of the letter; behind a digit it is an exponent.
    if ((unit | 0x20) === code.e && digits !== 0) isWide = true;
    // A fraction has as many digits as it likes.
    digits = unit === code.dot ? Number.NEGATIVE_INFINITY : 0;
    if (unit === code.quote) at = endOfText(text, at);
    else if (unit === code.brace || unit === code.bracket) {
      nesting += 1;
      items += 1;
    } else if (unit === code.closingBrace || unit === code.closingBracket) nesting -= 1;
    else if (unit === code.comma) items += 1;
    if (nesting > maxNesting) throw refuse("too-deep", `the JSON is nested deeper than ${maxNesting}`);
    if (items > maxItems) throw refuse("too-large", `the JSON has more than ${maxItems} items`);
  }
  return { isWide };
}

/** Where the text that begins at a quote ends; the end of everything where it does not. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === "\\") before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}

/** Keeps an integer that a number would round, as long as it may be one of 64 bits. */
function reviveExact(_: string, value: unknown, { source }: { readonly source?: string } = {}): unknown {
  if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value)) return value;
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]\+?(\d{1,2}))?$/.exec(source);
  if (parts === null) return value;
  const [, sign = "", whole = "", fraction = "", power = "0"] = parts;
  const zeros = Number(power) - fraction.length;
  if (zeros < 0 || whole.length + Number(power) > 20) return value;
  return BigInt(`${sign}${whole}${fraction}${"0".repeat(zeros)}`);
}

function checkText(value: JsonValue): void {
  if (typeof value === "string" && !value.isWellFormed())
    throw refuse("invalid-text", "a text holds half a surrogate pair");
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    checkText(key);
    checkText(item);
  }
}
