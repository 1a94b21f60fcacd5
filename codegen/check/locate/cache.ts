import type { ParsedSchema } from "../../../src/compatibility/parsed.ts";
import { createLocator } from "../locate.ts";
import type { Locator } from "./locator.ts";

/** Makes each locator once: it reads a whole text, and a schema may have thousands of differences. */
export type LocatorCache = (schema: ParsedSchema, text: string, reader?: ParsedSchema) => Locator;

export function createLocatorCache(): LocatorCache {
  const known = new Map<ParsedSchema, Map<ParsedSchema, Locator>>();
  return (schema, text, reader = schema) => {
    const bySchema = known.get(schema) ?? new Map<ParsedSchema, Locator>();
    known.set(schema, bySchema);
    const found = bySchema.get(reader) ?? createLocator(schema, text, reader);
    bySchema.set(reader, found);
    return found;
  };
}
