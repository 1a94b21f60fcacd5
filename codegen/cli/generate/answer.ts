import { showJson, showText } from "../../diagnostics-print.ts";
import type { Io } from "../command.ts";

/** What happened to a file, or under `--check` what is wrong with it. */
export interface Entry {
  readonly kind: "written" | "deleted" | "missing" | "changed" | "orphan";
  /** Relative to the project's root. */
  readonly path: string;
}

/** What is said where nothing is to be done. */
export const upToDate = {
  check: "Generated files and lock file are up to date.\n",
  write: "Everything is up to date.\n",
} as const;

/** Tells what became of the files. */
export function tell(entries: readonly Entry[], io: Io, json: boolean | undefined, ok: boolean): void {
  if (json) io.out(`${showJson({ ok, files: entries })}\n`);
  else io.out(entries.map(({ kind, path }) => `${kind} ${showText(path)}\n`).join(""));
}
