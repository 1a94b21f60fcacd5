import type { Dialect } from "../../src/compatibility/dialects.ts";
import type { Span } from "../diagnostics.ts";
import type { Lock } from "../model/lock.ts";
import type { ProjectModel, Sourced } from "../model/model.ts";
import type { Baseline } from "./baseline.ts";

/** A project, and what it is compared with. */
export interface CheckRequest {
  readonly model: ProjectModel;
  /** The project's own lock file. */
  readonly lock: Lock;
  readonly lockText: string;
  /** Text of every schema file with line feeds, by its path below the schema root. */
  readonly inputs: ReadonlyMap<string, string>;
  /** The schema root, relative to the project's root, with `/` at its end. */
  readonly prefix: string;
  /** Where a setting of the policy stands, by its dotted path; undefined when no file holds it. */
  readonly placeOfSetting: (path: string) => Span | undefined;
  readonly baseline: Baseline;
  /** Full names of events that are gone on purpose. */
  readonly retired: ReadonlySet<string>;
  readonly dialect: Dialect;
}

/** A place of a schema file, with its path from the project's root. */
export function inProject({ prefix }: Pick<CheckRequest, "prefix">, at: Span): Span {
  return { ...at, file: `${prefix}${at.file}` };
}

/** Where a value of the policy is said: the option, the setting, or the event when nobody says it. */
export function placeOfValue(request: CheckRequest, value: Sourced<unknown>, event: Span): Span {
  if (value.from.kind === "schema") return inProject(request, value.from.at);
  const setting = value.from.kind === "config" ? request.placeOfSetting(value.from.path) : undefined;
  return setting ?? inProject(request, event);
}

/** The block of an event in the lock file, which Keryx writes with one key a line. */
export function placeInLock({ lockText }: Pick<CheckRequest, "lockText">, event: string): Span {
  const start = lockText.indexOf(`\n    ${JSON.stringify(event)}: {`);
  const line = start < 0 ? 1 : lockText.slice(0, start + 1).split("\n").length;
  return { file: "schemas.lock.json", line, column: start < 0 ? 1 : 5 };
}

/** A version's name in a sentence. */
export function showVersion(name: number | string): string {
  return typeof name === "number" ? `version ${name}` : name;
}
