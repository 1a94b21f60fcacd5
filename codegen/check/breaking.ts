import type { Dialect } from "../../src/compatibility/dialects.ts";
import type {
  Direction,
  PlacedDifference,
  PlacedWireProblem,
  Verdict,
} from "../../src/compatibility/difference.ts";
import { checkCompatibility } from "../../src/compatibility/engine.ts";
import type { ParsedSchema } from "../../src/compatibility/parsed.ts";
import type { CompatibilityLevel } from "../../src/core/event.ts";
import type { Span } from "../diagnostics.ts";
import type { CheckRule } from "../diagnostics-check-rules.ts";
import { type Finding, type FindingDetails, find, type Side, type Sides } from "../diagnostics-finding.ts";
import type { BaselineVersion } from "./baseline.ts";
import { createLocatorCache, type LocatorCache } from "./locate/cache.ts";
import type { VersionReader } from "./parse.ts";
import type { SourcePlace } from "./places.ts";
import { showVersion } from "./request.ts";

/** One schema that is to follow others under its subject. */
export interface SchemaCase {
  readonly subject: string;
  /** Full name; absent for a file that events import. */
  readonly event?: string;
  readonly schema: ParsedSchema;
  /** Oldest first. */
  readonly history: readonly BaselineVersion[];
  /** False: no registry hears of it, and its level alone is a promise. */
  readonly isRegistered: boolean;
  /** Compared with the versions of no group alone, as a registry with groups does. */
  readonly isGrouped: boolean;
  /** The event's own level first; a registry may have another one in force. */
  readonly levels: readonly CompatibilityLevel[];
  /** Where to point when a difference has no place of its own. Paths are from the project's root. */
  readonly at: Span;
  /** The schema root, with `/` at its end. */
  readonly prefix: string;
  /** The place of a difference in the present files. */
  readonly placeOf: (path: string, reader?: ParsedSchema) => SourcePlace | undefined;
}

/** What both verdicts have against a schema, each difference by itself. */
export function judgeSchema(
  subject: SchemaCase,
  dialect: Dialect,
  reader: VersionReader,
): readonly Finding[] {
  const { history, schema } = subject;
  const entries = history.map((version) => ({
    schema: reader.read(version, subject.subject),
    ...(version.group === undefined ? {} : { group: version.group }),
  }));
  const inGroup = subject.isGrouped ? { compatibilityGroup: "" } : {};
  const findings: Finding[] = [];
  const locatorOf = createLocatorCache();
  const told = new Set<string>();
  for (const level of subject.levels) {
    const verdict = checkCompatibility({ history: entries, schema, level, dialect, ...inGroup });
    for (const finding of findingsOf(verdict, subject, reader, locatorOf)) {
      const { rule, kind, path, against, message } = finding;
      // The bytes are the same at every level.
      const key = JSON.stringify(rule === "wire-unsafe" ? [rule, kind, path, against] : message);
      if (!told.has(key)) findings.push(finding);
      told.add(key);
    }
  }
  return findings;
}

function* findingsOf(
  verdict: Verdict,
  subject: SchemaCase,
  reader: VersionReader,
  locatorOf: LocatorCache,
): Generator<Finding> {
  const { registry, wire, level, dialect } = verdict;
  const verdicts = { registry: registry.compatible, wire: wire.safe };
  const make = (rule: CheckRule, found: Found, message: string, more: FindingDetails): Finding => {
    const version = subject.history[found.against];
    const { at, sides } = placesOf(found, version, subject, reader, locatorOf);
    return find(rule, at, message, {
      ...(subject.event === undefined ? {} : { event: subject.event }),
      subject: subject.subject,
      ...(version === undefined ? {} : { against: version.name }),
      ...{ kind: found.kind, path: found.path, verdicts, level, dialect },
      ...(sides === undefined ? {} : { sides }),
      ...more,
    });
  };
  const nameOf = ({ against }: Found): string => showVersion(subject.history[against]?.name ?? against + 1);
  const refused = subject.isRegistered
    ? `The registry (${dialect}) refuses this at ${level}`
    : `The event promises ${level}, which refuses this by the rules of ${dialect}`;
  const strongest = registry.strongest === undefined ? "" : ` ${showStrongest(registry.strongest)}`;
  for (const found of registry.compatible ? [] : registry.differences) {
    if (found.compatible) continue;
    yield make(
      "registry-incompatible",
      found,
      `${refused}, compared with ${nameOf(found)}: ${found.kind} at ${found.path}: ${found.message}`,
      { advice: `${found.advice ?? "Make the change compatible."}${strongest}` },
    );
  }
  for (const found of wire.problems)
    yield make(
      "wire-unsafe",
      found,
      `${harm[found.direction](nameOf(found))}: ${found.kind} at ${found.path}: ${found.message}`,
      {
        advice: found.advice,
        severity: found.severity,
      },
    );
}

function showStrongest(level: CompatibilityLevel): string {
  return level === "NONE"
    ? "No level but NONE takes the change."
    : `The strongest level that takes the change is ${level}.`;
}

type Found = Pick<PlacedDifference | PlacedWireProblem, "kind" | "path" | "against" | "direction">;

const harm: Readonly<Record<Direction, (version: string) => string>> = {
  backward: (version) => `New code misreads records written with ${version}`,
  forward: (version) => `Code with ${version} misreads new records`,
};

function placesOf(
  { path, direction }: Found,
  version: BaselineVersion | undefined,
  { at, prefix, placeOf, schema, subject }: SchemaCase,
  reader: VersionReader,
  locatorOf: LocatorCache,
): { readonly at: Span; readonly sides?: Sides } {
  const old = version && reader.read(version, subject);
  // Paths are made in the reading schema.
  const now = placeOf(path, direction === "forward" ? old : undefined);
  const place = now && { file: `${prefix}${now.file}`, line: now.span.line, column: now.span.column };
  if (version === undefined || old === undefined) return { at: place ?? at };
  const span = locatorOf(old, version.schema, direction === "forward" ? old : schema).exact(path);
  return {
    at: place ?? at,
    sides: {
      old: {
        ...{ file: showVersion(version.name), isVersion: true, text: version.schema },
        ...(span === undefined ? {} : { span }),
      },
      ...(now === undefined ? {} : { new: toSide(now, prefix) }),
    },
  };
}

function toSide({ file, text, span, isExact }: SourcePlace, prefix: string): Side {
  return { file: `${prefix}${file}`, text, ...(isExact ? { span } : {}) };
}
