const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = /* @__PURE__ */ new TextEncoder();

/** Native coding costs more than a loop up to about this many characters. */
export const shortText = 24;

/** A larger payload is not made into text as a whole, because a single field would keep all of it. */
export const maxSharedText = 65_536;

/** Decodes UTF-8 strictly: overlong forms, surrogates and stray bytes give `undefined`. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** True when no byte is above 127. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let bits = 0;
  for (let index = start; index < end; index += 1) bits |= bytes[index] ?? 0;
  return bits < 0x80;
}

/** Each byte as one character, in a string of its own. Only its ASCII characters are to be used. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return native.latin1Slice === undefined
    ? new TextDecoder("latin1").decode(bytes.subarray(start, end))
    : native.latin1Slice.call(bytes, start, end);
}

/** What Buffer has and its type does not say; these take any Uint8Array. Browsers have no Buffer. */
interface NativeText {
  readonly latin1Slice?: (this: Uint8Array, start: number, end: number) => string;
  readonly utf8Write?: (this: Uint8Array, text: string, start: number, length: number) => number;
}

const native = /* @__PURE__ */ findNativeText();

function findNativeText(): NativeText {
  return typeof Buffer === "undefined" ? {} : (Buffer.prototype as unknown as NativeText);
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
export function utf8Into(text: string, target: Uint8Array, start: number): number {
  const most = 3 * text.length;
  return native.utf8Write === undefined
    ? encoder.encodeInto(text, target.subarray(start, start + most)).written
    : native.utf8Write.call(target, text, start, most);
}

/** Bytes with memory of their own. Not `slice`: a Buffer's gives a view. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}
