import { existsSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { KeryxError } from "../../src/core/errors.ts";
import type { CommandOptions, Io } from "./command.ts";

/** A folder of the project as a relative path with `/`; outside the project it is refused. */
export function insideProject(root: string, folder: string, flag: string): string {
  const path = relative(root, resolve(root, folder));
  if (path === "" || path.startsWith("..") || isAbsolute(path))
    throw new KeryxError(
      "usage",
      `${flag} ${JSON.stringify(folder)} is not a folder inside the project ${root}.`,
      {
        help: "Name a folder below the project's root, or set another root with `--project`.",
      },
    );
  return path.replaceAll("\\", "/");
}

/** `--project`, else the nearest folder upwards with a keryx.yaml, else the working directory. */
export function findRoot(options: CommandOptions, io: Io): string {
  if (options.project !== undefined) {
    const root = resolve(io.cwd, options.project);
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory())
      throw new KeryxError("usage", `--project ${JSON.stringify(options.project)} is not a folder.`, {
        help: "Name an existing folder, or start a project there with `keryx init --project <folder>`.",
      });
    return root;
  }
  for (let folder = io.cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "keryx.yaml"))) return folder;
    if (folder === dirname(folder)) return io.cwd;
  }
}
