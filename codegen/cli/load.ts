import type { KeryxConfig } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { type Diagnostic, isClean } from "../diagnostics.ts";
import { countDiagnostics, formatText } from "../diagnostics-print.ts";
import type { CheckedModel, Project } from "../project.ts";
import type { CommandOptions, Io } from "./command.ts";
import { findRoot, insideProject } from "./project.ts";

/** A project with its settings, before its schemas are read. */
export interface OpenProject extends Project {
  /** All settings. */
  readonly config: KeryxConfig;
  /** Folder of the generated code, relative to the root. */
  readonly out: string;
  /** What stands before a schema's path in messages. */
  readonly prefix: string;
  /** Where a setting of the policy stands, by its dotted path: file and line, or the variable's name. */
  placeOfSetting(path: string): string | undefined;
}

/** Finds the project and reads its settings. @throws KeryxError `config_invalid`, `usage` */
export function openProject(options: CommandOptions, io: Io): OpenProject {
  const root = findRoot(options, io);
  const config = loadConfig({ cwd: root, environment: io.env });
  const schemas = insideProject(root, options.schemas ?? config.schemas.dir ?? "schemas", "--schemas");
  const out = insideProject(root, options.out ?? config.schemas.out ?? "generated", "--out");
  const { defaults, folders, topics } = config;
  const places = [...config.sources].map(([key, { at }]) => [key.replaceAll("\u0000", "."), at] as const);
  return {
    config,
    root,
    schemas,
    out,
    prefix: `${schemas}/`,
    settings: { defaults, folders, topics },
    placeOfSetting: (path) => places.find(([key]) => key === path || key.startsWith(`${path}.`))?.[1],
  };
}

/** Shows findings that stand beside a command's own result, and how many there are. */
function noteFindings(diagnostics: readonly Diagnostic[], prefix: string, io: Io): void {
  if (diagnostics.length === 0) return;
  io.note(formatText(diagnostics, { prefix, color: io.color.note }));
  io.note(`${countDiagnostics(diagnostics)}\n`);
}

/** The model of a project without errors; undefined after showing what is wrong with it. */
export async function loadClean(project: OpenProject, io: Io): Promise<CheckedModel | undefined> {
  // Opening a project is all that many a run needs.
  const { loadModel } = await import("../index.ts");
  const checked = await loadModel(project);
  noteFindings(checked.diagnostics, project.prefix, io);
  return isClean(checked.diagnostics) ? checked : undefined;
}
