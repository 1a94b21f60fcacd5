import { dirname, resolve } from "node:path";
import { parseSchema, type SchemaImport } from "../../../src/compatibility/parse.ts";
import type { ParsedSchema } from "../../../src/compatibility/parsed.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { type FoundFile, type ImportFolder, openImportFolder, readSchemaText } from "./folders.ts";
import type { SchemaType } from "./settings.ts";

/** A schema file with everything that it imports. */
export interface CompatFile {
  /** As it was written on the command line. */
  readonly file: string;
  readonly text: string;
  readonly schema: ParsedSchema;
}

export interface CompatFileOptions {
  readonly cwd: string;
  /** Absent: the file's name tells. */
  readonly type?: SchemaType;
  /** Where imports are looked for after the schema's own folder. */
  readonly folders: readonly ImportFolder[];
  /** An old version, which a registry took already. */
  readonly isReleased: boolean;
}

/**
 * Reads a schema and all that it imports. Protobuf imports are paths below a folder; a full name `a.b.C` of Avro is
 * looked for as `a/b/C.avsc`, `a.b.C.avsc` and `C.avsc`.
 * @throws KeryxError `usage` when its name does not tell the type, `schema_invalid` with `details` { file, line, column }
 */
export function readCompatFile(file: string, options: CompatFileOptions): CompatFile {
  const { cwd, isReleased } = options;
  const type = options.type ?? typeOf(file);
  const text = readSchemaText(resolve(cwd, file), file);
  const folders = [openImportFolder(cwd, dirname(file), "The folder of the schema"), ...options.folders];
  const found = new Map<string, FoundFile>();
  const find = (name: string): SchemaImport | undefined => {
    const one = findIn(folders, pathsOf(type, name));
    if (one === undefined) return undefined;
    found.set(name, one);
    return { name, text: one.text };
  };
  try {
    return { file, text, schema: parseSchema({ type, text }, { find, isReleased }) };
  } catch (error) {
    throw error instanceof KeryxError ? placed(error, { file, found, folders }) : error;
  }
}

function typeOf(file: string): SchemaType {
  if (file.endsWith(".proto")) return "PROTOBUF";
  if (file.endsWith(".avsc")) return "AVRO";
  throw new KeryxError("usage", `The name of ${JSON.stringify(file)} does not tell its type.`, {
    help: "Names end in .proto or .avsc; for others say `--type AVRO` or `--type PROTOBUF`.",
  });
}

function pathsOf(type: SchemaType, name: string): readonly string[] {
  if (type === "PROTOBUF") return [name];
  const simple = name.slice(name.lastIndexOf(".") + 1);
  return [`${name.replaceAll(".", "/")}.avsc`, `${name}.avsc`, `${simple}.avsc`];
}

function findIn(folders: readonly ImportFolder[], paths: readonly string[]): FoundFile | undefined {
  for (const folder of folders)
    for (const path of paths) {
      const found = folder.find(path);
      if (found !== undefined) return found;
    }
  return undefined;
}

interface Reading {
  readonly file: string;
  readonly found: ReadonlyMap<string, FoundFile>;
  readonly folders: readonly ImportFolder[];
}

/** The same refusal with the file's own path, and for an import that is not there, where it was looked for. */
function placed(error: KeryxError, { file, found, folders }: Reading): KeryxError {
  if (error.code !== "schema_invalid") return error;
  const { details } = error;
  const name = details["file"];
  const path = typeof name === "string" ? (found.get(name)?.file ?? name) : file;
  const isMissing = typeof details["missing"] === "string";
  const where = folders.map((folder) => folder.name).join(", ");
  const said = String(details["message"] ?? error.message);
  const message = isMissing ? `${said} Looked in: ${where}.` : said;
  const { line, column } = details;
  // What could not be read has no line.
  const place = line === undefined ? path : `${path}:${String(line)}:${String(column)}`;
  return new KeryxError("schema_invalid", `${place}: ${message}`, {
    cause: error.cause,
    details: { ...details, file: path, message },
    ...(isMissing ? { help: "Name the folder that import paths start in with `--import <folder>`." } : {}),
  });
}
