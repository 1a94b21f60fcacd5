import { randomUUID } from "node:crypto";
import {
  type Dirent,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
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

// Nothing below waits for the disk: for files as small as these the waits cost several times what the work does.

/** Reads the output folder; symbolic links are not followed. */
export function readOutputFolder(root: string): OutputFolder {
  const files = new Map<string, string>();
  const foreign = new Set<string>();
  const mayBeOurs = (path: string): boolean => path.endsWith(".ts") || path === manifestPath;
  for (const path of listFiles(root, "").sort(compare)) {
    const text = mayBeOurs(path) ? readText(join(root, path)) : undefined;
    if (text !== undefined && (text.startsWith(header) || path === manifestPath)) files.set(path, text);
    else foreign.add(path);
  }
  return { root, files, foreign, manifest: parseManifest(files.get(manifestPath) ?? "") };
}

function listFiles(root: string, folder: string): string[] {
  return readFolder(join(root, folder)).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.name === "node_modules") return [];
    return entry.isDirectory() ? listFiles(root, path) : [path];
  });
}

function readFolder(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function readText(path: string): string | undefined {
  return lstatSync(path).isFile() ? readFileSync(path, "utf8") : undefined;
}

/** What `--check` reports. Writes nothing. */
export function compareOutput(
  folder: OutputFolder,
  outputs: readonly OutputFile[],
  manifest: Manifest,
): readonly Difference[] {
  // Only spares a run its work: a version that was released since changes it, and nothing that is generated.
  const { origin } = folder.manifest;
  const wanted = [...outputs, printManifest({ ...manifest, origin })];
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
export function writeOutput(
  folder: OutputFolder,
  outputs: readonly OutputFile[],
  manifest: Manifest,
): SyncResult {
  const wanted = new Map([...outputs, printManifest(manifest)].map(({ path, text }) => [path, text]));
  checkPaths(folder, [...wanted.keys()]);
  const changed = [...wanted].filter(([path, text]) => !sameText(folder.files.get(path) ?? "", text));
  checkLinks(
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
    writeFileWhole(folder.root, path, text);
  for (const path of deleted) deleteFile(folder.root, path);
  const text = changed.find(([path]) => path === manifestPath)?.[1];
  if (text !== undefined) writeFileWhole(folder.root, manifestPath, text);
  sweep(folder);
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
function checkLinks(root: string, paths: readonly string[]): void {
  const places = new Set([root]);
  for (const path of paths)
    for (let place = path; place !== "."; place = dirname(place)) places.add(join(root, place));
  for (const place of places)
    if (lookAt(place)?.isSymbolicLink() === true)
      throw refusal(`${place} is a symbolic link: output is not written through links.`);
}

/** Undefined for what is not there, or below something that is no folder: writing will say so. */
function lookAt(place: string): Stats | undefined {
  try {
    return lstatSync(place, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function refusal(message: string): KeryxError {
  return new KeryxError("generate_failed", message);
}

/** Nobody ever sees half a file: it is written beside its place and renamed. */
export function writeFileWhole(root: string, path: string, text: string): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.keryx-${randomUUID()}.tmp`);
  try {
    writeFileSync(temporary, text, { flag: "wx" });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

const temporaryName = /(?:^|\/)\.keryx-[\da-f-]{36}\.tmp$/;
/** Longer than any run writes one file: a younger one may belong to a run beside this one. */
const abandonedMs = 3_600_000;

/** Takes away what runs left that were killed while they wrote. */
function sweep({ root, foreign }: OutputFolder): void {
  for (const path of foreign) {
    if (!temporaryName.test(path)) continue;
    const stats = lookAt(join(root, path));
    if (stats?.isFile() && Date.now() - stats.mtimeMs > abandonedMs) deleteFile(root, path);
  }
}

function deleteFile(root: string, path: string): void {
  checkLinks(root, [dirname(path)]);
  rmSync(join(root, path), { force: true });
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder))
    try {
      rmdirSync(join(root, folder));
    } catch {
      // Something else lies in it.
      return;
    }
}
