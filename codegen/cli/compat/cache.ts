import type { ParsedSchema } from "../../../src/compatibility/parsed.ts";

/** Parsed schemas by their texts, least recently used out first. */
export interface ParsedCache {
  get(key: string, parse: () => ParsedSchema): ParsedSchema;
}

// Lines that ask about the same texts mostly stand together; remembering more costs more in memory than it saves.
const maxCharacters = 1_000_000;
const maxEntries = 64;

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
