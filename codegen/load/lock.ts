import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../diagnostics.ts";
import { emptyLock, type Lock } from "../model/lock.ts";
import { parseLock } from "../model/lock-parse.ts";

export const lockPath = "schemas.lock.json";

/** Reads the lock file at the project's root; a project without one has released nothing yet. */
export async function loadLock(
  root: string,
): Promise<{ readonly lock: Lock; readonly diagnostics: readonly Diagnostic[] }> {
  const text = await readFile(join(root, lockPath), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? { lock: emptyLock, diagnostics: [] } : parseLock(text, lockPath);
}
