import { type Call, isAsked, json, page, type Route } from "../http/route.ts";
import { refusals } from "../refusals.ts";
import { isEight } from "../registry.ts";
import { identityOf } from "../state/identity.ts";
import { anyContext, formatSubject, parseSubject } from "../state/names.ts";
import { findSame, register } from "../state/registering.ts";
import { configInForce } from "../state/settings.ts";
import type { RegistryContext, StoredVersion } from "../state/state.ts";
import { aliasedSubjectOf, demandVersion, demandVersions, readRegistration, subjectOf } from "./reading.ts";
import { referencedBy } from "./references.ts";
import { showSchema, showText, showVersion } from "./shown.ts";

/** Whether a list shows softly deleted things, only those, or none. */
function shownBy(call: Call): (version: StoredVersion) => boolean {
  if (isAsked(call, "deletedOnly")) return ({ isDeleted }) => isDeleted;
  return isAsked(call, "deleted") ? () => true : ({ isDeleted }) => !isDeleted;
}

/** Contexts and the start of subjects in them that `subjectPrefix` names. */
export function selectSubjects(
  call: Call,
): readonly { readonly context: RegistryContext; readonly subjects: readonly string[] }[] {
  const prefix = parseSubject(call.query.get("subjectPrefix") ?? `:${anyContext}:`, call.context);
  return [...call.registry.state.contexts.values()]
    .filter(({ name }) => prefix.context === anyContext || prefix.context === name)
    .map((context) => ({
      context,
      subjects: [...context.subjects.keys()].filter((subject) => subject.startsWith(prefix.subject)),
    }));
}

function listSubjects(call: Call): readonly string[] {
  const isShown = shownBy(call);
  const isOnlyDeleted = isAsked(call, "deletedOnly");
  const found = selectSubjects(call).flatMap(({ context, subjects }) =>
    subjects
      .filter((subject) => {
        const versions = context.subjects.get(subject) ?? [];
        return isOnlyDeleted ? versions.every(isShown) : versions.some(isShown);
      })
      .map((subject) => formatSubject({ context: context.name, subject })),
  );
  return page(call, found.sort());
}

function lookUp(call: Call): object {
  const name = aliasedSubjectOf(call);
  const { registry } = call;
  const versions = demandVersions(call, name, { deleted: isAsked(call, "deleted") });
  const given = readRegistration(call);
  const config = configInForce(registry.state, name, registry.options.compatibility);
  const isNormalized = isAsked(call, "normalize") || config.normalize === true;
  const { bareIdentity } = registry.schemas().read(given, name.context, isNormalized);
  const found = findSame(registry, {
    ...{ name, versions, isNormalized },
    // Who says nothing of metadata and rules asks for the text.
    identityFor: ({ metadata, ruleSet }) =>
      identityOf(bareIdentity, {
        metadata: given.metadata ?? metadata ?? null,
        ruleSet: given.ruleSet ?? ruleSet ?? null,
      }),
  });
  if (found === undefined) throw refusals.schemaNotFound();
  return showVersion(call, name, found);
}

function registerSchema(call: Call): object {
  const name = subjectOf(call);
  const { schema, version } = register(
    call.registry,
    name,
    readRegistration(call),
    isAsked(call, "normalize"),
  );
  if (!isEight(call.registry)) return { id: schema.id };
  return { id: schema.id, version, ...showSchema(call, schema, name.context) };
}

/** The newest version that has every one of the properties. */
function findByMetadata(call: Call): object {
  const name = aliasedSubjectOf(call);
  const versions = demandVersions(call, name, { deleted: isAsked(call, "deleted") });
  const values = call.query.getAll("value");
  const wanted = call.query.getAll("key").map((key, index) => [key, values[index] ?? ""] as const);
  const found = versions.findLast(({ schema }) =>
    wanted.every(([key, value]) => schema.metadata?.properties?.get(key) === value),
  );
  if (found === undefined) throw refusals.schemaNotFound();
  return showVersion(call, name, found);
}

function listVersions(call: Call): readonly number[] {
  const name = aliasedSubjectOf(call);
  const versions = demandVersions(call, name, {
    deleted: isAsked(call, "deleted") || isAsked(call, "deletedOnly"),
  }).filter(shownBy(call));
  if (versions.length === 0) throw refusals.subjectNotFound(formatSubject(name));
  return page(
    call,
    versions.map(({ version }) => version),
  );
}

function listReferrers(call: Call): readonly number[] {
  const name = aliasedSubjectOf(call);
  const { version } = demandVersion(call, name);
  const found = referencedBy(call.registry.state, name, version).filter(({ version: one }) =>
    shownBy(call)(one),
  );
  return page(
    call,
    [...new Set(found.map(({ version: one }) => one.schema.id))].sort((a, b) => a - b),
  );
}

const path = "/subjects/{subject}";

export const subjectRoutes: readonly Route[] = [
  { method: "GET", path: "/subjects", handle: (call) => json(listSubjects(call)) },
  { method: "POST", path, handle: (call) => json(lookUp(call)) },
  { method: "GET", path: `${path}/metadata`, handle: (call) => json(findByMetadata(call)) },
  { method: "GET", path: `${path}/versions`, handle: (call) => json(listVersions(call)) },
  { method: "POST", path: `${path}/versions`, handle: (call) => json(registerSchema(call)) },
  {
    method: "GET",
    path: `${path}/versions/{version}`,
    handle(call) {
      const name = aliasedSubjectOf(call);
      return json(showVersion(call, name, demandVersion(call, name)));
    },
  },
  {
    method: "GET",
    path: `${path}/versions/{version}/schema`,
    handle(call) {
      const name = aliasedSubjectOf(call);
      return showText(call, demandVersion(call, name).schema, name.context);
    },
  },
  {
    method: "GET",
    path: `${path}/versions/{version}/referencedby`,
    handle: (call) => json(listReferrers(call)),
  },
];
