import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { type Baseline, textsOf } from "../../check/baseline.ts";
import type { Finding } from "../../diagnostics-finding.ts";
import type { CheckedModel } from "../../index.ts";
import { inTemporaryFolder, writeFiles } from "../../load/folder.ts";
import { resolveBuf } from "../../load/proto/buf.ts";
import { type BufComplaint, compareWithBuf, lintWithBuf, writeImage } from "../../load/proto/buf-rules.ts";
import type { OpenProject } from "../load.ts";
import type { LoadedBaseline } from "./git.ts";

/** The team's configuration of buf, as far as it decides whether buf is asked. */
interface BufConfig {
  readonly file: string;
  readonly hasLint: boolean;
  readonly hasBreaking: boolean;
}

/**
 * What buf itself says by the team's own buf.yaml, under its own rule names. It changes neither of our verdicts.
 * Nothing is asked that the team has not configured.
 * @throws KeryxError `dependency_missing` without buf, `generate_failed` when it gives no answer
 */
export async function askBuf(
  project: OpenProject,
  checked: CheckedModel,
  loaded: LoadedBaseline,
): Promise<readonly Finding[]> {
  if (checked.model.protobuf === undefined) return [];
  const schemas = join(project.root, project.schemas);
  const config = await readConfig(schemas);
  if (config === undefined || !(config.hasLint || config.hasBreaking)) return [];
  const buf = resolveBuf(project.root);
  const [lint, breaking] = await Promise.all([
    config.hasLint ? lintWithBuf(buf, schemas, checked.inputs) : [],
    config.hasBreaking ? compare(buf, config.file, project, checked, loaded) : [],
  ]);
  const events = new Map(checked.model.events.map((event) => [event.at.file, event]));
  const toFinding = ({ rule, at, message }: BufComplaint, advice: string): Finding => {
    const event = at && events.get(at.file);
    return {
      ...{ rule: `buf:${rule}`, severity: "error", message, advice },
      ...(at === undefined
        ? { file: "buf.yaml", line: 1, column: 1 }
        : { ...at, file: `${project.prefix}${at.file}` }),
      ...(event === undefined ? {} : { event: event.name, subject: event.options.subject.value }),
    };
  };
  const { label } = loaded.baseline;
  return [
    ...lint.map((one) => toFinding(one, "Follow the rule, or leave it out in buf.yaml.")),
    ...breaking.map((one) => ({
      ...toFinding(one, "Undo the change, or leave the rule out in buf.yaml."),
      against: label,
    })),
  ];
}

async function compare(
  buf: string,
  config: string,
  project: OpenProject,
  checked: CheckedModel,
  { baseline, schemas: before }: LoadedBaseline,
): Promise<readonly BufComplaint[]> {
  const schemas = join(project.root, project.schemas);
  return inTemporaryFolder(async (folder) => {
    const image = join(folder, "image.binpb");
    if (before === undefined) {
      const files = filesOf(baseline, checked);
      if (files.size === 0) return [];
      await writeFiles(join(folder, "schemas"), files);
      // Modules that the schemas depend on are named there, and lie in buf's cache.
      await copyLock(dirname(config), join(folder, "schemas"));
      await writeImage(buf, join(folder, "schemas"), image);
    } else await writeImage(buf, before, image);
    return compareWithBuf(buf, schemas, image, checked.inputs);
  });
}

/** The newest released texts as files: each event's where it lies now, imports by their paths. */
function filesOf(baseline: Baseline, { model, inputs }: CheckedModel): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { format, options, at } of model.events) {
    const newest = baseline.histories.get(options.subject.value)?.at(-1);
    if (format !== "protobuf" || newest?.format !== "protobuf" || !/[;{]/.test(newest.schema)) continue;
    for (const [path, text] of textsOf(newest.references)) files.set(path, text);
    files.set(at.file, newest.schema);
  }
  // Imports that every registry knows are pinned by nobody; a copy of them may lie in the tree.
  for (const text of files.values())
    for (const [, path = ""] of text.matchAll(/^\s*import\s+(?:public\s+|weak\s+)?"([^"\n]+)"/gm)) {
      const own = inputs.get(path);
      if (own !== undefined && !files.has(path)) files.set(path, own);
    }
  return files;
}

async function copyLock(from: string, to: string): Promise<void> {
  for (const name of ["buf.yaml", "buf.lock"]) {
    const text = await readFile(join(from, name), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const config = name === "buf.yaml" ? dependenciesOf(text) : text;
    await writeFiles(to, new Map([[name, config]]));
  }
}

/** JSON is YAML. Only the dependencies: modules and rules name folders that are not there. */
function dependenciesOf(text: string): string {
  const { version, deps } = asObject(parse(text));
  return JSON.stringify({ version, ...(deps === undefined ? {} : { deps }) });
}

const maxConfigBytes = 1_048_576;

/** The nearest buf.yaml upwards from the schemas, as buf itself looks for it. */
async function readConfig(schemas: string): Promise<BufConfig | undefined> {
  for (let folder = schemas; ; folder = dirname(folder)) {
    const file = join(folder, "buf.yaml");
    if (existsSync(file)) return sectionsOf(file, await readFile(file, "utf8"));
    if (folder === dirname(folder)) return undefined;
  }
}

/** A section of the file itself, or of one of its modules. */
function sectionsOf(file: string, text: string): BufConfig {
  // What cannot be read is left to buf, which says what is wrong with it.
  const config = text.length > maxConfigBytes ? undefined : tryParse(text);
  if (config === undefined) return { file, hasLint: true, hasBreaking: true };
  const { modules } = config;
  const parts = [config, ...(Array.isArray(modules) ? modules.map(asObject) : [])];
  const has = (section: string): boolean => parts.some((part) => Object.hasOwn(part, section));
  return { file, hasLint: has("lint"), hasBreaking: has("breaking") };
}

function tryParse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
