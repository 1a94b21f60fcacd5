import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { TextDecoder } from "node:util";
import { KeryxError } from "../../src/core/errors.ts";
import { type Diagnostic, report } from "../diagnostics.ts";
import { isDeviceName } from "../model/names.ts";
import { compare } from "../model/order.ts";

/** A schema file as it lies on the disk. */
export interface SchemaSource {
  /** Relative to the schema root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** All schema files under a root, sorted by path. */
export interface SchemaTree {
  /** Absolute, symbolic links resolved. */
  readonly root: string;
  readonly proto: readonly SchemaSource[];
  readonly avro: readonly SchemaSource[];
}

const maxTextBytes = 1_048_576;
const maxDepth = 32;

/**
 * Reads the schema files. Paths are checked here, before any compiler or plugin sees them: they end up in import
 * lines, file names and comments of generated code.
 * @throws KeryxError `generate_failed` when the folder cannot be read.
 */
export async function readSources(
  folder: string,
): Promise<{ readonly tree: SchemaTree; readonly diagnostics: readonly Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const root = await realpath(folder).catch((cause: unknown) => {
    throw new KeryxError("generate_failed", `The schema folder ${folder} cannot be read.`, {
      cause,
      help: "Create it with `keryx init`, or name another with `--schemas`.",
    });
  });
  // Without waiting: for files as small as these the waits cost several times what the reading does.
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const sources = listPaths(root, diagnostics).map((path) => readSource(root, path, decoder, diagnostics));
  const ending = (end: string): SchemaSource[] =>
    sources.filter((one) => one !== undefined).filter((one) => one.path.endsWith(end));
  return { tree: { root, proto: ending(".proto"), avro: ending(".avsc") }, diagnostics };
}

function listPaths(root: string, diagnostics: Diagnostic[]): readonly string[] {
  const found: string[] = [];
  const visit = (folder: string, depth: number): void => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => compare(a.name, b.name))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const problem = problemOf(entry, path, depth);
      if (problem !== undefined)
        diagnostics.push(report("path-unsafe", { file: printable(path), line: 1, column: 1 }, problem));
      else if (entry.isDirectory()) visit(path, depth + 1);
      else if (isSchema(entry.name)) found.push(path);
    }
  };
  visit("", 1);
  return found.sort(compare);
}

function isSchema(name: string): boolean {
  return name.endsWith(".proto") || name.endsWith(".avsc");
}

/** Other files may be called what they like; folders count because schemas lie in them. */
function problemOf(entry: Dirent, path: string, depth: number): string | undefined {
  const { name } = entry;
  if (name === ".git" || !(entry.isDirectory() || isSchema(name))) {
    return entry.isSymbolicLink() && name !== ".git"
      ? `${printable(path)} is a symbolic link; links are not followed.`
      : undefined;
  }
  if (entry.isSymbolicLink()) return `${printable(path)} is a symbolic link; links are not followed.`;
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name))
    return `The path ${JSON.stringify(printable(path))} holds a character that may not stand there.`;
  if (isDeviceName(name)) return `${JSON.stringify(name)} in ${path} is a device on some systems.`;
  if (depth > maxDepth) return `${path} lies more than ${maxDepth} folders deep.`;
  return undefined;
}

/** Makes control characters and line separators visible. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}

function readSource(
  root: string,
  path: string,
  decoder: TextDecoder,
  diagnostics: Diagnostic[],
): SchemaSource | undefined {
  const file = join(root, path);
  const at = { file: path, line: 1, column: 1 };
  if (statSync(file).size > maxTextBytes) {
    diagnostics.push(report("schema-limit", at, `${path} is larger than ${maxTextBytes} bytes.`));
    return undefined;
  }
  try {
    return { path, text: decoder.decode(readFileSync(file)) };
  } catch {
    diagnostics.push(report("schema-syntax", at, `${path} is not UTF-8 text.`));
    return undefined;
  }
}
