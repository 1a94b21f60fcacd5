/** A token of .proto text; comments and white space are none. Offsets are UTF-16 code units. */
export interface ProtoToken {
  readonly kind: "word" | "string" | "symbol";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

// A word is an identifier or number; sticky, so that one pass stays linear.
const pattern =
  /(?<space>[\s\ufeff]+|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<word>[A-Za-z0-9_]+)|(?<string>"(?:[^"\\\n]|\\[^\n])*"?|'(?:[^'\\\n]|\\[^\n])*'?)|(?<symbol>[\s\S])/gy;

/** Splits .proto text into tokens. Never fails: what is no token elsewhere is a symbol of one character. */
export function tokenize(text: string): readonly ProtoToken[] {
  const tokens: ProtoToken[] = [];
  for (const match of text.matchAll(pattern)) {
    const { word, string, symbol } = match.groups ?? {};
    const kind = word !== undefined ? "word" : string !== undefined ? "string" : "symbol";
    const found = word ?? string ?? symbol;
    if (found !== undefined)
      tokens.push({ kind, text: found, start: match.index, end: match.index + found.length });
  }
  return tokens;
}
