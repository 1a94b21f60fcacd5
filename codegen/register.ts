import { KeryxError } from "../src/core/errors.ts";
import type { RegistryAdmin } from "../src/registry/admin.ts";
import type { RegisteredVersion, SchemaDefinition } from "../src/registry/port.ts";
import type { Lock, LockedReference } from "./model/lock.ts";
import type { RegisteredWire } from "./model/lock-release.ts";
import type { EventModel, WireReferenceModel } from "./model/model.ts";
import type { Plan, Step, SubjectFacts, WireText } from "./register-plan.ts";

/** Places of texts by their subject. */
type Places = Map<string, RegisteredVersion>;

/**
 * Asks the registry about every text, imports first. Changes nothing.
 * @throws KeryxError `registry_unreachable`, `registry_unauthorized`, `schema_invalid`
 */
export async function readFacts(
  admin: RegistryAdmin,
  texts: readonly WireText[],
): Promise<ReadonlyMap<string, SubjectFacts>> {
  const { registry } = admin;
  const facts = new Map<string, SubjectFacts>();
  const places: Places = new Map();
  for (const text of texts) {
    const { subject, level } = text;
    const versions = await admin.versions(subject);
    const schema = defineSchema(text, places);
    const placed = schema && versions.length > 0 ? await registry.lookup(subject, schema) : undefined;
    if (placed !== undefined) places.set(subject, placed);
    const ownLevel = level === undefined ? undefined : await registry.subjectLevel(subject);
    const hasLevel = ownLevel !== undefined || (level !== undefined && versions.length > 0);
    const verdict =
      placed === undefined && schema !== undefined && versions.length > 0
        ? await admin.compatibility(subject, schema)
        : undefined;
    facts.set(subject, {
      versions,
      ...(placed === undefined ? {} : { placed }),
      ...(ownLevel === undefined ? {} : { ownLevel }),
      ...(hasLevel ? { levelInForce: await admin.levelInForce(subject) } : {}),
      ...(verdict === undefined ? {} : { verdict }),
    });
  }
  return facts;
}

/** A text with the versions of its references; undefined while one of them is not registered. */
function defineSchema(text: WireText, places: Places): SchemaDefinition | undefined {
  const references = text.references.flatMap(({ name, subject }) => {
    const version = places.get(subject)?.version;
    return version === undefined ? [] : [{ name, subject, version }];
  });
  if (references.length < text.references.length) return undefined;
  return { type: text.type, schema: text.schema, references };
}

export interface Applied {
  readonly done: readonly Step[];
  /** Not done: the first of them failed, if there is an error. */
  readonly left: readonly Step[];
  readonly error?: KeryxError;
  /** Where each text stands now, by subject. */
  readonly places: ReadonlyMap<string, RegisteredVersion>;
}

/** Takes the steps one after the other and stops at the first that fails: what was done stays done. */
export async function applyPlan(admin: RegistryAdmin, { steps }: Plan): Promise<Applied> {
  const places: Places = new Map();
  for (const [at, step] of steps.entries()) {
    try {
      await take(admin, step, places);
    } catch (thrown) {
      return { done: steps.slice(0, at), left: steps.slice(at), error: KeryxError.from(thrown), places };
    }
  }
  return { done: steps, left: [], places };
}

async function take(admin: RegistryAdmin, step: Step, places: Places): Promise<void> {
  if (step.kind === "set-level") return admin.registry.setSubjectLevel(step.subject, step.level);
  const { subject } = step.text;
  if (step.kind === "keep") {
    places.set(subject, step.placed);
    return;
  }
  const schema = defineSchema(step.text, places);
  if (schema === undefined) throw new KeryxError("internal", `${subject} is registered before its imports`);
  if (!step.isChecked) await demandCompatible(admin, step.text, schema);
  places.set(subject, await admin.registry.register(subject, schema));
}

/** Some registries answer a level and do not enforce it when they register. */
async function demandCompatible(
  admin: RegistryAdmin,
  { subject, name }: WireText,
  schema: SchemaDefinition,
): Promise<void> {
  const { compatible, messages } = await admin.compatibility(subject, schema);
  if (!compatible)
    throw new KeryxError(
      "schema_incompatible",
      `${name} is not compatible with what is registered under ${subject}: ${messages.join("; ")}`,
      { details: { subject } },
    );
}

/** What the lock file is to say about an event that is registered now; undefined for one that is not. */
export async function toRegisteredWire(
  admin: RegistryAdmin,
  event: EventModel,
  places: ReadonlyMap<string, RegisteredVersion>,
): Promise<RegisteredWire | undefined> {
  const place = places.get(event.options.subject.value);
  if (place === undefined) return undefined;
  const { id, version } = place;
  // The schema is registered: that its GUID cannot be had is no failure.
  const guid = await admin.guid(place).catch(() => undefined);
  const references = event.wire.references.map((one) => placeReference(one, places));
  return { id, version, ...(guid === undefined ? {} : { guid }), references };
}

function placeReference(
  { name, subject, schema, references }: WireReferenceModel,
  places: ReadonlyMap<string, RegisteredVersion>,
): LockedReference {
  const version = places.get(subject)?.version;
  return {
    ...{ name, subject },
    ...(version === undefined ? {} : { version }),
    ...{ schema, references: references.map((one) => placeReference(one, places)) },
  };
}

/** Versions of imports that the lock file names, by subject. */
export function knownVersions(lock: Lock): ReadonlyMap<string, ReadonlySet<number>> {
  const known = new Map<string, Set<number>>();
  const learn = ({ subject, version, references }: LockedReference): void => {
    const versions = known.get(subject) ?? new Set();
    if (version !== undefined) known.set(subject, versions.add(version));
    for (const one of references) learn(one);
  };
  for (const { versions } of lock.events.values())
    for (const one of versions) for (const reference of one.references) learn(reference);
  return known;
}
