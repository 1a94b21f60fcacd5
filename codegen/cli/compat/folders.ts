import { readFileSync, realpathSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { KeryxError } from "../../../src/core/errors.ts";
import { limitFault, schemaLimits } from "../../../src/schema/limits.ts";

/** A schema text as it lies on the disk. */
export interface FoundFile {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
}

/** A folder that imports are looked for in. */
export interface ImportFolder {
  /** As it was written on the command line. */
  readonly name: string;
  /**
   * The file at a path below the folder. Paths come out of schemas, so nothing outside of the folder is ever read: no
   * absolute path, no `..`, no backslash, no colon, and no symbolic link that leads out of it.
   * @throws KeryxError `schema_invalid` when the file is there and too large or no text
   */
  find(path: string): FoundFile | undefined;
}

/** @throws KeryxError `usage` when it is not a folder */
export function openImportFolder(cwd: string, name: string, flag: string): ImportFolder {
  const folder = resolve(cwd, name);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new KeryxError("usage", `${flag} ${JSON.stringify(name)} is not a folder.`, {
      help: "Name an existing folder.",
    });
  const root = realpathSync(folder);
  const inside = root.endsWith(sep) ? root : `${root}${sep}`;
  return {
    name,
    find(path) {
      if (!isPlainPath(path)) return undefined;
      let real: string;
      try {
        real = realpathSync(join(root, ...path.split("/")));
      } catch {
        return undefined;
      }
      if (!real.startsWith(inside) || !statSync(real).isFile()) return undefined;
      const file = join(name, path);
      return { file, text: readSchemaText(real, file) };
    },
  };
}

const maxPathLength = 1_000;

function isPlainPath(path: string): boolean {
  if (path.length > maxPathLength || /[\\:\p{Cc}]/u.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** @throws KeryxError `schema_invalid` when it cannot be read, is too large or is no text */
export function readSchemaText(path: string, file: string): string {
  const refuse = (message: string, help: string, details: object = {}): KeryxError =>
    new KeryxError("schema_invalid", `${file}: ${message}`, { help, details: { ...details, file, message } });
  const missing = "Check that the file exists and may be read.";
  let bytes: Buffer;
  try {
    const found = statSync(path);
    if (!found.isFile()) throw refuse("This is not a file.", missing);
    // Looked at before reading: a file of any size must not be held in memory to be refused.
    if (found.size > schemaLimits.textBytes)
      throw refuse(
        `The text is larger than ${schemaLimits.textBytes} bytes.`,
        "Split the schema into several files.",
        limitFault,
      );
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof KeryxError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw refuse(`The file cannot be read (${code}).`, missing);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse("The file is not UTF-8 text.", "Save it as UTF-8; a descriptor has to be in base64.");
  }
}
