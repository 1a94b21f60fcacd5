import { putVarint, varintSize } from "./varint.ts";

const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = /* @__PURE__ */ new TextEncoder();

/** What stands for stray bytes in text that was decoded natively, where it may also have been written. */
const unsure = "\ufffd";

/** Native coding costs more than a loop up to about this many characters; below 64, so that a length takes one byte. */
export const shortText = 24;

/** A larger payload is not made into text as a whole, because a single field would keep all of it. */
export const maxSharedText = 65_536;

/** Decodes UTF-8 strictly: overlong forms, surrogates and stray bytes are a TypeError. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  const text = native.utf8Slice?.call(bytes, start, end) ?? unsure;
  return text.includes(unsure) ? decoder.decode(bytes.subarray(start, end)) : text;
}

/** True when no byte is above 127. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let bits = 0;
  for (let index = start; index < end; index += 1) bits |= bytes[index] ?? 0;
  return bits < 0x80;
}

/** True when the bytes from `start` are that ASCII text. */
export function isText(text: string, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < text.length; index += 1)
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  return true;
}

/** Each byte as one character, in a string of its own. Only its ASCII characters are to be used. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return native.latin1Slice === undefined
    ? new TextDecoder("latin1").decode(bytes.subarray(start, end))
    : native.latin1Slice.call(bytes, start, end);
}

/** V8 copies a part of so few characters, where it lets a longer one refer to the whole. */
const copiedPart = 12;

/** True when a text is so short that `shortAscii` costs less than a native call; it looks at twelve bytes. */
export function isShort(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start <= copiedPart && start + copiedPart <= bytes.length;
}

/** A short text as characters of its own. */
export function shortAscii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(
    bytes[start] ?? 0,
    bytes[start + 1] ?? 0,
    bytes[start + 2] ?? 0,
    bytes[start + 3] ?? 0,
    bytes[start + 4] ?? 0,
    bytes[start + 5] ?? 0,
    bytes[start + 6] ?? 0,
    bytes[start + 7] ?? 0,
    bytes[start + 8] ?? 0,
    bytes[start + 9] ?? 0,
    bytes[start + 10] ?? 0,
    bytes[start + 11] ?? 0,
  ).substring(0, end - start);
}

/** What Buffer has and its type does not say; these take any Uint8Array. Browsers have no Buffer. */
interface NativeText {
  readonly utf8Slice?: (this: Uint8Array, start: number, end: number) => string;
  readonly latin1Slice?: (this: Uint8Array, start: number, end: number) => string;
  readonly utf8Write?: (this: Uint8Array, text: string, start: number, length: number) => number;
}

const native = /* @__PURE__ */ findNativeText();

function findNativeText(): NativeText {
  return typeof Buffer === "undefined" ? {} : (Buffer.prototype as unknown as NativeText);
}

/**
 * Writes text as UTF-8 behind its length, which counts `unit` for each byte, and returns where it ends; -1 when a lone
 * surrogate has no such form. The target has room for five bytes and three a character.
 */
export function putString(bytes: Uint8Array, start: number, text: string, unit: 1 | 2): number {
  const { length } = text;
  if (length > shortText) return putNativeText(bytes, start, text, unit);
  let position = start;
  bytes[position++] = unit * length;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return putNativeText(bytes, start, text, unit);
    bytes[position++] = code;
  }
  return position;
}

/** Text whose length in UTF-8 is not known: it is taken for ASCII, and moved when its length needs more bytes. */
export function putNativeText(bytes: Uint8Array, start: number, text: string, unit: number): number {
  const body = start + varintSize(unit * text.length);
  const length = utf8Into(text, bytes, body);
  if (length !== text.length && !text.isWellFormed()) return -1;
  const moved = start + varintSize(unit * length);
  if (moved !== body) bytes.copyWithin(moved, body, body + length);
  putVarint(bytes, start, unit * length);
  return moved + length;
}

/** Length in UTF-8; -1 for text with a lone surrogate, which has no UTF-8 form. */
export function textLength(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit < 0xd800 || unit > 0xdfff) length += 2;
    else {
      const low = text.charCodeAt(index + 1);
      if (unit > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) return -1;
      length += 2;
      index += 1;
    }
  }
  return length;
}

/** Writes text as UTF-8 and returns its length there; the target has room for it. A lone surrogate becomes U+FFFD. */
function utf8Into(text: string, target: Uint8Array, start: number): number {
  const most = 3 * text.length;
  return native.utf8Write === undefined
    ? encoder.encodeInto(text, target.subarray(start, start + most)).written
    : native.utf8Write.call(target, text, start, most);
}

/** Bytes with memory of their own. Not `slice`: a Buffer's gives a view. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(start, end));
}
