import type { CompatibilityLevel } from "../src/core/event.ts";
import type { LevelInForce, RegistryVerdict } from "../src/registry/admin.ts";
import type { RegisteredVersion, SchemaType } from "../src/registry/port.ts";
import { type EventModel, isRegistered, type WireReferenceModel } from "./model/model.ts";

/** A text to be found under a subject: an event's, or one that it imports. */
export interface WireText {
  readonly subject: string;
  /** Full name of the event, or the import path. */
  readonly name: string;
  readonly type: SchemaType;
  readonly schema: string;
  /** Names in the text, and the subjects that stand behind them. */
  readonly references: readonly { readonly name: string; readonly subject: string }[];
  /** What the subject promises; an import promises nothing of its own. */
  readonly level?: CompatibilityLevel;
}

/** What the registry knows about a text and its subject. */
export interface SubjectFacts {
  /** Undeleted versions, ascending. */
  readonly versions: readonly number[];
  /** Where the text stands already. */
  readonly placed?: RegisteredVersion;
  /** The subject's own level. */
  readonly ownLevel?: CompatibilityLevel;
  readonly levelInForce?: LevelInForce;
  /** Would it be taken? Absent where it is registered, is the first, or its imports have to go first. */
  readonly verdict?: RegistryVerdict;
}

export type Step =
  | { readonly kind: "keep"; readonly text: WireText; readonly placed: RegisteredVersion }
  | { readonly kind: "set-level"; readonly subject: string; readonly level: CompatibilityLevel }
  | {
      readonly kind: "register";
      readonly text: WireText;
      /** False: the registry could not be asked yet, because an import has to be registered first. */
      readonly isChecked: boolean;
    };

/** Something to know, which stops nothing. */
export type Note =
  | {
      readonly kind: "level-differs";
      readonly subject: string;
      readonly wanted: CompatibilityLevel;
      readonly found: LevelInForce;
    }
  /** The tree has an older text of an import than the registry. */
  | {
      readonly kind: "import-behind";
      readonly subject: string;
      readonly version: number;
      readonly newest: number;
    }
  /** The import gets a version on top of one that this project has never seen. */
  | { readonly kind: "import-unseen"; readonly subject: string; readonly newest: number };

/** Something that stops everything. */
export type Refusal =
  | { readonly kind: "claimed-twice"; readonly subject: string; readonly names: readonly [string, string] }
  | {
      readonly kind: "incompatible";
      readonly subject: string;
      readonly name: string;
      readonly messages: readonly string[];
    };

export interface Plan {
  /** In the order in which they have to be taken. */
  readonly steps: readonly Step[];
  readonly notes: readonly Note[];
  readonly refusals: readonly Refusal[];
}

/** All texts of the events that are registered, imports before those that need them, each subject once; and subjects that two texts claim. */
export function collectTexts(events: readonly EventModel[]): {
  readonly texts: readonly WireText[];
  readonly refusals: readonly Refusal[];
} {
  const texts = new Map<string, WireText>();
  const refusals = new Map<string, Refusal>();
  const add = (text: WireText): void => {
    const known = texts.get(text.subject);
    if (known === undefined) texts.set(text.subject, text);
    else if (known.schema !== text.schema)
      refusals.set(text.subject, {
        kind: "claimed-twice",
        subject: text.subject,
        names: [known.name, text.name],
      });
  };
  for (const { name, format, wire, options } of events.filter(isRegistered)) {
    const type: SchemaType = format === "avro" ? "AVRO" : "PROTOBUF";
    const addReferences = (references: readonly WireReferenceModel[]): void => {
      for (const one of references) {
        addReferences(one.references);
        add({ ...toText(one), name: one.name, type });
      }
    };
    addReferences(wire.references);
    const subject = options.subject.value;
    add({ ...toText({ ...wire, subject }), name, type, level: options.compatibility.value });
  }
  return { texts: [...texts.values()], refusals: [...refusals.values()] };
}

function toText(from: {
  readonly subject: string;
  readonly schema: string;
  readonly references: readonly WireReferenceModel[];
}): Pick<WireText, "subject" | "schema" | "references"> {
  const references = from.references.map(({ name, subject }) => ({ name, subject }));
  return { subject: from.subject, schema: from.schema, references };
}

/** What is to be done, decided from what is known. Pure. */
export function planRegistration(
  texts: readonly WireText[],
  facts: ReadonlyMap<string, SubjectFacts>,
  /** Versions of imports that the lock file names, by subject. */
  known: ReadonlyMap<string, ReadonlySet<number>>,
): Plan {
  const steps: Step[] = [];
  const notes: Note[] = [];
  const refusals: Refusal[] = [];
  for (const text of texts) {
    const { subject, level } = text;
    const found = facts.get(subject) ?? { versions: [] };
    const { placed, versions, ownLevel, verdict } = found;
    if (level !== undefined) {
      if (versions.length === 0 && ownLevel === undefined) steps.push({ kind: "set-level", subject, level });
      else if (found.levelInForce !== undefined && found.levelInForce.level !== level)
        notes.push({ kind: "level-differs", subject, wanted: level, found: found.levelInForce });
    } else notes.push(...noteImport(subject, found, known.get(subject)));
    if (placed !== undefined) steps.push({ kind: "keep", text, placed });
    else steps.push({ kind: "register", text, isChecked: versions.length === 0 || verdict !== undefined });
    if (verdict !== undefined && !verdict.compatible)
      refusals.push({ kind: "incompatible", subject, name: text.name, messages: verdict.messages });
  }
  return { steps, notes, refusals };
}

/** A file that several projects share may be another one here than the one that was registered last. */
function noteImport(
  subject: string,
  { placed, versions }: SubjectFacts,
  known: ReadonlySet<number> | undefined,
): readonly Note[] {
  const newest = versions.at(-1);
  if (newest === undefined) return [];
  if (placed !== undefined)
    return placed.version < newest
      ? [{ kind: "import-behind", subject, version: placed.version, newest }]
      : [];
  return known?.has(newest) ? [] : [{ kind: "import-unseen", subject, newest }];
}
