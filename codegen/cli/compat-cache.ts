import type { ParsedSchema } from "../../src/compatibility/parsed.ts";

/** Parsed schemas by their texts, least recently used out first. */
export interface ParsedCache {
  get(key: string, parse: () => ParsedSchema): ParsedSchema;
}

// A parsed schema takes some ten to thirty times its text, so this is about a hundred megabytes at most.
const maxCharacters = 4_000_000;
const maxEntries = 2_000;

export function createParsedCache(): ParsedCache {
  const known = new Map<string, ParsedSchema>();
  let characters = 0;
  return {
    get(key, parse) {
      const found = known.get(key);
      const schema = found ?? parse();
      if (found !== undefined) known.delete(key);
      else characters += key.length;
      known.set(key, schema);
      for (const [oldest] of known) {
        if (known.size <= maxEntries && characters <= maxCharacters) break;
        known.delete(oldest);
        characters -= oldest.length;
      }
      return schema;
    },
  };
}
