import { toDurationMs } from "../core/duration.ts";
import { suggest } from "../core/suggest.ts";
import type { Shape } from "./shape.ts";

/** One source of settings. */
export interface Layer {
  readonly source: "default" | "file" | "environment" | "code";
  readonly values: Settings;
  /** Where a setting stands, for people: `keryx.yaml:12:3`, a variable's name, `connect()`. */
  readonly at: (path: readonly string[]) => string;
}

export type Settings = Readonly<Record<string, unknown>>;

/** Something wrong with a setting. Never repeats its value: it may be a secret. */
export interface ConfigIssue {
  readonly at: string;
  readonly path: string;
  readonly message: string;
  readonly suggestion?: string;
}

/** Settings of all layers in one, and who said each of them. */
export interface Merged {
  readonly values: Settings;
  /** By `toPathKey`, for every value that is not itself a group of settings. */
  readonly sources: ReadonlyMap<string, Pick<Layer, "source"> & { readonly at: string }>;
}

const forbidden: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const deepest = 20;
/** As many findings as anybody reads; a file may have one on each of a hundred thousand lines. */
export const maxIssues = 100;

/** An object of keys and values, as opposed to an instance that happens to be an object. */
export function isGroup(value: unknown): value is Settings {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Unknown and dangerous keys of a layer. */
export function findUnknownKeys(layer: Layer, shape: Shape): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const visit = (values: Settings, known: Shape, above: readonly string[]): void => {
    for (const [key, value] of Object.entries(values)) {
      if (issues.length >= maxIssues) return;
      const path = [...above, key];
      const inner = known.members.get(key) ?? known.each;
      const problem = { at: layer.at(path), path: path.join(".") };
      if (forbidden.has(key)) issues.push({ ...problem, message: "this name is not allowed as a setting" });
      else if (!inner) issues.push({ ...problem, ...unknown(key, known) });
      else if (path.length > deepest) issues.push({ ...problem, message: "nested too deeply" });
      else if (isGroup(value) && hasKeys(inner)) visit(value, inner, path);
    }
  };
  visit(layer.values, shape, []);
  return issues;
}

const hasKeys = (shape: Shape): boolean => shape.members.size > 0 || shape.each !== undefined;

function unknown(key: string, known: Shape): Pick<ConfigIssue, "message" | "suggestion"> {
  const near = suggest(key, known.members.keys());
  if (near !== undefined) return { message: `unknown setting; did you mean \`${near}\`?`, suggestion: near };
  return { message: `unknown setting; known here: ${[...known.members.keys()].join(", ")}` };
}

/** Short forms in full: durations as milliseconds, a registry's URL as its options. */
export function normalize(layer: Layer, shape: Shape): Layer {
  const { registry } = layer.values;
  const values =
    typeof registry === "string" || Array.isArray(registry)
      ? { ...layer.values, registry: { url: registry } }
      : layer.values;
  return { ...layer, values: durations(values, shape) };
}

function durations(values: Settings, shape: Shape): Settings {
  const entries = Object.entries(values).map(([key, value]): [string, unknown] => {
    const inner = shape.members.get(key) ?? shape.each;
    if (!inner) return [key, value];
    if (isGroup(value)) return [key, durations(value, inner)];
    if (!key.endsWith("Ms")) return [key, value];
    return [key, Array.isArray(value) ? value.map(toMs) : toMs(value)];
  });
  return Object.fromEntries(entries);
}

const toMs = (value: unknown): unknown =>
  typeof value === "string" ? (toDurationMs(value) ?? value) : value;

/** Lays the layers over each other, the later winning; lists are replaced, not joined. */
export function merge(layers: readonly Layer[]): Merged {
  let values: Settings = {};
  const sources = new Map<string, Pick<Layer, "source"> & { readonly at: string }>();
  for (const layer of layers) {
    values = overlay(values, layer.values);
    note(layer, layer.values, [], sources);
  }
  for (const path of sources.keys()) if (!hasValue(values, path)) sources.delete(path);
  return { values, sources };
}

function overlay(below: Settings, above: Settings): Settings {
  const values: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const old = values[key];
    values[key] = isGroup(old) && isGroup(value) && !isOtherKind(old, value) ? overlay(old, value) : value;
  }
  return values;
}

/** Credentials of one kind are not mixed with those of another. */
const isOtherKind = (old: Settings, value: Settings): boolean =>
  typeof value["kind"] === "string" && value["kind"] !== old["kind"];

function note(
  layer: Layer,
  values: Settings,
  above: readonly string[],
  sources: Map<string, Pick<Layer, "source"> & { readonly at: string }>,
): void {
  for (const [key, value] of Object.entries(values)) {
    const path = [...above, key];
    if (isGroup(value)) note(layer, value, path, sources);
    else if (value !== undefined) sources.set(toPathKey(path), { source: layer.source, at: layer.at(path) });
  }
}

/** A value that a later layer replaced as a whole leaves the sources of its members behind. */
function hasValue(values: Settings, encoded: string): boolean {
  let value: unknown = values;
  for (const key of fromPathKey(encoded)) {
    if (!isGroup(value) || !Object.hasOwn(value, key)) return false;
    value = value[key];
  }
  return !isGroup(value);
}

const separator = "\u0000";

/** A path as a key of `Merged.sources`; not joined by dots, since names of topics hold dots. */
export function toPathKey(path: readonly string[]): string {
  return path.join(separator);
}

export function fromPathKey(key: string): readonly string[] {
  return key.split(separator);
}
