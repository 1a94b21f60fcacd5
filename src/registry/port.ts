import type { CompatibilityLevel } from "../core/event.ts";
import type { SchemaKey } from "../core/record.ts";

export type SchemaType = "AVRO" | "PROTOBUF" | "JSON";

/** A reference as the registry keeps it: the name in the text, and where the registered schema stands. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

export interface SchemaDefinition {
  readonly type: SchemaType;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

/** A schema as the registry returned it: its text is the registry's, not the file's. */
export interface RegisteredSchema extends SchemaDefinition {
  /** 0 where the registry was asked by GUID and did not say. */
  readonly id: number;
  readonly guid?: string;
}

/** A schema in its place under a subject. */
export interface RegisteredVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly guid?: string;
}

export interface SchemaRequest {
  readonly signal?: AbortSignal;
  /** Past every cache, negative ones included. */
  readonly fresh?: boolean;
}

/** A schema registry behind Keryx' own words. Answers are untrusted text and are bounded before use. */
export interface SchemaRegistry {
  /**
   * The schema of an id or GUID when it is at hand, without I/O; the hot path reads this first.
   */
  cachedSchema(key: SchemaKey): RegisteredSchema | undefined;
  /** @throws `schema_not_found` when the registry answered that the id does not exist, `registry_unreachable`, `registry_unauthorized` */
  schemaById(id: number, options?: SchemaRequest): Promise<RegisteredSchema>;
  /** The schema of a GUID. Registries before Confluent's 8.0 have none. @throws as `schemaById` */
  schemaByGuid(guid: string, options?: SchemaRequest): Promise<RegisteredSchema>;
  /** The text of one version of a subject, for references. @throws as `schemaById` */
  schemaByVersion(
    subject: string,
    version: number,
    signal?: AbortSignal,
  ): Promise<RegisteredSchema & RegisteredVersion>;
  /** Finds a schema by content. Undefined when the subject or the schema is not there. */
  lookup(
    subject: string,
    schema: SchemaDefinition,
    signal?: AbortSignal,
  ): Promise<RegisteredVersion | undefined>;
  /** Registers, or finds the same schema registered before. @throws `schema_incompatible`, `schema_invalid` */
  register(subject: string, schema: SchemaDefinition, signal?: AbortSignal): Promise<RegisteredVersion>;
  /** The subject's own level; undefined when none is set on it. */
  subjectLevel(subject: string, signal?: AbortSignal): Promise<CompatibilityLevel | undefined>;
  /** Sets the subject's own level. @throws `registry_unreachable`, `registry_unauthorized`, `registry_error` */
  setSubjectLevel(subject: string, level: CompatibilityLevel, signal?: AbortSignal): Promise<void>;
  /** True when the subject has at least one version. */
  hasSubject(subject: string, signal?: AbortSignal): Promise<boolean>;
  /** Cancels what is under way. Safe to call twice. */
  close(): Promise<void>;
}
