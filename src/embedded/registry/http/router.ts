import { refusals } from "../refusals.ts";
import { defaultContext, parseSubject } from "../state/names.ts";
import type { Route } from "./route.ts";

/** A route with what its path said. */
export interface Matched {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
  readonly context: string;
}

interface Prepared {
  readonly route: Route;
  readonly segments: readonly string[];
}

/** Finds the route of a request. @throws RegistryRefusal 404, 405 and, for a path that is not percent-encoded, 400 */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Matched {
  const byLength = Map.groupBy(
    routes.map((route): Prepared => ({ route, segments: splitPath(route.path) })),
    ({ segments }) => segments.length,
  );
  return (method, path) => {
    const { context, segments } = splitContext(splitPath(path));
    const candidates = (byLength.get(segments.length) ?? []).filter((one) => isMatch(one.segments, segments));
    const found = candidates.find(({ route }) => route.method === method);
    if (found === undefined)
      throw candidates.length === 0
        ? refusals.http(404, "Not Found")
        : refusals.http(405, "Method Not Allowed");
    const params = new Map<string, string>();
    for (const [index, segment] of found.segments.entries())
      if (isName(segment)) params.set(segment.slice(1, -1), segments[index] ?? "");
    return { route: found.route, params, context };
  };
}

// Split before decoding: a subject may hold slashes, percent-encoded.
function splitPath(path: string): readonly string[] {
  const trimmed = path.replace(/^\/|\/$/g, "");
  return trimmed === "" ? [] : trimmed.split("/").map(decode);
}

function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw refusals.http(400, "Bad Request");
  }
}

/** `/contexts/.ctx/…` stands before any path and names the context of its subjects. */
function splitContext(segments: readonly string[]): {
  readonly context: string;
  readonly segments: readonly string[];
} {
  const [first, name = "", ...others] = segments;
  if (first !== "contexts" || others.length === 0) return { context: defaultContext, segments };
  return { context: contextName(name), segments: others };
}

/** `.ctx`, `:.ctx:` or `ctx`. */
export function contextName(text: string): string {
  const { context, subject } = parseSubject(text);
  if (subject === "") return context;
  return subject.startsWith(".") ? subject : `.${subject}`;
}

function isMatch(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.every((part, index) => (isName(part) ? segments[index] !== "" : part === segments[index]));
}

function isName(segment: string): boolean {
  return segment.startsWith("{");
}
