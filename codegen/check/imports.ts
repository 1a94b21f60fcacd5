import type { CompatibilityLevel, SchemaFormat } from "../../src/core/event.ts";
import type { Span } from "../diagnostics.ts";
import { type Finding, find } from "../diagnostics-finding.ts";
import type { LockedReference } from "../model/lock.ts";
import type { EventModel, WireReferenceModel } from "../model/model.ts";
import { type Baseline, type BaselineVersion, textsOf } from "./baseline.ts";
import { judgeSchema } from "./breaking.ts";
import { parseWire, type VersionReader } from "./parse.ts";
import type { SourcePlaces } from "./places.ts";
import { type CheckRequest, inProject, showVersion } from "./request.ts";

/** What registries give a subject that nobody set a level on. */
const importLevel: CompatibilityLevel = "BACKWARD";

interface ImportedFile extends WireReferenceModel {
  readonly format: SchemaFormat;
}

/** Every file that events import, by its subject. */
function importsOf(events: readonly EventModel[]): ReadonlyMap<string, ImportedFile> {
  const found = new Map<string, ImportedFile>();
  const visit = (references: readonly WireReferenceModel[], format: SchemaFormat): void => {
    for (const reference of references) {
      if (found.has(reference.subject)) continue;
      found.set(reference.subject, { ...reference, format });
      visit(reference.references, format);
    }
  };
  for (const { wire, format } of events) visit(wire.references, format);
  return found;
}

/** Imported files have subjects of their own, and the registry compares them, too. */
export function judgeImports(
  request: CheckRequest,
  reader: VersionReader,
  places: SourcePlaces,
): readonly Finding[] {
  const { model, baseline, dialect, prefix } = request;
  const histories = importHistories(baseline);
  return [...importsOf(model.events)].flatMap(([subject, { name, schema, references, format }]) => {
    const history = histories.get(subject) ?? [];
    if (history.length === 0 || history.at(-1)?.schema === schema) return [];
    const at = inProject(request, { file: name, line: 1, column: 1 });
    const found = judgeSchema(
      {
        ...{ subject, history, at, prefix },
        schema: parseWire({ format, schema, references }),
        levels: [baseline.levels?.get(subject) ?? importLevel],
        isRegistered: true,
        isGrouped: baseline.grouped?.has(subject) === true,
        placeOf: (path) => places.ofFile(name, path),
      },
      dialect,
      reader,
    );
    // What the bytes of an event lose is told of the event.
    return found.filter(({ rule }) => rule === "registry-incompatible");
  });
}

/** Texts of each imported file, oldest first: those that a registry holds, else those that released versions pin. */
function importHistories(baseline: Baseline): ReadonlyMap<string, readonly BaselineVersion[]> {
  const pinned = new Map<string, BaselineVersion[]>();
  const learn = (references: readonly LockedReference[], holder: BaselineVersion): void => {
    for (const { subject, schema, version, references: inner } of references) {
      learn(inner, holder);
      const known = pinned.get(subject) ?? [];
      if (known.some((one) => one.schema === schema)) continue;
      // Without a number of its own it is named after the version that pins it.
      known.push({ name: version ?? holder.name, format: holder.format, schema, references: inner });
      pinned.set(subject, known);
    }
  };
  for (const versions of baseline.histories.values())
    for (const version of versions) learn(version.references, version);
  const own = [...pinned.keys()].flatMap((subject) => {
    const registered = baseline.histories.get(subject);
    return registered === undefined ? [] : [[subject, registered] as const];
  });
  return new Map([...pinned, ...own]);
}

/** Released versions that pin an import which the tree has changed since. */
export function findSkew(request: CheckRequest): readonly Finding[] {
  const { model, baseline } = request;
  return model.events.flatMap((event) => {
    const subject = event.options.subject.value;
    const newest = baseline.histories.get(subject)?.at(-1);
    // With another text a new version is due anyway, and pins what the tree has.
    if (newest === undefined || newest.schema !== event.wire.schema) return [];
    const now = textsOf(event.wire.references);
    return [...textsOf(newest.references)]
      .filter(([name, text]) => now.has(name) && now.get(name) !== text)
      .map(([name]) =>
        find(
          "import-skew",
          placeOfImport(request, event, name),
          `${event.name} is released with ${name} as it was (${showVersion(newest.name)}); the tree has another text of it.`,
          { event: event.name, subject, against: newest.name },
        ),
      );
  });
}

/** The line that imports it, where the event's own file does. */
function placeOfImport(request: CheckRequest, event: EventModel, name: string): Span {
  const lines = (request.inputs.get(event.at.file) ?? "").split("\n");
  const line = lines.findIndex((text) => /^\s*import\b/.test(text) && text.includes(JSON.stringify(name)));
  const at = line < 0 ? event.at : { file: event.at.file, line: line + 1, column: 1 };
  return inProject(request, at);
}

/** A subject that an event and an imported file both want; two events are the lint rule `subject-clash`. */
export function findClaims(request: CheckRequest): readonly Finding[] {
  const imports = importsOf(request.model.events);
  return request.model.events.flatMap((event) => {
    const subject = event.options.subject.value;
    const file = imports.get(subject)?.name;
    if (file === undefined) return [];
    return [
      find(
        "subject-claimed",
        inProject(request, event.at),
        `The subject ${JSON.stringify(subject)} of ${event.name} is also that of the imported file ${file}.`,
        { event: event.name, subject },
      ),
    ];
  });
}
