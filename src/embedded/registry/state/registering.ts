import { guidOf } from "../../../schema/guid.ts";
import { refusals } from "../refusals.ts";
import type { Registry } from "../registry.ts";
import type { GivenSchema, ReadSchema } from "./content.ts";
import { mergeMetadata, mergeRuleSets } from "./contracts.ts";
import { formatSubject, isSubject, type SubjectName } from "./names.ts";
import { configInForce, isReadOnly, modeInForce } from "./settings.ts";
import {
  contextAt,
  dropVersions,
  keepVersion,
  type Mode,
  openContext,
  type RegistryContext,
  type SchemaContent,
  type StoredSchema,
  type StoredVersion,
  type SubjectConfig,
  versionsOf,
} from "./state.ts";

export interface Registration extends GivenSchema {
  /** Wanted numbers, for copies of other registries; they need the mode IMPORT. */
  readonly id?: number;
  readonly version?: number;
}

/** Registers a schema, or finds it where it is registered already. @throws RegistryRefusal */
export function register(
  registry: Registry,
  name: SubjectName,
  given: Registration,
  isNormalizing: boolean,
): StoredVersion {
  if (!isSubject(name)) throw refusals.invalidSubject();
  const { state, schemas, options } = registry;
  const mode = checkMode(registry, name, given);
  const config = configInForce(state, name, options.compatibility);
  const isNormalized = isNormalizing || config.normalize === true;
  const history = versionsOf(contextAt(state, name.context), name.subject, { deleted: false });
  const found = schemas().read(
    { ...given, ...contractOf(config, given, history) },
    name.context,
    isNormalized,
  );
  const { identity } = found.content;
  const same = findSame(registry, { name, versions: history, isNormalized, identityFor: () => identity });
  if (same !== undefined && (given.id === undefined || given.id === same.schema.id)) return same;
  if (same !== undefined) throw refusals.idMismatch(given.id ?? 0, same.schema.id);
  if (mode !== "IMPORT") check(registry, name, found, history);
  return keep(openContext(state, name.context), name, found.content, given, mode);
}

/** Metadata and rules: what a request does not say stays as it was, between the defaults and what overrides. */
function contractOf(
  config: SubjectConfig,
  given: GivenSchema,
  history: readonly StoredVersion[],
): Pick<GivenSchema, "metadata" | "ruleSet"> {
  const previous = history.at(-1)?.schema;
  const { defaultMetadata, overrideMetadata, defaultRuleSet, overrideRuleSet } = config;
  const metadata = mergeMetadata(defaultMetadata, given.metadata ?? previous?.metadata, overrideMetadata);
  const ruleSet = mergeRuleSets(defaultRuleSet, given.ruleSet ?? previous?.ruleSet, overrideRuleSet);
  return { ...(metadata === undefined ? {} : { metadata }), ...(ruleSet === undefined ? {} : { ruleSet }) };
}

function checkMode({ state }: Registry, name: SubjectName, { id }: Registration): Mode {
  const mode = modeInForce(state, name);
  const subject = formatSubject(name);
  if (isReadOnly(mode)) throw refusals.notPermitted(`Subject ${subject} is in read-only mode`);
  if (id !== undefined && mode !== "IMPORT")
    throw refusals.notPermitted(`Subject ${subject} is not in import mode`);
  if (id === undefined && mode !== "READWRITE")
    throw refusals.notPermitted(`Subject ${subject} is not in read-write mode`);
  return mode;
}

export interface Sought {
  readonly name: SubjectName;
  readonly versions: readonly StoredVersion[];
  readonly isNormalized: boolean;
  /** The identity that a stored schema has when it is the one. */
  readonly identityFor: (schema: StoredSchema) => string;
}

/** The newest of the versions that are the sought schema. */
export function findSame(
  { schemas }: Pick<Registry, "schemas">,
  { name, versions, isNormalized, identityFor }: Sought,
): StoredVersion | undefined {
  return versions.findLast(({ schema }) => {
    const identity = identityFor(schema);
    if (schema.identity === identity) return true;
    return isNormalized && schemas().normalIdentity(schema, name.context) === identity;
  });
}

function check(
  { state, schemas, options }: Registry,
  name: SubjectName,
  found: ReadSchema,
  history: readonly StoredVersion[],
): void {
  const config = configInForce(state, name, options.compatibility);
  const { isCompatible, messages } = schemas().judge(found, history, { context: name.context, config });
  if (!isCompatible) throw refusals.incompatible(options.dialect.refusalCode, formatSubject(name), messages);
}

function keep(
  context: RegistryContext,
  { subject }: SubjectName,
  content: SchemaContent,
  { id: wantedId, version: wanted }: Registration,
  mode: Mode,
): StoredVersion {
  const all = versionsOf(context, subject, { deleted: true });
  const next = (all.at(-1)?.version ?? 0) + 1;
  const version = wanted === undefined || wanted < 1 ? next : wanted;
  if (version !== next && mode !== "IMPORT")
    throw refusals.invalidSchema("Invalid schema: the version is not one more than the previous version");
  const kept: StoredVersion = {
    version,
    schema: chooseSchema(context, content, wantedId),
    isDeleted: false,
  };
  // The new version takes the place of softly deleted ones that are the same schema.
  dropVersions(context, subject, (one) => one.isDeleted && one.schema.id === kept.schema.id);
  keepVersion(context, subject, kept);
  return kept;
}

function chooseSchema(
  context: RegistryContext,
  content: SchemaContent,
  wanted: number | undefined,
): StoredSchema {
  const known = context.byIdentity.get(content.identity);
  if (known !== undefined && (wanted === undefined || wanted === known.id)) return known;
  const id = wanted ?? context.lastId + 1;
  const taken = context.schemas.get(id);
  if (taken !== undefined && taken.identity !== content.identity)
    throw refusals.notPermitted(`Overwrite new schema with id ${id} is not permitted.`);
  return taken ?? { ...content, id, guid: guidOf(content) };
}
