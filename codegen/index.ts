import { join } from "node:path";
import { lint } from "./check/lint.ts";
import { type Diagnostic, isClean } from "./diagnostics.ts";
import { loadSources } from "./load/load.ts";
import { loadLock } from "./load/lock.ts";
import { type BuiltModel, buildModel as joinModel } from "./model/build.ts";
import type { LoadedSchemas } from "./model/loaded.ts";
import type { Lock } from "./model/lock.ts";
import type { ProjectModel } from "./model/model.ts";
import { sortDiagnostics } from "./model/order.ts";
import type { ModelSettings } from "./model/policy.ts";

export type { ModelSettings } from "./model/policy.ts";

/** A project as the generator sees it. */
export interface Project {
  /** Absolute path. */
  readonly root: string;
  /** Folder of the schemas, relative to the root. */
  readonly schemas: string;
  readonly settings: ModelSettings;
}

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

export interface CheckedModel {
  readonly model: ProjectModel;
  readonly lock: Lock;
  readonly inputs: Loaded["inputs"];
  /** Of all steps, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
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
