import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lint } from "./check/lint.ts";
import { type Diagnostic, isClean } from "./diagnostics.ts";
import { checkProject, type EmitRequest, writeProject } from "./emit/emit.ts";
import type { Difference, SyncResult } from "./emit/sync.ts";
import { loadSources } from "./load/load.ts";
import { loadLock, lockPath } from "./load/lock.ts";
import { withLineFeeds } from "./load/options.ts";
import { changeLockFile } from "./lock-file.ts";
import { type BuiltModel, buildModel as joinModel } from "./model/build.ts";
import type { LoadedSchemas } from "./model/loaded.ts";
import { formatLock, type Lock, updateLock } from "./model/lock.ts";
import type { ProjectModel } from "./model/model.ts";
import { sortDiagnostics } from "./model/order.ts";
import type { CheckedModel, Project, Target } from "./project.ts";
import { originOf } from "./unchanged.ts";

export type { ModelSettings } from "./model/policy.ts";
export type { CheckedModel, Project, Target } from "./project.ts";

export interface Loaded {
  readonly schemas: LoadedSchemas;
  /** Text of every schema file with line feeds, by its path below the schema root. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly lock: Lock;
  readonly diagnostics: readonly Diagnostic[];
}

/** Step 1: reads schemas and lock file. */
export async function loadSchemas(project: Project): Promise<Loaded> {
  const [{ schemas, inputs, diagnostics }, lock] = await Promise.all([
    loadSources(join(project.root, project.schemas), project.root),
    loadLock(project.root),
  ]);
  return {
    schemas,
    inputs,
    lock: lock.lock,
    diagnostics: sortDiagnostics([...diagnostics, ...lock.diagnostics]),
  };
}

/** Step 2: fills in policy, paths, subjects and names. */
export function buildModel(project: Project, loaded: Loaded): BuiltModel {
  return joinModel(loaded.schemas, project.settings, loaded.lock);
}

/** Step 3: looks at the finished model. */
export function check(model: ProjectModel): readonly Diagnostic[] {
  return lint(model);
}

/** Steps 1 to 3. After an error a later step does not run: it would only repeat the trouble in other words. */
export async function loadModel(project: Project): Promise<CheckedModel> {
  const loaded = await loadSchemas(project);
  const { lock, inputs } = loaded;
  if (!isClean(loaded.diagnostics))
    return {
      model: { events: [], topics: [], avroTypes: [] },
      lock,
      inputs,
      diagnostics: loaded.diagnostics,
    };
  const built = buildModel(project, loaded);
  const found = [...loaded.diagnostics, ...built.diagnostics];
  const diagnostics = isClean(found) ? [...found, ...check(built.model)] : found;
  return { model: built.model, lock, inputs, diagnostics: sortDiagnostics(diagnostics) };
}

export interface Emitted extends SyncResult {
  readonly lock: "same" | "written";
}

/** Step 4: makes output folder and lock file match the model. */
export async function emit(project: Project, checked: CheckedModel, target: Target): Promise<Emitted> {
  const { text, state } = await compareLock(project, checked);
  const result = await writeProject(await toRequest(project, checked, target, text));
  if (state === "same") return { ...result, lock: "same" };
  // On top of the file as it is now: another run may have released something since it was read.
  await changeLockFile(project.root, (lock) => updateLock(lock, checked.model));
  return { ...result, lock: "written" };
}

/** What step 4 would change; paths are relative to the project's root. Writes nothing. */
export async function compare(
  project: Project,
  checked: CheckedModel,
  target: Target,
): Promise<readonly Difference[]> {
  const { text, state } = await compareLock(project, checked);
  const differences = await checkProject(await toRequest(project, checked, target, text));
  return [
    ...differences.map(({ kind, path }) => ({ kind, path: `${target.out}/${path}` })),
    ...(state === "same" ? [] : [{ kind: state, path: lockPath }]),
  ];
}

async function toRequest(
  project: Project,
  checked: CheckedModel,
  target: Target,
  lock: string,
): Promise<EmitRequest> {
  const { model, inputs } = checked;
  return {
    model,
    projectRoot: project.root,
    outputRoot: join(project.root, target.out),
    generator: target.generator,
    origin: await originOf(project, checked, lock),
    inputs,
    printMessages: target.printMessages,
    reprint: target.reprint,
  };
}

/** The lock file as it should be, and how the one that is there differs. */
async function compareLock(
  project: Project,
  { lock, model }: CheckedModel,
): Promise<{ readonly text: string; readonly state: "same" | "missing" | "changed" }> {
  const text = formatLock(updateLock(lock, model));
  const found = await readFile(join(project.root, lockPath), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) return { text, state: "missing" };
  return { text, state: withLineFeeds(found) === text ? "same" : "changed" };
}
