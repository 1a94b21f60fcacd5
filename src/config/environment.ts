import type { Layer } from "./layers.ts";
import type { Shape } from "./shape.ts";

const prefix = "KERYX__";

/**
 * Reads `KERYX__A__B` as `a.b`. A name matches a setting whatever its case and single underscores, so
 * `KERYX__CREATE_TOPICS`, `KERYX__CREATETOPICS` and `KERYX__createTopics` are one. An empty variable counts as not set.
 */
export function readEnvironmentLayer(
  environment: Readonly<Record<string, string | undefined>>,
  shape: Shape,
): Layer {
  const values: Record<string, unknown> = {};
  const names = new Map<string, string>();
  // Shorter names first, so that KERYX__REGISTRY__URL refines KERYX__REGISTRY and not the other way round.
  const variables = Object.keys(environment)
    .filter((name) => name.startsWith(prefix))
    .sort((a, b) => a.split("__").length - b.split("__").length || (a < b ? -1 : 1));
  for (const name of variables) {
    const text = environment[name];
    if (text === undefined || text === "") continue;
    const { path, target } = resolvePath(name.slice(prefix.length).split("__"), shape);
    put(values, path, toValue(text, target));
    names.set(path.join("."), name);
  }
  const at = (path: readonly string[]): string => {
    for (let length = path.length; length > 0; length--) {
      const name = names.get(path.slice(0, length).join("."));
      if (name !== undefined) return name;
    }
    // A setting above the variable: any variable below it says where to look.
    const below = [...names].find(([known]) => known.startsWith(`${path.join(".")}.`));
    return below?.[1] ?? "environment";
  };
  return { source: "environment", values, at };
}

const plain = (name: string): string => name.replaceAll("_", "").toLowerCase();

function resolvePath(
  segments: readonly string[],
  shape: Shape,
): { readonly path: readonly string[]; readonly target: Shape | undefined } {
  let target: Shape | undefined = shape;
  const path = segments.map((segment) => {
    const known: string | undefined = [...(target?.members.keys() ?? [])].find(
      (name) => plain(name) === plain(segment),
    );
    target = known === undefined ? target?.each : target?.members.get(known);
    return known ?? (target ? segment : segment.toLowerCase());
  });
  return { path, target };
}

function put(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let place = values;
  for (const key of path.slice(0, -1)) {
    const inner = Object.hasOwn(place, key) ? place[key] : undefined;
    // A short form such as KERYX__REGISTRY is spelled out before it is refined.
    const next: Record<string, unknown> =
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? { ...inner }
        : key === "registry" && inner !== undefined
          ? { url: inner }
          : {};
    define(place, key, next);
    place = next;
  }
  define(place, path.at(-1) ?? "", value);
}

/** Also for names like `__proto__`, which the check of keys then refuses. */
function define(values: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(values, key, { value, enumerable: true, configurable: true, writable: true });
}

function toValue(text: string, shape: Shape | undefined): unknown {
  const types: ReadonlySet<string> = shape?.types ?? new Set();
  const trimmed = text.trim();
  if (types.has("boolean") && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === "true";
  if (types.has("number") && /^-?[0-9]+(\.[0-9]+)?$/.test(trimmed)) return Number(trimmed);
  if (/^[[{]/.test(trimmed) && (types.has("array") || types.has("object"))) {
    const parsed = fromJson(trimmed);
    if (parsed !== undefined) return parsed;
  }
  if (types.has("array") && (!types.has("string") || trimmed.includes(",")))
    return trimmed.split(",").map((item) => toItem(item.trim(), shape?.items));
  return text;
}

function toItem(text: string, shape: Shape | undefined): unknown {
  return shape?.types.has("number") && /^[0-9]+$/.test(text) ? Number(text) : text;
}

function fromJson(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    return undefined;
  }
}
