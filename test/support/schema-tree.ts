import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "mocha";
import { type LoadResult, loadSources } from "../../codegen/load/load.ts";
import { packagedOptions } from "../../codegen/load/options.ts";
import { type BuiltModel, buildModel } from "../../codegen/model/build.ts";
import { emptyLock, type Lock } from "../../codegen/model/lock.ts";
import type { ModelSettings } from "../../codegen/model/policy.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

const roots: string[] = [];
after(async () => {
  for (const root of roots.splice(0)) await rm(root, { recursive: true, force: true });
});

/** Writes schema files into a folder of their own, which goes when the run ends. */
export async function writeTree(files: Files): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "keryx-tree-"));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

/** Loads schema files; our options file is among them unless it is given. */
export async function loadTree(files: Files): Promise<LoadResult> {
  const root = await writeTree({ "keryx/v1/options.proto": packagedOptions(), ...files });
  return loadSources(root, root);
}

/** Loads schema files and builds their model, with the findings of both steps. */
export async function buildTree(
  files: Files,
  settings: ModelSettings = {},
  lock: Lock = emptyLock,
): Promise<BuiltModel> {
  const { schemas, diagnostics } = await loadTree(files);
  const built = buildModel(schemas, settings, lock);
  return { model: built.model, diagnostics: [...diagnostics, ...built.diagnostics] };
}

/** Findings as `rule file:line:column`, which is what most tests look at. */
export function placesOf(
  diagnostics: readonly {
    readonly rule: string;
    readonly file: string;
    readonly line: number;
    readonly column: number;
  }[],
): readonly string[] {
  return diagnostics.map(({ rule, file, line, column }) => `${rule} ${file}:${line}:${column}`);
}

/** Time that this process computed, milliseconds: bounds on it hold on a busy machine too. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
