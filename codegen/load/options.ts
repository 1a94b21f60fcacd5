import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { KeryxError } from "../../src/core/errors.ts";
import { type Diagnostic, report } from "../diagnostics.ts";
import type { SchemaSource } from "./sources.ts";

/** Where the options lie below a schema root, and what imports name. */
export const optionsPath = "keryx/v1/options.proto";
/** Extension number of our options on messages and on fields. */
export const optionNumber = 51771;
/** Of `confluent.field_meta`. */
export const confluentNumber = 1088;

export const eventExtension = "keryx.v1.event";
export const fieldExtension = "keryx.v1.field";

/** The copy of the options file that this version of Keryx ships; `keryx init` writes it into a project. */
export function packagedOptions(): string {
  const relative = join("schemas", ...optionsPath.split("/"));
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, relative)) && existsSync(join(folder, "package.json")))
      return readFileSync(join(folder, relative), "utf8");
    if (folder === dirname(folder))
      throw new KeryxError("generate_failed", `The package lacks ${relative}.`, {
        help: "Reinstall it: `npm install keryx`.",
      });
  }
}

/** The project's copy must be ours, whatever its line ends: another one may number the options differently. */
export function checkOptionsFile(sources: readonly SchemaSource[]): readonly Diagnostic[] {
  const copy = sources.find((source) => source.path === optionsPath);
  if (copy === undefined || withLineFeeds(copy.text) === withLineFeeds(packagedOptions())) return [];
  return [
    report(
      "options-file",
      { file: optionsPath, line: 1, column: 1 },
      `${optionsPath} is not the copy that this version of Keryx ships.`,
    ),
  ];
}

export function missingOptions(file: string, line: number, column: number): Diagnostic {
  return report(
    "options-file",
    { file, line, column },
    `${optionsPath} is imported and not there.`,
    "Run `keryx init`, which writes the file.",
  );
}

/** Texts are compared, hashed and registered with line feeds, so that a checkout's line ends change nothing. */
export function withLineFeeds(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
