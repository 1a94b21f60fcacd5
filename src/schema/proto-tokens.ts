import { quote, schemaError } from "./limits.ts";
import type { TextSpan } from "./text-span.ts";

/** One token of a .proto text. `text` is the source text; a string's meaning is in `bytes`. */
export interface ProtoToken extends TextSpan {
  readonly kind: "identifier" | "number" | "string" | "symbol" | "end";
  readonly text: string;
  /** With kind `string`: the literal's bytes, escapes resolved. */
  readonly bytes?: Uint8Array;
}

/** Reads one token after another; comments and white space are skipped. After the last it stays at `end`. */
export type ProtoScanner = () => ProtoToken;

// Sticky: each match starts where the last token ended, so no input is read twice.
const blank = /[ \t\v\f]+|\/\/[^\n\r]*/y;
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?/y;
const symbols = new Set(";{}[]()<>=,.:-+/");
const maxIdentifierLength = 1_000;

export function createProtoScanner(text: string): ProtoScanner {
  let offset = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  let lineStart = 0;

  const fail = (message: string, at = offset): Error =>
    schemaError(message, { line, column: at - lineStart + 1 }, []);
  const newline = (): void => {
    offset += text.startsWith("\r\n", offset) ? 2 : 1;
    line++;
    lineStart = offset;
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    return pattern.exec(text)?.[0];
  };
  const skipBlockComment = (): void => {
    const end = text.indexOf("*/", offset + 2);
    if (end < 0) throw fail("The comment has no end.");
    while (offset < end + 2) {
      const code = text.charCodeAt(offset);
      if (code === 0x0a || code === 0x0d) newline();
      else offset++;
    }
  };
  const skipBlanks = (): void => {
    for (;;) {
      const code = text.charCodeAt(offset);
      if (code === 0x0a || code === 0x0d) newline();
      else if (text.startsWith("/*", offset)) skipBlockComment();
      else {
        const found = match(blank);
        if (found === undefined) return;
        offset += found.length;
      }
    }
  };
  const take = (kind: ProtoToken["kind"], length: number, bytes?: Uint8Array): ProtoToken => {
    const token = {
      kind,
      text: text.slice(offset, offset + length),
      line,
      column: offset - lineStart + 1,
      offset,
      end: offset + length,
      ...(bytes === undefined ? {} : { bytes }),
    };
    offset += length;
    return token;
  };

  return () => {
    skipBlanks();
    const first = text[offset];
    if (first === undefined) return take("end", 0);
    const name = match(identifier);
    if (name !== undefined) {
      if (name.length > maxIdentifierLength) throw fail("The name is too long.");
      return take("identifier", name.length);
    }
    const digits = match(number);
    if (digits !== undefined) {
      const next = text[offset + digits.length] ?? "";
      if (/[A-Za-z0-9_]/.test(next)) throw fail("A number runs into a letter.", offset + digits.length);
      return take("number", digits.length);
    }
    if (first === '"' || first === "'") {
      const { length, bytes } = readString(text, offset, first, fail);
      return take("string", length, bytes);
    }
    if (symbols.has(first)) return take("symbol", 1);
    throw fail(`${quote(first)} has no meaning here.`);
  };
}

/** All tokens of a text, without the one at its end. @throws KeryxError `schema_invalid` where it is no token */
export function scanProto(text: string): readonly ProtoToken[] {
  const scan = createProtoScanner(text);
  const tokens: ProtoToken[] = [];
  for (let token = scan(); token.kind !== "end"; token = scan()) tokens.push(token);
  return tokens;
}

const plainEscapes: ReadonlyMap<string, number> = new Map([
  ...([
    ["a", 7],
    ["b", 8],
    ["f", 12],
    ["n", 10],
    ["r", 13],
    ["t", 9],
    ["v", 11],
  ] as const),
  ...([
    ["\\", 92],
    ["'", 39],
    ['"', 34],
    ["?", 63],
  ] as const),
]);
const codeEscape = /[0-7]{1,3}|[xX][0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}/y;
const utf8 = new TextEncoder();

function readString(
  text: string,
  start: number,
  delimiter: string,
  fail: (message: string, at: number) => Error,
): { length: number; bytes: Uint8Array } {
  const parts: Uint8Array[] = [];
  let plainFrom = start + 1;
  let at = plainFrom;
  const endPlain = (): void => {
    if (at > plainFrom) parts.push(utf8.encode(text.slice(plainFrom, at)));
  };
  for (; text[at] !== delimiter; ) {
    const char = text[at];
    if (char === undefined || char === "\n" || char === "\r" || char === "\0")
      throw fail("The string has no end on its line.", start);
    if (char !== "\\") {
      at++;
      continue;
    }
    endPlain();
    const plain = plainEscapes.get(text[at + 1] ?? "");
    if (plain !== undefined) {
      parts.push(Uint8Array.of(plain));
      at += 2;
    } else {
      codeEscape.lastIndex = at + 1;
      const code = codeEscape.exec(text)?.[0];
      const bytes = code === undefined ? undefined : escapedBytes(code);
      if (code === undefined || bytes === undefined) throw fail("The escape has no meaning.", at);
      parts.push(bytes);
      at += 1 + code.length;
    }
    plainFrom = at;
  }
  endPlain();
  return { length: at + 1 - start, bytes: new Uint8Array(Buffer.concat(parts)) };
}

function escapedBytes(code: string): Uint8Array | undefined {
  const kind = code[0] ?? "";
  if (kind === "x" || kind === "X") return Uint8Array.of(Number.parseInt(code.slice(1), 16));
  if (kind !== "u" && kind !== "U") {
    const value = Number.parseInt(code, 8);
    return value > 255 ? undefined : Uint8Array.of(value);
  }
  const point = Number.parseInt(code.slice(1), 16);
  if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
  return utf8.encode(String.fromCodePoint(point));
}
