import type { CompatibilityLevel } from "../../../core/event.ts";
import type { GuidParts } from "../../../schema/guid.ts";

export type SchemaMetadata = NonNullable<GuidParts["metadata"]>;
export type RuleSet = NonNullable<GuidParts["ruleSet"]>;
export type StoredReference = GuidParts["references"][number];

/** What a schema is, wherever it is registered. */
export interface SchemaContent extends GuidParts {
  readonly type: "AVRO" | "PROTOBUF";
  /** Equal for schemas that are the same to the registry. */
  readonly identity: string;
}

/** A schema with its id; one object for all subjects of a context. */
export interface StoredSchema extends SchemaContent {
  readonly id: number;
  readonly guid: string;
}

export interface StoredVersion {
  readonly version: number;
  readonly schema: StoredSchema;
  /** Softly: hidden, and its number stays taken. */
  readonly isDeleted: boolean;
}

export const modes = ["READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT", "FORWARD"] as const;
export type Mode = (typeof modes)[number];

/** What is set for a subject, a context or all; what is absent is looked for one level up. */
export interface SubjectConfig {
  readonly compatibility?: CompatibilityLevel;
  readonly alias?: string;
  readonly normalize?: boolean;
  readonly validateFields?: boolean;
  readonly validateNewSchemas?: boolean;
  readonly validateRules?: boolean;
  readonly compatibilityPolicy?: string;
  readonly compatibilityGroup?: string;
  readonly defaultMetadata?: SchemaMetadata;
  readonly overrideMetadata?: SchemaMetadata;
  readonly defaultRuleSet?: RuleSet;
  readonly overrideRuleSet?: RuleSet;
}

/** Ids and subjects of their own. */
export interface RegistryContext {
  readonly name: string;
  /** Versions by subject, ascending. A subject without any does not exist. */
  readonly subjects: Map<string, readonly StoredVersion[]>;
  readonly schemas: Map<number, StoredSchema>;
  readonly byIdentity: Map<string, StoredSchema>;
  readonly byGuid: Map<string, StoredSchema>;
  /** By subject; empty text: of the context. */
  readonly configs: Map<string, SubjectConfig>;
  readonly modes: Map<string, Mode>;
  lastId: number;
}

export interface RegistryState {
  readonly contexts: Map<string, RegistryContext>;
  config: SubjectConfig;
  mode: Mode | undefined;
}

export function createState(): RegistryState {
  return { contexts: new Map([[".", createContext(".")]]), config: {}, mode: undefined };
}

function createContext(name: string): RegistryContext {
  return {
    name,
    ...{ subjects: new Map(), schemas: new Map(), byIdentity: new Map(), byGuid: new Map() },
    ...{ configs: new Map(), modes: new Map() },
    lastId: 0,
  };
}

/** The context for reading; an empty one that is not kept when it does not exist. */
export function contextAt(state: RegistryState, name: string): RegistryContext {
  return state.contexts.get(name) ?? createContext(name);
}

/** The context for writing, made when it does not exist. */
export function openContext(state: RegistryState, name: string): RegistryContext {
  const context = contextAt(state, name);
  state.contexts.set(name, context);
  return context;
}

/** Versions of a subject, ascending. */
export function versionsOf(
  context: RegistryContext,
  subject: string,
  show: { readonly deleted: boolean },
): readonly StoredVersion[] {
  const versions = context.subjects.get(subject) ?? [];
  return show.deleted ? versions : versions.filter(({ isDeleted }) => !isDeleted);
}

/** Puts a version in, or in the place of the one with its number. */
export function keepVersion(context: RegistryContext, subject: string, one: StoredVersion): void {
  const others = (context.subjects.get(subject) ?? []).filter(({ version }) => version !== one.version);
  context.subjects.set(
    subject,
    [...others, one].sort((a, b) => a.version - b.version),
  );
  keepSchema(context, one.schema);
}

function keepSchema(context: RegistryContext, schema: StoredSchema): void {
  context.schemas.set(schema.id, schema);
  context.byIdentity.set(schema.identity, schema);
  if (!context.byGuid.has(schema.guid)) context.byGuid.set(schema.guid, schema);
  context.lastId = Math.max(context.lastId, schema.id);
}

/** Takes versions out for good, and the schemas that nothing else holds. */
export function dropVersions(
  context: RegistryContext,
  subject: string,
  isDropped: (version: StoredVersion) => boolean,
): void {
  const versions = context.subjects.get(subject) ?? [];
  const left = versions.filter((one) => !isDropped(one));
  if (left.length > 0) context.subjects.set(subject, left);
  else context.subjects.delete(subject);
  const gone = new Set(versions.filter(isDropped).map(({ schema }) => schema));
  for (const held of context.subjects.values()) for (const { schema } of held) gone.delete(schema);
  for (const schema of gone) {
    context.schemas.delete(schema.id);
    if (context.byIdentity.get(schema.identity) === schema) context.byIdentity.delete(schema.identity);
    if (context.byGuid.get(schema.guid) === schema) context.byGuid.delete(schema.guid);
  }
}
