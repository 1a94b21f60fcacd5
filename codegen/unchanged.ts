import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hashText } from "./emit/manifest.ts";
import { readOutputFolder } from "./emit/sync.ts";
import { isWritten } from "./emit/written.ts";
import { inputsOf } from "./load/inputs.ts";
import { lockPath } from "./load/lock.ts";
import { readSources } from "./load/sources.ts";
import type { CheckedModel, Project, Target } from "./project.ts";

/** What decides buf's result beside the schemas: which files belong to the module, and what they may import. */
const bufFiles = ["buf.yaml", "buf.lock", "buf.work.yaml"];

/**
 * True when nothing that the output depends on has changed since the run that wrote it, and the output and lock file
 * are as that run left them. Neither the compiler nor the printer is started. False only says that it must be looked at.
 */
export async function isUnchanged(project: Project, target: Target): Promise<boolean> {
  const outputRoot = join(project.root, target.out);
  const folder = readOutputFolder(outputRoot);
  if (folder.manifest.origin === "") return false;
  const lock = await readIfThere(join(project.root, lockPath));
  const { tree, diagnostics } = await readSources(join(project.root, project.schemas));
  if (diagnostics.length > 0 || lock === undefined) return false;
  const origin = await hashOrigin(project, inputsOf(tree), lock);
  return isWritten({ projectRoot: project.root, outputRoot, generator: target.generator, origin }, folder);
}

/**
 * Hash of everything that a run reads, but for the generator itself, which the manifest names. Empty when a later run
 * could not tell from it that nothing changed: findings must be shown again, and imports may lie outside the project.
 */
export async function originOf(project: Project, checked: CheckedModel, lock: string): Promise<string> {
  const isKnown = (path: string): boolean => checked.inputs.has(path) || path.startsWith("google/protobuf/");
  const imports = (checked.model.protobuf?.files ?? []).flatMap((file) => file.proto.dependency);
  if (checked.diagnostics.length > 0 || !imports.every(isKnown)) return "";
  return hashOrigin(project, checked.inputs, lock);
}

async function hashOrigin(
  { root, schemas, settings }: Project,
  inputs: ReadonlyMap<string, string>,
  lock: string,
): Promise<string> {
  const places = bufFiles.flatMap((name) => [join(root, name), join(root, schemas, name)]);
  const texts = [lock, ...(await Promise.all(places.map(readIfThere)))];
  const hashes = texts.map((text) => (text === undefined ? null : hashText(text)));
  const sources = [...inputs].map(([path, text]) => [path, hashText(text)] as const);
  return hashText(JSON.stringify([schemas, settings, hashes, sources]));
}

// Line ends aside: a checkout on another system is no change.
async function readIfThere(path: string): Promise<string | undefined> {
  const reading = readFile(path, "utf8").then((text) => text.replaceAll("\r\n", "\n"));
  return reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
