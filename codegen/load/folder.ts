import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { KeryxError } from "../../src/core/errors.ts";

/** A folder that is gone when the work in it is done. */
export async function inTemporaryFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "keryx-"));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes files below a folder. @throws KeryxError `baseline_unavailable` for a path that leads elsewhere */
export async function writeFiles(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<void> {
  for (const [path, content] of files) {
    if (!isInside(path))
      throw new KeryxError(
        "baseline_unavailable",
        `${JSON.stringify(path)} is no path of a file in the project.`,
      );
    const target = join(folder, ...path.split("/"));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

/** A tree of git can be made to hold any name. */
function isInside(path: string): boolean {
  return path.split("/").every((part) => part !== "" && !/^(\.|\.\.|\.git)$|[\\\0:]/i.test(part));
}
