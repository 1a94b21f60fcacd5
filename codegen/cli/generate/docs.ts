import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { KeryxError } from "../../../src/core/errors.ts";
import { asyncApi } from "../../emit/docs/asyncapi.ts";
import { eventsPage } from "../../emit/docs/events-page.ts";
import type { OutputFile } from "../../emit/output.ts";
import type { ProjectModel } from "../../model/model.ts";

/** Every page says so, and only what says so is written over. */
const mark = "Written by `keryx generate --docs`";
const notice = `${mark}; do not edit.`;

/** What `--docs` adds to the generated code. Paths are relative to the project's root. */
export function planDocs(model: ProjectModel): readonly OutputFile[] {
  // Without a limit on lines, and aliases for what is alike: the same bytes for the same schemas.
  const yaml = stringify(asyncApi(model), { lineWidth: 0, aliasDuplicateObjects: false });
  return [
    { path: "docs/reference/asyncapi.yaml", text: `# ${notice}\n${yaml}` },
    { path: "docs/reference/events.md", text: eventsPage(model, notice) },
  ];
}

/** Pages that are missing or other than they should be. Writes nothing. */
export async function compareDocs(
  root: string,
  pages: readonly OutputFile[],
): Promise<readonly { readonly kind: "missing" | "changed"; readonly path: string }[]> {
  const found = await Promise.all(
    pages.map(async ({ path, text }) => {
      const there = await readIfThere(join(root, path));
      if (there === undefined) return [{ kind: "missing", path } as const];
      return there.replaceAll("\r\n", "\n") === text ? [] : [{ kind: "changed", path } as const];
    }),
  );
  return found.flat();
}

/** Writes the pages that differ, whole; their paths. @throws KeryxError where somebody's own page stands in the way */
export async function writeDocs(root: string, pages: readonly OutputFile[]): Promise<readonly string[]> {
  const differing = new Set((await compareDocs(root, pages)).map(({ path }) => path));
  for (const { path, text } of pages) {
    if (!differing.has(path)) continue;
    const file = join(root, path);
    const there = await readIfThere(file);
    if (there !== undefined && !there.includes(mark))
      throw new KeryxError("generate_failed", `${path} was not written by Keryx; it stays.`, {
        help: "Move the file, or generate without `--docs`.",
      });
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.pending`, text);
    await rename(`${file}.pending`, file);
  }
  return [...differing];
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
