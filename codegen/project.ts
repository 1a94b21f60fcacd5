import type { Diagnostic } from "./diagnostics.ts";
import type { PrintMessages } from "./emit/protobuf/messages.ts";
import type { Lock } from "./model/lock.ts";
import type { ProjectModel } from "./model/model.ts";
import type { ModelSettings } from "./model/policy.ts";

/** A project as the generator sees it. */
export interface Project {
  /** Absolute path. */
  readonly root: string;
  /** Folder of the schemas, relative to the root. */
  readonly schemas: string;
  readonly settings: ModelSettings;
}

/** A project after its checks. */
export interface CheckedModel {
  readonly model: ProjectModel;
  readonly lock: Lock;
  /** Text of every schema file with line feeds, by its path below the schema root. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Of all steps, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Where the output goes, and who writes it. */
export interface Target {
  /** Folder of the generated code, relative to the project's root. */
  readonly out: string;
  /** Name and version of the generator, for example `keryx 1.2.3`. */
  readonly generator: string;
  /** How Protobuf messages are printed. Default: by a process of its own each time. */
  readonly printMessages?: PrintMessages;
  /** Print every file anew: a generator under development may print otherwise than it did. Default false. */
  readonly reprint?: boolean;
}
