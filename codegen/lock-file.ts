import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { KeryxError } from "../src/core/errors.ts";
import { lockPath } from "./load/lock.ts";
import { withLineFeeds } from "./load/options.ts";
import { emptyLock, formatLock, type Lock } from "./model/lock.ts";
import { parseLock } from "./model/lock-parse.ts";

/** The new text grows here. Whoever created it may replace the lock file: as git's `index.lock`. */
const pendingPath = `${lockPath}.pending`;
const pollMs = 25;

/**
 * Replaces the lock file with what `change` makes of the one that is there at that moment, whole or not at all. Runs
 * that do so at the same time go one after the other, so none loses what another wrote.
 * @throws KeryxError `generate_failed` when the file cannot be read, or another run does not finish
 */
export function changeLockFile(
  root: string,
  change: (lock: Lock) => Lock,
  { waitMs = 10_000 }: { readonly waitMs?: number } = {},
): Promise<"same" | "written"> {
  return replaceText(root, (text) => formatLock(change(readLock(text))), waitMs);
}

/** Writes a lock file over whatever is there: a text that a merge has left unreadable. */
export function writeLockFile(root: string, lock: Lock): Promise<"same" | "written"> {
  return replaceText(root, () => formatLock(lock), 10_000);
}

async function replaceText(
  root: string,
  change: (before: string | undefined) => string,
  waitMs: number,
): Promise<"same" | "written"> {
  const path = join(root, lockPath);
  const pending = join(root, pendingPath);
  const handle = await openAlone(pending, waitMs);
  let isReplaced = false;
  try {
    const before = await readIfThere(path);
    const after = change(before);
    if (before !== undefined && withLineFeeds(before) === after) return "same";
    await handle.writeFile(after);
    await handle.sync();
    await handle.close();
    await rename(pending, path);
    isReplaced = true;
    return "written";
  } finally {
    // Twice is once.
    await handle.close();
    // After the renaming the name is free, and may be another run's already.
    if (!isReplaced) await rm(pending, { force: true });
  }
}

async function openAlone(path: string, waitMs: number): Promise<FileHandle> {
  for (const until = Date.now() + waitMs; ; await delay(pollMs)) {
    try {
      return await open(path, "wx");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (Date.now() > until)
        throw new KeryxError("generate_failed", `Another run is writing ${lockPath}: ${path} is there.`, {
          cause: error,
          help: `Try again when it has ended. If none is running, one was killed: delete ${pendingPath}.`,
        });
    }
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function readLock(text: string | undefined): Lock {
  if (text === undefined) return emptyLock;
  const { lock, diagnostics } = parseLock(text, lockPath);
  const [problem] = diagnostics;
  if (problem === undefined) return lock;
  const { line, column, message, help } = problem;
  throw new KeryxError("generate_failed", `${lockPath}:${line}:${column} ${message}`, { help });
}
