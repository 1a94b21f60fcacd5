import type { SchemaFormat } from "../../src/core/event.ts";
import type {
  Lock,
  LockedContract,
  LockedEvent,
  LockedReference,
  LockedSchema,
  LockedVersion,
} from "./lock.ts";
import { canonicalJson } from "./lock-seal.ts";

/** A released version with the subject and the format that it was released in. */
export interface ReleasedVersion extends LockedVersion {
  readonly subject: string;
  readonly format: SchemaFormat;
}

/** The history of an event under a subject, oldest first: under another subject it has another history. */
export function historyOf({ released, versions }: LockedEvent, subject: string): readonly ReleasedVersion[] {
  if (released === undefined) return [];
  return versions
    .map((one) => ({
      ...one,
      subject: one.subject ?? released.subject,
      format: one.format ?? released.format,
    }))
    .filter((one) => one.subject === subject);
}

/** Is it the same schema with the same imports? A changed import is another schema to a registry, too. */
export function isSameWire(a: LockedSchema, b: LockedSchema): boolean {
  return a.fingerprint === b.fingerprint && isSameReferences(a.references, b.references);
}

function isSameReferences(a: readonly LockedReference[], b: readonly LockedReference[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index];
      return (
        other !== undefined &&
        one.name === other.name &&
        one.subject === other.subject &&
        one.schema === other.schema &&
        isSameReferences(one.references, other.references)
      );
    })
  );
}

/** Where a registry keeps a schema; the references are the schema's own, with their versions. */
export interface RegisteredWire {
  readonly id: number;
  readonly version: number;
  readonly guid?: string;
  readonly references: readonly LockedReference[];
}

export interface Release {
  /** Whether a version was added, only what stands beside the versions changed, or nothing. */
  readonly kind: "released" | "updated" | "same";
  readonly event: LockedEvent;
  /** The version that stands for the draft now. Absent without a draft. */
  readonly version?: LockedVersion;
  /** The version is known with another id or number already, as another registry gave it; that one stays. */
  readonly isElsewhere: boolean;
}

/**
 * Makes a version of the draft, unless its history has that schema, and the draft's policy the released one. Versions
 * stay as they are, but for what a registry gave them: that is filled in where it was unknown.
 */
export function releaseDraft(event: LockedEvent, registered?: RegisteredWire): Release {
  const { released, draft } = event;
  if (draft === undefined) return { kind: "same", event, isElsewhere: false };
  const { schema, ...contract } = draft;
  const versions = event.versions.map((one) => inPlace(one, released, contract));
  const isKnown = (one: LockedVersion): boolean =>
    one.subject === undefined && one.format === undefined && isSameWire(one, schema);
  const at = versions.findLastIndex(isKnown);
  const known = versions[at];
  const base: LockedVersion = known ?? { ...schema, references: withVersions(schema.references, versions) };
  const isElsewhere = registered !== undefined && isKnownElsewhere(base, registered);
  const version = registered === undefined || isElsewhere ? base : fill(base, registered);
  const next: LockedEvent = {
    released: contract,
    versions: known === undefined ? [...versions, version] : versions.with(at, version),
    draft,
  };
  const isSame = canonicalJson([released, event.versions]) === canonicalJson([contract, next.versions]);
  const kind = known === undefined ? "released" : isSame ? "same" : "updated";
  return { kind, event: isSame ? event : next, version, isElsewhere };
}

/** Adds to a history what a registry knows about it: numbers for its versions, and newer versions of others. */
function learnVersions(event: LockedEvent, learned: readonly ReleasedVersion[]): LockedEvent {
  const { released } = event;
  const isSamePlace = (one: LockedVersion, other: ReleasedVersion): boolean =>
    (one.subject ?? released?.subject) === other.subject && (one.format ?? released?.format) === other.format;
  const versions = [...event.versions];
  for (const one of learned) {
    const own = [...versions.entries()].filter(([, other]) => isSamePlace(other, one));
    const placed = released === undefined ? one : inPlace(one, undefined, released);
    const [unnumbered] = own.find(([, other]) => other.version === undefined && isSameWire(other, one)) ?? [];
    if (unnumbered !== undefined) versions[unnumbered] = placed;
    // Only ever added at the end: an older gap stays one.
    else if (own.every(([, other]) => (other.version ?? 0) < (one.version ?? 0))) versions.push(placed);
  }
  return { ...event, versions };
}

/** A version says its subject and format itself once the event's have changed, and no longer when they are back. */
function inPlace(
  one: LockedVersion,
  before: LockedContract | undefined,
  after: LockedContract,
): LockedVersion {
  const { subject = before?.subject, format = before?.format, ...rest } = one;
  return {
    ...rest,
    ...(subject === undefined || subject === after.subject ? {} : { subject }),
    ...(format === undefined || format === after.format ? {} : { format }),
  };
}

function isKnownElsewhere(version: LockedVersion, registered: RegisteredWire): boolean {
  const differs = (a: unknown, b: unknown): boolean => a !== undefined && b !== undefined && a !== b;
  return (
    differs(version.id, registered.id) ||
    differs(version.version, registered.version) ||
    differs(version.guid, registered.guid)
  );
}

function fill(
  version: LockedVersion,
  { id, version: number, guid, references }: RegisteredWire,
): LockedVersion {
  return { ...version, id, version: number, ...(guid === undefined ? {} : { guid }), references };
}

/** Versions of imports that an earlier release learned, for the same texts. */
function withVersions(
  references: readonly LockedReference[],
  versions: readonly LockedVersion[],
): readonly LockedReference[] {
  const known = new Map<string, number>();
  const learn = ({ subject, schema, version, references: inner }: LockedReference): void => {
    if (version !== undefined) known.set(`${subject}\n${schema}`, version);
    for (const one of inner) learn(one);
  };
  for (const one of versions) for (const reference of one.references) learn(reference);
  const fillIn = (one: LockedReference): LockedReference => {
    const version = known.get(`${one.subject}\n${one.schema}`);
    return {
      ...one,
      ...(version === undefined ? {} : { version }),
      references: one.references.map(fillIn),
    };
  };
  return references.map(fillIn);
}

/** Releases the drafts of the named events, with what a registry said about them where one was asked. */
export function releaseEvents(
  lock: Lock,
  names: Iterable<
    readonly [name: string, registered?: RegisteredWire | undefined, learned?: readonly ReleasedVersion[]]
  >,
): { readonly lock: Lock; readonly releases: ReadonlyMap<string, Release> } {
  const events = new Map(lock.events);
  const releases = new Map<string, Release>();
  for (const [name, registered, learned = []] of names) {
    const event = events.get(name);
    if (event === undefined) continue;
    const release = releaseInOrder(event, registered, learned);
    events.set(name, release.event);
    releases.set(name, release);
  }
  return { lock: { events }, releases };
}

/** The draft's version takes its place among those that were learned: a tree may be behind its registry. */
function releaseInOrder(
  event: LockedEvent,
  registered: RegisteredWire | undefined,
  learned: readonly ReleasedVersion[],
): Release {
  const plain = releaseDraft(event, registered);
  if (plain.isElsewhere || learned.length === 0 || registered === undefined) return plain;
  const isOlder = (one: ReleasedVersion): boolean => (one.version ?? 0) < registered.version;
  const release = releaseDraft(learnVersions(event, learned.filter(isOlder)), registered);
  const newer = learned.filter((one) => !isOlder(one) && one.version !== registered.version);
  const after = learnVersions(release.event, newer);
  const text = ({ released, versions }: LockedEvent): string => canonicalJson([released, versions]);
  if (text(after) === text(event)) return { ...release, kind: "same", event };
  const kind = after.versions.length > event.versions.length ? "released" : "updated";
  return { ...release, kind, event: after };
}
