import { quote, schemaError } from "../../limits.ts";
import type { TextSpan } from "../../text-span.ts";

/** One token of a .proto text. `text` is the source text; a string's meaning is in `bytes`. */
export interface ProtoToken extends TextSpan {
  readonly kind: "identifier" | "number" | "string" | "symbol" | "end";
  readonly text: string;
  /** With kind `string`: the literal's bytes, escapes resolved. */
  readonly bytes?: Uint8Array;
}

/** Reads one token after another; comments and white space are skipped. After the last it stays at `end`. */
export type ProtoScanner = () => ProtoToken;

// Sticky: the match starts where the last token ended, so no input is read twice.
const number = /0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?/y;
const slash = 0x2f;
const star = 0x2a;
const dot = 0x2e;
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
  const skipBlockComment = (): void => {
    const end = text.indexOf("*/", offset + 2);
    if (end < 0) throw fail("The comment has no end.");
    while (offset < end + 2) {
      if (isNewline(text.charCodeAt(offset))) newline();
      else offset++;
    }
  };
  const skipLineComment = (): void => {
    while (offset < text.length && !isNewline(text.charCodeAt(offset))) offset++;
  };
  const skipBlanks = (): void => {
    for (;;) {
      const code = text.charCodeAt(offset);
      if (code === 0x20 || code === 0x09 || code === 0x0b || code === 0x0c) offset++;
      else if (isNewline(code)) newline();
      else if (code !== slash) return;
      else if (text.charCodeAt(offset + 1) === slash) skipLineComment();
      else if (text.charCodeAt(offset + 1) === star) skipBlockComment();
      else return;
    }
  };
  const take = (kind: ProtoToken["kind"], end: number): ProtoToken => {
    const column = offset - lineStart + 1;
    const token = { kind, text: text.slice(offset, end), line, column, offset, end };
    offset = end;
    return token;
  };
  const takeNumber = (): ProtoToken => {
    number.lastIndex = offset;
    const digits = number.exec(text)?.[0];
    if (digits === undefined) return take("symbol", offset + 1);
    const end = offset + digits.length;
    if (isWordCode(text.charCodeAt(end))) throw fail("A number runs into a letter.", end);
    return take("number", end);
  };

  return () => {
    skipBlanks();
    const code = text.charCodeAt(offset);
    if (Number.isNaN(code)) return take("end", offset);
    if (isDigitCode(code) || code === dot) return takeNumber();
    if (isWordCode(code)) {
      let end = offset + 1;
      while (isWordCode(text.charCodeAt(end))) end++;
      if (end - offset > maxIdentifierLength) throw fail("The name is too long.");
      return take("identifier", end);
    }
    const first = text.charAt(offset);
    if (first === '"' || first === "'") {
      const { length, bytes } = readString(text, offset, first, fail);
      return { ...take("string", offset + length), bytes };
    }
    if (symbols.has(first)) return take("symbol", offset + 1);
    throw fail(`${quote(first)} has no meaning here.`);
  };
}

function isNewline(code: number): boolean {
  return code === 0x0a || code === 0x0d;
}

function isDigitCode(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A letter, a digit or an underscore: at the start of a token, digits have been ruled out before. */
function isWordCode(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || isDigitCode(code)
  );
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
