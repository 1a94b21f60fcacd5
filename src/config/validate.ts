import type { z } from "zod";
import { type ConfigIssue, type Merged, maxIssues, toPathKey } from "./layers.ts";

type Issue = z.core.$ZodIssue;

/** Zod's findings with the place where each setting was written. */
export function toIssues(
  error: z.ZodError,
  prefix: readonly string[],
  sources: Merged["sources"],
): readonly ConfigIssue[] {
  return error.issues.slice(0, maxIssues).map((issue) => {
    const { path, message } = deepest(issue);
    const full = [...prefix, ...path.map(String)];
    const isDuration = issue.code === "invalid_type" && full.at(-1)?.endsWith("Ms") === true;
    return {
      at: placeOf(full, sources),
      path: full.join("."),
      message: isDuration ? "expected a duration such as 500ms, 30s or 5m, or milliseconds" : message,
    };
  });
}

/** The most telling finding behind "none of the choices fits": the one that got furthest into a choice. */
function deepest(issue: Issue): { readonly path: readonly PropertyKey[]; readonly message: string } {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const inner = issue.errors
    .map((choice) => choice.map(deepest).sort(byDepth)[0])
    .filter((one) => one !== undefined);
  const [first] = inner.toSorted(byDepth);
  if (!first) return issue;
  if (first.path.length > 0) return { path: [...issue.path, ...first.path], message: first.message };
  return { path: issue.path, message: [...new Set(inner.map((one) => one.message))].join("; or: ") };
}

const byDepth = (a: { path: readonly PropertyKey[] }, b: { path: readonly PropertyKey[] }): number =>
  b.path.length - a.path.length;

/** The nearest known place: a list's item stands where the list stands, a missing setting where its group does. */
function placeOf(path: readonly string[], sources: Merged["sources"]): string {
  for (let length = path.length; length > 0; length--) {
    const key = toPathKey(path.slice(0, length));
    const exact = sources.get(key);
    if (exact) return exact.at;
    const below = [...sources].find(
      ([known, { source }]) => source !== "default" && known.startsWith(toPathKey([key, ""])),
    );
    if (below) return below[1].at;
  }
  return "default";
}
