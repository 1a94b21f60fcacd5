import type { KeryxError } from "../../../src/core/errors.ts";
import type { RegisteredVersion } from "../../../src/registry/port.ts";
import { showText } from "../../diagnostics-print.ts";
import type { Release } from "../../model/lock-release.ts";
import type { Note, Refusal, Step } from "../../register-plan.ts";

/** One thing that was done, would be, failed or is left; programs read it. */
export interface ReportLine {
  readonly kind: "set-level" | "register" | "keep";
  readonly state: "done" | "planned" | "failed" | "left";
  readonly subject: string;
  /** Full name of the event, or import path; absent for a level. */
  readonly name?: string;
  readonly level?: string;
  readonly version?: number;
  readonly id?: number;
}

/** All that a run of `keryx register` has to say. */
export interface Report {
  readonly ok: boolean;
  readonly dryRun: boolean;
  readonly steps: readonly ReportLine[];
  readonly refusals: readonly Refusal[];
  readonly notes: readonly string[];
  /** Full names of events that are written as JSON: their schemas are kept in the lock file alone. */
  readonly unregistered: readonly string[];
  readonly lock: "same" | "written";
  readonly error?: Pick<KeryxError, "code" | "message" | "help">;
}

/** A step with what became of it. */
export function toLine(
  step: Step,
  state: ReportLine["state"],
  places: ReadonlyMap<string, RegisteredVersion>,
): ReportLine {
  if (step.kind === "set-level")
    return { kind: "set-level", state, subject: step.subject, level: step.level };
  const { subject, name } = step.text;
  const placed = step.kind === "keep" ? step.placed : places.get(subject);
  return {
    ...{ kind: step.kind, state, subject, name },
    ...(placed === undefined ? {} : { version: placed.version, id: placed.id }),
  };
}

const verbs: Readonly<Record<ReportLine["kind"], Readonly<Record<ReportLine["state"], string>>>> = {
  "set-level": { done: "level set", planned: "would set level", failed: "failed", left: "left" },
  register: { done: "registered", planned: "would register", failed: "failed", left: "left" },
  keep: { done: "unchanged", planned: "unchanged", failed: "failed", left: "unchanged" },
};

export function formatLine({ kind, state, subject, name, level, version, id }: ReportLine): string {
  const place = version === undefined ? "" : ` version ${version} id ${id}`;
  const of = name === undefined || name === subject ? "" : ` (${showText(name)})`;
  return `${verbs[kind][state]} ${showText(subject)}${level === undefined ? "" : ` ${level}`}${place}${of}\n`;
}

const noReasons = "It gives no reasons; `keryx check --against registry:<url>` finds them.";

export function formatRefusal(refusal: Refusal): string {
  const subject = showText(refusal.subject);
  if (refusal.kind === "claimed-twice")
    return `refused ${subject}: ${refusal.names.map(showText).join(" and ")} claim it with different texts.\n`;
  const { messages } = refusal;
  const reasons = (messages.length > 0 ? messages : [noReasons])
    .map((message) => `  ${showText(message)}\n`)
    .join("");
  return `refused ${subject} (${showText(refusal.name)}): the registry would not take it.\n${reasons}`;
}

export function formatNote(note: Note): string {
  const subject = JSON.stringify(note.subject);
  switch (note.kind) {
    case "level-differs": {
      const { level, from } = note.found;
      const where =
        from === "subject" ? "the registry has" : "the registry has no level of its own for it, and";
      return `${subject} declares ${note.wanted}; ${where} ${level}${from === "subject" ? "" : " is in force"}. It stays: changing it is a decision about every reader.`;
    }
    case "import-behind":
      return `${subject} is version ${note.version} here; the registry has version ${note.newest}. Update the imported file if its owner changed it.`;
    case "import-unseen":
      return `${subject} gets a version on top of version ${note.newest}, which this project's lock file does not know. Check that the imported file here is its owner's newest.`;
  }
}

/** What the lock file knows otherwise: ids of one registry say nothing about another one. */
export function noteElsewhere(
  name: string,
  { version }: Release,
  place: Pick<RegisteredVersion, "id" | "version">,
): string {
  return `schemas.lock.json has ${name} as version ${version?.version}, id ${version?.id}; this registry has version ${place.version}, id ${place.id}. Ids of one registry mean nothing in another; what is locked stays.`;
}

export function noteHistory(subject: string, problem: string): string {
  return `Earlier versions of ${JSON.stringify(subject)} are not in schemas.lock.json, so checks without the registry do not see them: ${problem}.`;
}
