import { randomUUID } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KeryxError } from "../../src/core/errors.ts";
import { isDeviceName } from "../model/names.ts";
import { compare } from "../model/order.ts";
import { hashText, type Manifest, manifestPath, parseManifest, printManifest } from "./manifest.ts";
import { header, type OutputFile } from "./output.ts";

/** What differs between the output folder and what the schemas give. */
export interface Difference {
  readonly kind: "missing" | "changed" | "orphan";
  /** Relative to the output folder. */
  readonly path: string;
}

export interface SyncResult {
  readonly written: readonly string[];
  readonly deleted: readonly string[];
  /** Written over although somebody had edited them. */
  readonly overwritten: readonly string[];
  /** Generated once, in no manifest now: named, and left alone. */
  readonly left: readonly string[];
}

/** The output folder as it is: our own files only. */
export interface OutputFolder {
  readonly root: string;
  readonly manifest: Manifest;
  /** Text of every file that bears our header, and of the manifest. */
  readonly files: ReadonlyMap<string, string>;
  /** Every other file. */
  readonly foreign: ReadonlySet<string>;
}

/** Reads the output folder; symbolic links are not followed. */
export async function readOutputFolder(root: string): Promise<OutputFolder> {
  const files = new Map<string, string>();
  const foreign = new Set<string>();
  const paths = await listFiles(root, "");
  const mayBeOurs = (path: string): boolean => path.endsWith(".ts") || path === manifestPath;
  const texts = await Promise.all(
    paths.map((path) => (mayBeOurs(path) ? readText(join(root, path)) : undefined)),
  );
  for (const [index, path] of paths.entries()) {
    const text = texts[index];
    if (text !== undefined && (text.startsWith(header) || path === manifestPath)) files.set(path, text);
    else foreign.add(path);
  }
  return { root, files, foreign, manifest: parseManifest(files.get(manifestPath) ?? "") };
}

async function listFiles(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    },
  );
  const lists = entries.map((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.name === "node_modules") return [];
    return entry.isDirectory() ? listFiles(root, path) : [path];
  });
  return (await Promise.all(lists)).flat().sort(compare);
}

async function readText(path: string): Promise<string | undefined> {
  return (await lstat(path)).isFile() ? readFile(path, "utf8") : undefined;
}

/** What `--check` reports. Writes nothing. */
export function compareOutput(
  folder: OutputFolder,
  outputs: readonly OutputFile[],
  manifest: Manifest,
): readonly Difference[] {
  const wanted = [...outputs, printManifest(manifest)];
  const paths = new Set(wanted.map(({ path }) => path));
  const differences = wanted.flatMap(({ path, text }): Difference[] => {
    const there = folder.files.get(path);
    if (there === undefined) return [{ kind: folder.foreign.has(path) ? "changed" : "missing", path }];
    return sameText(there, text) ? [] : [{ kind: "changed", path }];
  });
  const orphans = [...folder.files.keys()].filter((path) => !paths.has(path));
  return [...differences, ...orphans.map((path): Difference => ({ kind: "orphan", path }))].sort(
    (left, right) => compare(left.path, right.path),
  );
}

/** True when the folder holds exactly the files of its manifest, each as it was written. */
export function isIntact({ files, manifest }: OutputFolder): boolean {
  const text = files.get(manifestPath);
  if (text === undefined || !sameText(text, printManifest(manifest).text)) return false;
  const isWritten = ([path, { hash }]: readonly [string, { readonly hash: string }]): boolean => {
    const there = files.get(path);
    return there !== undefined && hashText(there) === hash;
  };
  return files.size === manifest.files.size + 1 && [...manifest.files].every(isWritten);
}

function sameText(left: string, right: string): boolean {
  return left === right || left.replaceAll("\r\n", "\n") === right;
}

/** Makes the output folder what it should be: unchanged files stay untouched, stale ones of ours go. */
export async function writeOutput(
  folder: OutputFolder,
  outputs: readonly OutputFile[],
  manifest: Manifest,
): Promise<SyncResult> {
  const wanted = new Map([...outputs, printManifest(manifest)].map(({ path, text }) => [path, text]));
  checkPaths(folder, [...wanted.keys()]);
  const changed = [...wanted].filter(([path, text]) => !sameText(folder.files.get(path) ?? "", text));
  await checkLinks(
    folder.root,
    changed.map(([path]) => path),
  );
  const edited = ([path]: readonly [string, string]): boolean => {
    const there = folder.files.get(path);
    const listed = folder.manifest.files.get(path);
    return there !== undefined && listed !== undefined && hashText(there) !== listed.hash;
  };
  const overwritten = changed.filter(edited).map(([path]) => path);
  const stale = [...folder.files.keys()].filter((path) => !wanted.has(path));
  const deleted = stale.filter((path) => folder.manifest.files.has(path));
  // The manifest last: while it is missing or old, the next run does the work again.
  for (const [path, text] of changed.filter(([path]) => path !== manifestPath))
    await writeFileWhole(folder.root, path, text);
  for (const path of deleted) await deleteFile(folder.root, path);
  const text = changed.find(([path]) => path === manifestPath)?.[1];
  if (text !== undefined) await writeFileWhole(folder.root, manifestPath, text);
  await sweep(folder);
  const left = stale.filter((path) => !folder.manifest.files.has(path));
  return { written: changed.map(([path]) => path), deleted, overwritten, left };
}

const segment = /^[A-Za-z0-9_.$-]+$/;

/** Output stays inside its folder, on names that every system takes, and never replaces what is not ours. */
function checkPaths(folder: OutputFolder, paths: readonly string[]): void {
  const folded = new Map<string, string>();
  for (const path of paths) {
    const parts = path.split("/");
    if (parts.some((part) => part === "." || part === ".." || isDeviceName(part) || !segment.test(part)))
      throw refusal(`The output path ${JSON.stringify(path)} is not a plain path below the output folder.`);
    const twin = folded.get(path.toLowerCase());
    if (twin !== undefined)
      throw refusal(`The output paths ${twin} and ${path} differ in case only: one file on many systems.`);
    folded.set(path.toLowerCase(), path);
    if (folder.foreign.has(path))
      throw refusal(
        `${path} in the output folder was not generated, so it is not written over: move it away.`,
      );
  }
}

/** Neither the files nor the folders that lead to them may be links. */
async function checkLinks(root: string, paths: readonly string[]): Promise<void> {
  const places = new Set([root]);
  for (const path of paths)
    for (let place = path; place !== "."; place = dirname(place)) places.add(join(root, place));
  const isLink = async (place: string): Promise<boolean> =>
    (await lstat(place).catch(() => undefined))?.isSymbolicLink() === true;
  const all = [...places];
  const links = await Promise.all(all.map(isLink));
  const link = all.find((_, index) => links[index]);
  if (link !== undefined) throw refusal(`${link} is a symbolic link: output is not written through links.`);
}

function refusal(message: string): KeryxError {
  return new KeryxError("generate_failed", message);
}

/** Nobody ever sees half a file: it is written beside its place and renamed. */
export async function writeFileWhole(root: string, path: string, text: string): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.keryx-${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, text, { flag: "wx" });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const temporaryName = /(?:^|\/)\.keryx-[\da-f-]{36}\.tmp$/;
/** Longer than any run writes one file: a younger one may belong to a run beside this one. */
const abandonedMs = 3_600_000;

/** Takes away what runs left that were killed while they wrote. */
async function sweep({ root, foreign }: OutputFolder): Promise<void> {
  for (const path of foreign) {
    if (!temporaryName.test(path)) continue;
    const stats = await lstat(join(root, path)).catch(() => undefined);
    if (stats?.isFile() && Date.now() - stats.mtimeMs > abandonedMs) await deleteFile(root, path);
  }
}

async function deleteFile(root: string, path: string): Promise<void> {
  await checkLinks(root, [dirname(path)]);
  await rm(join(root, path), { force: true });
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    const isEmpty = await rmdir(join(root, folder)).then(
      () => true,
      () => false,
    );
    if (!isEmpty) return;
  }
}
