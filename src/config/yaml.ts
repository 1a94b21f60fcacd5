import { type Document, isAlias, isMap, isScalar, LineCounter, type Pair, parseDocument, visit } from "yaml";
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
  const refuse = (at: string, message: string): never => {
    throw new KeryxError("config_invalid", `${at}: ${message}`, { details: { at } });
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
  if (problem) refuse(placeOf(problem.pos[0]), withoutSource(problem.message));
  const pairs = indexPairs(document, (offset, what) => refuse(placeOf(offset), what));
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

/**
 * The library ends some messages with the text that it could not read, and a password that nobody put into quotes may
 * be such a text: `password: !x` is a tag.
 */
function withoutSource(message: string): string {
  const kept = message.replace(/(?<=[a-z)]): .*$| %.*$/s, "");
  return kept === message ? message : `${kept}; a value that begins with a sign is put into quotes`;
}

/** The pairs of each map by key: looking through a long map for every one of its keys would take a minute. */
function indexPairs(
  document: Document,
  refuse: (offset: number, what: string) => never,
): ReadonlyMap<unknown, ReadonlyMap<unknown, Pair>> {
  const pairs = new Map<unknown, ReadonlyMap<unknown, Pair>>();
  const anchors = new Set<string>();
  visit(document, {
    Node(_, node) {
      if ("anchor" in node && node.anchor !== undefined) anchors.add(node.anchor);
      if (isAlias(node) && !anchors.has(node.source))
        refuse(node.range?.[0] ?? 0, "an alias of nothing; a value that begins with * is put into quotes");
      if (!isMap(node)) return;
      const own = new Map<unknown, Pair>();
      for (const pair of node.items) {
        if (!isScalar(pair.key)) continue;
        if (own.has(pair.key.value))
          refuse(pair.key.range?.[0] ?? 0, "the same key stands here a second time");
        own.set(pair.key.value, pair);
      }
      pairs.set(node, own);
    },
  });
  return pairs;
}

function toValues(
  read: () => unknown,
  file: string,
  refuse: (at: string, message: string) => never,
): Settings {
  let values: unknown;
  try {
    values = read();
  } catch {
    refuse(file, `too many aliases (at most ${maxAliasCount})`);
  }
  if (values === null || values === undefined) return {};
  if (!isGroup(values)) return refuse(file, "not a map of settings");
  return values;
}
