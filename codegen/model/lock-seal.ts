import { createHash } from "node:crypto";

/**
 * SHA-256 over all that was released of an event, lower-case hex; undefined before its first release. It makes an edit
 * by hand visible: history, level and topic are what later checks stand on.
 */
export function sealOf(parts: {
  readonly released: unknown;
  readonly versions: readonly unknown[];
}): string | undefined {
  const { released, versions } = parts;
  if (versions.length === 0) return undefined;
  return createHash("sha256").update(canonicalJson({ released, versions })).digest("hex");
}

/** The same text for equal values: the order of keys is nobody's edit. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    const entries = Object.entries(member).filter(([, inner]) => inner !== undefined);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
