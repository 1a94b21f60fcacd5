import { secretName } from "../core/redact.ts";
import type { KeryxConfig } from "./config.ts";
import { fromPathKey, isGroup } from "./layers.ts";

/** One effective setting: what it is and who said so. */
export interface ExplainedSetting {
  readonly path: string;
  /** As JSON; secrets masked. */
  readonly value: string;
  readonly source: "default" | "file" | "environment" | "code";
  /** `keryx.yaml:12:3`, the name of the variable, `connect()` or `default`. */
  readonly at: string;
}

/** Every effective setting with its source, in alphabetical order. */
export function explainConfig(config: Pick<KeryxConfig, "values" | "sources">): readonly ExplainedSetting[] {
  const rows = [...config.sources].map(([key, { source, at }]) => {
    const path = fromPathKey(key);
    let value: unknown = config.values;
    for (const name of path) value = isGroup(value) ? value[name] : undefined;
    return { path: path.join("."), value: show(path, value), source, at };
  });
  return rows.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** True for settings whose value nobody may see. Paths of files are shown: they say where a secret is, not what. */
export function isSecret(path: readonly string[]): boolean {
  const name = path.at(-1) ?? "";
  return secretName.test(name) && !name.endsWith("Path");
}

function show(path: readonly string[], value: unknown): string {
  if (isSecret(path)) return "***";
  if (typeof value === "function") return "(function)";
  const text = JSON.stringify(value) ?? String(value);
  // Credentials inside a URL, which the registry refuses anyway.
  return text.replace(/(:\/\/)[^\s/@"]+@/g, "$1***@");
}
