import { KeryxError } from "../../../src/core/errors.ts";
import type { SchemaFormat } from "../../../src/core/event.ts";
import type { RegistryAdmin } from "../../../src/registry/admin.ts";
import type { RegisteredVersion, SchemaReference, SchemaType } from "../../../src/registry/port.ts";
import { schemaLimits } from "../../../src/schema/limits.ts";
import { indexesOf, parseProto } from "../../../src/schema/protobuf.ts";
import { fingerprintOf, type LockedEvent, type LockedReference } from "../../model/lock.ts";
import { historyOf, type ReleasedVersion } from "../../model/lock-release.ts";

/** What a registry knows about a subject's history beyond the lock file. */
export interface Learned {
  /** Numbered, oldest first. Empty when the lock file knows them all, or speaks of another registry. */
  readonly versions: readonly ReleasedVersion[];
  /** Why some are left out, for people. */
  readonly problem?: string;
}

const maxVersions = 1_000;
const formats: Readonly<Partial<Record<SchemaType, SchemaFormat>>> = { AVRO: "avro", PROTOBUF: "protobuf" };

/**
 * Reads the versions of a subject that the lock file does not name: services that register when they start leave such,
 * and so does a project that comes to Keryx with subjects of its own. Whole histories decide transitive levels offline.
 */
export async function learnHistory(
  admin: RegistryAdmin,
  name: string,
  subject: string,
  numbers: readonly number[],
  event: LockedEvent = { versions: [] },
): Promise<Learned> {
  const history = historyOf(event, subject);
  const known = new Map(history.flatMap((one) => (one.version === undefined ? [] : [[one.version, one]])));
  const unnumbered = history.filter((one) => one.version === undefined);
  const newest = Math.max(0, ...known.keys());
  const unknown = numbers.filter((number) => number > newest);
  const hasNumbers = unnumbered.length > 0 && numbers.some((number) => !known.has(number));
  if (unknown.length === 0 && !hasNumbers) return { versions: [] };
  if (unknown.length > maxVersions)
    return { versions: [], problem: `it has ${unknown.length} more versions, and ${maxVersions} are read` };
  try {
    const last = known.get(newest);
    if (last?.id !== undefined && !(await isSamePlace(admin, subject, newest, last.id)))
      return { versions: [], problem: `version ${newest} there is another schema` };
    const reader = createHistoryReader(admin, name);
    const located = await reader.locate(unnumbered);
    const found = new Set(located.map((one) => one.version));
    const read: ReleasedVersion[] = [];
    for (const number of unknown) if (!found.has(number)) read.push(await reader.read(subject, number));
    const versions = [...located, ...read].sort((a, b) => (a.version ?? 0) - (b.version ?? 0));
    return { versions };
  } catch (thrown) {
    // What was registered is registered; that the past cannot be read is no failure of it.
    return { versions: [], problem: KeryxError.from(thrown).message };
  }
}

async function isSamePlace(
  admin: RegistryAdmin,
  subject: string,
  version: number,
  id: number,
): Promise<boolean> {
  return (await admin.registry.schemaByVersion(subject, version)).id === id;
}

function createHistoryReader(admin: RegistryAdmin, name: string) {
  const { registry } = admin;
  const references = new Map<string, LockedReference>();

  async function readReference(
    { name, subject, version }: SchemaReference,
    depth = 0,
  ): Promise<LockedReference> {
    const key = `${subject}\n${version}`;
    const known = references.get(key);
    if (known !== undefined) return { ...known, name };
    if (depth > schemaLimits.depth || references.size > schemaLimits.references)
      throw new KeryxError("schema_invalid", `${subject} has references without end`);
    const { schema, references: inner } = await registry.schemaByVersion(subject, version);
    const read: LockedReference[] = [];
    for (const one of inner) read.push(await readReference(one, depth + 1));
    const reference = { name, subject, version, schema, references: read };
    references.set(key, reference);
    return reference;
  }

  async function read(subject: string, version: number): Promise<ReleasedVersion> {
    const found = await registry.schemaByVersion(subject, version);
    const format = formats[found.type];
    if (format === undefined)
      throw new KeryxError("schema_invalid", `version ${version} of ${subject} is of type ${found.type}`);
    const inner: LockedReference[] = [];
    for (const one of found.references) inner.push(await readReference(one));
    return {
      ...{ subject, format, id: found.id, version, ...(await guidOf(admin, found)) },
      ...{ fingerprint: fingerprintOf(found.schema), index: indexIn(format, found.schema, name) },
      ...{ references: inner, schema: found.schema },
    };
  }

  /** Where a schema of ours stands, its imports first; undefined when the registry does not know it. */
  async function find(
    format: SchemaFormat,
    one: Pick<LockedReference, "subject" | "schema" | "references">,
  ): Promise<{ place: RegisteredVersion; references: readonly LockedReference[] } | undefined> {
    const inner: (LockedReference & { version: number })[] = [];
    for (const reference of one.references) {
      const found = await find(format, reference);
      if (found === undefined) return undefined;
      inner.push({ ...reference, version: found.place.version, references: found.references });
    }
    const type = format === "avro" ? "AVRO" : "PROTOBUF";
    const place = await registry.lookup(one.subject, {
      ...{ type, schema: one.schema },
      references: inner.map(({ name, subject, version }) => ({ name, subject, version })),
    });
    return place && { place, references: inner };
  }

  return {
    read,
    /** Numbers for versions that were released without a registry. */
    async locate(versions: readonly ReleasedVersion[]): Promise<readonly ReleasedVersion[]> {
      const located: ReleasedVersion[] = [];
      for (const one of versions) {
        const found = await find(one.format, one);
        if (found === undefined) continue;
        const { id, version } = found.place;
        const guid = await guidOf(admin, found.place);
        located.push({ ...one, id, version, ...guid, references: found.references });
      }
      return located;
    },
  };
}

async function guidOf(admin: RegistryAdmin, place: RegisteredVersion): Promise<{ readonly guid?: string }> {
  const guid = await admin.guid(place).catch(() => undefined);
  return guid === undefined ? {} : { guid };
}

/** The event's place in a text of the registry; empty where that text does not have it. */
function indexIn(format: SchemaFormat, text: string, name: string): readonly number[] {
  return format === "avro" ? [] : (indexesOf(parseProto(text), name) ?? []);
}
