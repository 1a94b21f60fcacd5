import { withLineFeeds } from "./options.ts";
import type { SchemaTree } from "./sources.ts";

/** Text of every schema file with line feeds, by its path below the schema root. */
export function inputsOf(tree: SchemaTree): ReadonlyMap<string, string> {
  return new Map([...tree.proto, ...tree.avro].map(({ path, text }) => [path, withLineFeeds(text)]));
}
