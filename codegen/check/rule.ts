import { type CheckRuleId, type Diagnostic, report, type Span } from "../diagnostics.ts";
import type { EventModel, ProjectModel, Sourced } from "../model/model.ts";

/** Looks at the whole project for one thing. Pure; `finding` reports under the rule's own name. */
export type Check = (project: ProjectModel, finding: Finding) => Iterable<Diagnostic>;

export type Finding = (at: Span, message: string, help?: string) => Diagnostic;

/** A rule over one event at a time: most of them. */
export function eachEvent(check: (event: EventModel, finding: Finding) => Iterable<Diagnostic>): Check {
  return function* (project, finding) {
    for (const event of project.events) yield* check(event, finding);
  };
}

/** Runs the rules of a table, in its order. */
export function runChecks(
  project: ProjectModel,
  checks: Readonly<Record<CheckRuleId, Check>>,
): readonly Diagnostic[] {
  return Object.entries(checks).flatMap(([rule, check]) => [
    ...check(project, (at, message, help) => report(rule as CheckRuleId, at, message, help)),
  ]);
}

/** The place to point at: the option's own, or the event when the value stands outside the schemas. */
export function placeOf(event: EventModel, option: Sourced<unknown>): Span {
  return option.from.kind === "schema" ? option.from.at : event.at;
}

/** Names the origin of a value that the place does not show. */
export function originOf(option: Sourced<unknown>): string {
  if (option.from.kind === "config") return ` (set in keryx.yaml at ${option.from.path})`;
  return option.from.kind === "default" ? " (the default)" : "";
}

const byPlace = ({ at: a }: EventModel, { at: b }: EventModel): number =>
  a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1;

/** Events after the first, as one reads the files, that share what `keyOf` gives; each with the first. */
export function* repeats(
  events: readonly EventModel[],
  keyOf: (event: EventModel) => string,
): Generator<readonly [event: EventModel, first: EventModel]> {
  const seen = new Map<string, EventModel>();
  for (const event of [...events].sort(byPlace)) {
    const first = seen.get(keyOf(event));
    if (first) yield [event, first];
    else seen.set(keyOf(event), event);
  }
}
