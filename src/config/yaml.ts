import { type Document, isScalar, LineCounter, type Pair, parseDocument, visit } from "yaml";
import { KeryxError } from "../core/errors.ts";
import { isGroup, type Layer, type Settings } from "./layers.ts";

/** Largest configuration file. */
export const maxConfigBytes = 1_048_576;

/** Aliases that a configuration file may resolve, each counted with what it contains. */
const maxAliasCount = 100;

/**
 * Reads a YAML text: plain data only, no tags of its own, bounded in size and aliases.
 * @throws KeryxError `config_invalid` with file, line and column
 */
export function parseYamlLayer(text: string, file: string): Layer {
  const refuse = (at: string, message: string, cause?: unknown): never => {
    throw new KeryxError("config_invalid", `${at}: ${message}`, { cause, details: { at } });
  };
  if (Buffer.byteLength(text) > maxConfigBytes)
    refuse(file, `larger than ${maxConfigBytes} bytes; nothing of it was read`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: "core",
    merge: false,
    stringKeys: true,
    // The library compares each key with all before it; `indexPairs` finds repeats.
    uniqueKeys: false,
    prettyErrors: false,
    // At "silent" the library also keeps quiet about a second document.
    logLevel: "error",
  });
  const placeOf = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  // A tag that the schema does not know is only a warning to the library.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) refuse(placeOf(problem.pos[0]), problem.message);
  const pairs = indexPairs(document, (offset) =>
    refuse(placeOf(offset), "the same key stands here a second time"),
  );
  const values = toValues(() => document.toJS({ maxAliasCount }), file, refuse);
  const at = (path: readonly string[]): string => {
    let node: unknown = document.contents;
    let offset = 0;
    for (const key of path) {
      const pair = pairs.get(node)?.get(key);
      if (!pair) break;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    }
    return placeOf(offset);
  };
  return { source: "file", values, at };
}

/** The pairs of each map by key: looking through a long map for every one of its keys would take a minute. */
function indexPairs(
  document: Document,
  repeated: (offset: number) => never,
): ReadonlyMap<unknown, ReadonlyMap<unknown, Pair>> {
  const pairs = new Map<unknown, ReadonlyMap<unknown, Pair>>();
  visit(document, {
    Map(_, map) {
      const own = new Map<unknown, Pair>();
      for (const pair of map.items) {
        if (!isScalar(pair.key)) continue;
        if (own.has(pair.key.value)) repeated(pair.key.range?.[0] ?? 0);
        own.set(pair.key.value, pair);
      }
      pairs.set(map, own);
    },
  });
  return pairs;
}

function toValues(
  read: () => unknown,
  file: string,
  refuse: (at: string, message: string, cause?: unknown) => never,
): Settings {
  let values: unknown;
  try {
    values = read();
  } catch (error) {
    refuse(file, `too many aliases (at most ${maxAliasCount})`, error);
  }
  if (values === null || values === undefined) return {};
  if (!isGroup(values)) return refuse(file, "not a map of settings");
  return values;
}
