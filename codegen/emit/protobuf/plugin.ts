import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { KeryxError } from "../../../src/core/errors.ts";
import type { ImportExtension } from "../file-scope.ts";

/** An installed protoc-gen-es. */
export interface Plugin {
  readonly path: string;
  readonly version: string;
}

/** Finds protoc-gen-es from here or from the project; undefined when it is not installed. */
export function findPlugin(projectRoot: string): Plugin | undefined {
  for (const base of [import.meta.url, join(projectRoot, "package.json")])
    try {
      const require = createRequire(base);
      const path = require.resolve("@bufbuild/protoc-gen-es/package.json");
      const { version } = require(path) as { readonly version: string };
      return { path: join(dirname(path), "bin", "protoc-gen-es"), version };
    } catch {
      // Not there: the project may have it.
    }
  return undefined;
}

/** @throws KeryxError `dependency_missing` with the command that installs it */
export function resolvePlugin(projectRoot: string): Plugin {
  const found = findPlugin(projectRoot);
  if (found !== undefined) return found;
  throw new KeryxError(
    "dependency_missing",
    "@bufbuild/protoc-gen-es is not installed; .proto files need it.",
    {
      help: "Run `npm install --save-dev @bufbuild/protoc-gen-es`.",
    },
  );
}

/** Options of the plugin; a change of them is a change of the output. */
export function pluginOptions(extension: ImportExtension): readonly string[] {
  return ["target=ts", `import_extension=${extension}`, "erasable_syntax=true"];
}
