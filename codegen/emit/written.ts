import type { ImportExtension } from "./file-scope.ts";
import { detectImportExtension } from "./import-extension.ts";
import { hashText } from "./manifest.ts";
import { findPlugin } from "./protobuf/plugin.ts";
import { isIntact, type OutputFolder } from "./sync.ts";

/** Where a run writes, and what it read. */
export interface Origin {
  /** Absolute path of the project. */
  readonly projectRoot: string;
  /** Absolute path of the output folder. */
  readonly outputRoot: string;
  /** Name and version of the generator. */
  readonly generator: string;
  /** Hash of everything that the run read; empty when it does not tell whether something changed. */
  readonly origin: string;
}

/** True when a run with this origin wrote the output folder and nobody touched it since. */
export function isWritten(request: Origin, folder: OutputFolder): boolean {
  const { generator, origin } = folder.manifest;
  if (origin === "" || generator !== request.generator) return false;
  if (origin !== sealOf(request, detectImportExtension(request.outputRoot))) return false;
  return isIntact(folder);
}

/** The origin with what this folder adds to it: the import extension and the version of protoc-gen-es. */
export function sealOf(request: Pick<Origin, "projectRoot" | "origin">, extension: ImportExtension): string {
  if (request.origin === "") return "";
  return hashText(
    JSON.stringify([request.origin, extension, findPlugin(request.projectRoot)?.version ?? null]),
  );
}
