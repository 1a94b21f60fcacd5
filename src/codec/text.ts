const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = /* @__PURE__ */ new TextEncoder();

/** Native decoding costs more than a loop up to about this many bytes. */
const shortText = 24;

/** Decodes UTF-8 strictly: overlong forms, surrogates and stray bytes give `undefined`. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= shortText) {
    const text = decodeAscii(bytes, start, end);
    if (text !== undefined) return text;
  }
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

function decodeAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0x80;
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
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

/** Writes text of the given UTF-8 length; the target has room for it. */
export function encodeText(text: string, length: number, target: Uint8Array, start: number): void {
  if (length === text.length && length <= shortText)
    for (let index = 0; index < length; index += 1) target[start + index] = text.charCodeAt(index);
  else encoder.encodeInto(text, target.subarray(start, start + length));
}
