import type { CompatibilityLevel, SchemaFormat } from "../../src/core/event.ts";
import type { Lock, LockedContract, LockedReference } from "../model/lock.ts";
import type { ReleasedVersion } from "../model/lock-release.ts";
import { compare } from "../model/order.ts";

/** What a version is called: its number, or the name of a baseline that gives it none, such as `git:main`. */
export type VersionName = number | string;

/** A schema that was released, or that stands for what is. */
export interface BaselineVersion {
  readonly name: VersionName;
  readonly format: SchemaFormat;
  readonly schema: string;
  readonly references: readonly LockedReference[];
  /** Where the registry parts the versions of the subject into groups: the group that this one belongs to, if any. */
  readonly group?: string;
}

/** What an event promised. */
export interface BaselineEvent {
  readonly contract: LockedContract;
  /** Protobuf message index path; empty for Avro. */
  readonly index: readonly number[];
  /** The version that the promise was made with. */
  readonly version: BaselineVersion;
  /** The file that held it, below the schema root, where that is known. */
  readonly file?: string;
}

/** What the project is compared with, whatever it was read from. */
export interface Baseline {
  /** As it was asked for, for example `git:main`. */
  readonly label: string;
  /** By full name. */
  readonly events: ReadonlyMap<string, BaselineEvent>;
  /** By subject, oldest version first. */
  readonly histories: ReadonlyMap<string, readonly BaselineVersion[]>;
  /** Levels in force at a registry, by subject. */
  readonly levels?: ReadonlyMap<string, CompatibilityLevel>;
  /** Subjects whose versions a registry parts into groups; what Keryx registers belongs to none. */
  readonly grouped?: ReadonlySet<string>;
  /** The lock file as the baseline has it, where it is another one than the project's. */
  readonly lock?: Lock;
}

/** What was released, by the lock file; drafts are not looked at. */
export function baselineOfLock(lock: Lock): Baseline {
  const bySubject = new Map<string, ReleasedVersion[]>();
  const newest = new Map<string, readonly [LockedContract, ReleasedVersion]>();
  for (const [name, { released, versions }] of [...lock.events].sort(([a], [b]) => compare(a, b))) {
    if (released === undefined) continue;
    for (const one of versions) {
      const { subject, format } = { ...released, ...one };
      const version = { ...one, subject, format };
      append(bySubject, subject, version);
      newest.set(name, [released, version]);
    }
  }
  const placed = new Map<ReleasedVersion, BaselineVersion>();
  const histories = new Map<string, readonly BaselineVersion[]>();
  for (const [subject, versions] of bySubject) {
    let last = 0;
    const history = inOrder(versions).map((one) => {
      // One that no registry has counted yet is called after those before it.
      last = one.version ?? last + 1;
      const { format, schema, references } = one;
      const version = { name: last, format, schema, references };
      placed.set(one, version);
      return version;
    });
    histories.set(subject, history);
  }
  const events = new Map<string, BaselineEvent>();
  for (const [name, [contract, one]] of newest) {
    const version = placed.get(one);
    if (version !== undefined) events.set(name, { contract, index: one.index, version });
  }
  return { label: "lock", events, histories };
}

/** What the schemas of another state of the project say, behind what was released then. */
export function baselineOfDrafts(
  lock: Lock,
  label: string,
  fileOf: (event: string) => string | undefined,
): Baseline {
  const { histories: released } = baselineOfLock(lock);
  const histories = new Map([...released].map(([subject, versions]) => [subject, [...versions]]));
  const events = new Map<string, BaselineEvent>();
  for (const [name, { draft }] of lock.events) {
    if (draft === undefined) continue;
    const { format, subject, policy, schema } = draft;
    const version = { name: label, format, schema: schema.schema, references: schema.references };
    const newest = histories.get(subject)?.at(-1);
    if (newest === undefined || !isSameSchema(newest, version)) append(histories, subject, version);
    const file = fileOf(name);
    const contract = { format, subject, policy };
    events.set(name, { contract, index: schema.index, version, ...(file === undefined ? {} : { file }) });
  }
  return { label, events, histories, lock };
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** One after the other as the registry counted; what it has not counted keeps its place among the others. */
function inOrder(versions: readonly ReleasedVersion[]): readonly ReleasedVersion[] {
  const counted = versions
    .filter(({ version }) => version !== undefined)
    .sort((a, b) => (a.version ?? 0) - (b.version ?? 0))
    .values();
  return versions.map((one) => (one.version === undefined ? one : (counted.next().value ?? one)));
}

type Texts = Pick<BaselineVersion, "format" | "schema" | "references">;

/** The same text with the same imports. */
export function isSameSchema(a: Texts, b: Texts): boolean {
  return a.format === b.format && a.schema === b.schema && hasSameReferences(a.references, b.references);
}

function hasSameReferences(a: Texts["references"], b: Texts["references"]): boolean {
  const texts = textsOf(b);
  const own = textsOf(a);
  return own.size === texts.size && [...own].every(([name, text]) => texts.get(name) === text);
}

/** The text of every import that can be reached, by its name. */
export function textsOf(references: Texts["references"]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const visit = (list: Texts["references"]): void => {
    for (const { name, schema, references: inner } of list) {
      texts.set(name, schema);
      visit(inner);
    }
  };
  visit(references);
  return texts;
}
