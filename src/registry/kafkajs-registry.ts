import { type Clock, systemClock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { Observe } from "../core/signals.ts";
import { readGuid, readId, readLevel, readOptionalVersion, readSchema, readVersion } from "./answers.ts";
import { type CacheOptions, createCachedRegistry } from "./cached.ts";
import { isNoneUnset, registryDefaults } from "./options.ts";
import type { SchemaDefinition, SchemaRegistry } from "./port.ts";
import { sanitize } from "./sanitize.ts";

/**
 * What the adapter asks of an instance of `@kafkajs/confluent-schema-registry` 4.x. Stated by shape, so that neither
 * this file nor its declarations need the package.
 */
export interface KafkajsSchemaRegistry {
  getRegistryId(subject: string, version: number | string): Promise<number>;
  getLatestSchemaId(subject: string): Promise<number>;
}

export interface KafkajsRegistryOptions extends Partial<CacheOptions> {
  /** As `registry.normalize`. Default true. */
  readonly normalize?: boolean;
  /** As `registry.dialect`. Default `confluent-8`. */
  readonly dialect?: string;
}

/** The HTTP resources inside an instance: private there, and the only way to send references and fetch texts. */
interface Resources {
  readonly Schema: { readonly find: Call };
  readonly Subject: Readonly<
    Record<"all" | "version" | "register" | "registered" | "config" | "updateConfig", Call>
  >;
}
type Call = (parameters: Readonly<Record<string, unknown>>) => Promise<{ data(): unknown }>;

/**
 * Uses a team's existing registry client, with its agent, middlewares, credentials and retries, as our registry.
 * Only its requests are used: its codecs are not, since they compile what they fetch, write Protobuf without message
 * indexes and strip leading zero bytes when reading. Data that it wrote: Avro is read as any other; Protobuf only with
 * `protobufWithoutIndexes`.
 *
 * Weaker than our own client: a request under way cannot be cancelled, there is one URL only, and the library hides the
 * registry's error code, so "not found" costs one more request that makes sure that a registry said it.
 * @throws KeryxError `capability_missing` when the instance is not one of a version that is known to work
 */
export function createKafkajsRegistry(
  instance: KafkajsSchemaRegistry,
  observe: Observe,
  options: KafkajsRegistryOptions = {},
  clock: Clock = systemClock,
): SchemaRegistry {
  const { normalize = true, dialect = registryDefaults.dialect, ...cache } = options;
  const source = createPlainRegistry(resourcesOf(instance), {
    query: normalize ? { normalize: true } : {},
    noneIsUnset: isNoneUnset(dialect),
  });
  return createCachedRegistry(source, { ...registryDefaults, ...cache }, { observe, clock });
}

function createPlainRegistry(
  resources: Resources,
  flavour: { readonly query: Readonly<Record<string, unknown>>; readonly noneIsUnset: boolean },
): SchemaRegistry {
  const { Schema, Subject } = resources;

  /** The body of an answer, or undefined when the registry says that the thing is not there. */
  async function find(call: Call, parameters: object, what: string, signal?: AbortSignal): Promise<unknown> {
    if (signal?.aborted) throw new KeryxError("aborted", `${what}: called off`, { cause: signal.reason });
    try {
      return (await call({ ...parameters })).data();
    } catch (error) {
      if (statusOf(error) === 404 && (await isRegistry())) return undefined;
      throw toFailure(error, what);
    }
  }

  /** A proxy's 404 looks like the registry's own; only a registry has a list of subjects. */
  async function isRegistry(): Promise<boolean> {
    return Subject.all({}).then(
      (answer) => Array.isArray(answer.data()),
      () => false,
    );
  }

  async function demand(
    call: Call,
    parameters: object,
    what: string,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const body = await find(call, parameters, what, signal);
    if (body === undefined) throw new KeryxError("schema_not_found", `${what}: the registry has none`);
    return body;
  }

  const lookup: SchemaRegistry["lookup"] = async (subject, schema, signal) => {
    const parameters = { subject, ...flavour.query, body: toBody(schema) };
    const body = await find(Subject.registered, parameters, `looking up a schema of ${subject}`, signal);
    return body === undefined ? undefined : readVersion(body, subject);
  };
  return {
    cachedSchema: () => undefined,
    async schemaById(id, { signal } = {}) {
      if (!Number.isInteger(id) || id < 0)
        throw new KeryxError("schema_not_found", `no schema can have id ${id}`);
      return readSchema(await demand(Schema.find, { id }, `fetching schema ${id}`, signal), id);
    },
    schemaByGuid: async (guid) => {
      throw new KeryxError("schema_not_found", `this registry client cannot ask for the GUID ${guid}`);
    },
    async schemaByVersion(subject, version, signal) {
      const what = `fetching version ${version} of ${subject}`;
      const body = await demand(Subject.version, { subject, version }, what, signal);
      return { ...readSchema(body, readId(body)), ...readVersion(body, subject) };
    },
    lookup,
    async register(subject, schema, signal) {
      const parameters = { subject, ...flavour.query, body: toBody(schema) };
      const body = await demand(Subject.register, parameters, `registering a schema of ${subject}`, signal);
      const version = readOptionalVersion(body);
      if (version !== undefined) return { subject, version, id: readId(body), ...readGuid(body) };
      const found = await lookup(subject, schema, signal);
      if (!found) throw new KeryxError("registry_error", `${subject}: a schema just registered is not found`);
      return found;
    },
    async subjectLevel(subject, signal) {
      const body = await find(Subject.config, { subject }, `reading the level of ${subject}`, signal);
      const level = body === undefined ? undefined : readLevel(body);
      return level === "NONE" && flavour.noneIsUnset ? undefined : level;
    },
    async setSubjectLevel(subject, level, signal) {
      const parameters = { subject, body: { compatibility: level } };
      await demand(Subject.updateConfig, parameters, `setting the level of ${subject} to ${level}`, signal);
    },
    async hasSubject(subject, signal) {
      // The library has no resource for the list of versions; the newest one tells as much.
      const parameters = { subject, version: "latest" };
      const body = await find(Subject.version, parameters, `reading the versions of ${subject}`, signal);
      return body !== undefined;
    },
    close: async () => {},
  };
}

function toBody(schema: SchemaDefinition): unknown {
  return {
    schema: schema.schema,
    ...(schema.type === "AVRO" ? {} : { schemaType: schema.type }),
    ...(schema.references.length === 0 ? {} : { references: schema.references }),
  };
}

function resourcesOf(instance: KafkajsSchemaRegistry): Resources {
  const api = (instance as { readonly api?: Partial<Resources> }).api;
  const calls = [
    api?.Schema?.find,
    ...(["all", "version", "register", "registered", "config", "updateConfig"] as const).map(
      (name) => api?.Subject?.[name],
    ),
  ];
  if (calls.every((call) => typeof call === "function")) return api as Resources;
  throw new KeryxError(
    "capability_missing",
    "this is not a SchemaRegistry of @kafkajs/confluent-schema-registry 4",
    {
      help: "Pass an instance of version 4.1, or give `registry.url` and let Keryx ask the registry itself.",
    },
  );
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { readonly status?: unknown } | null)?.status;
  return typeof status === "number" ? status : undefined;
}

function toFailure(error: unknown, what: string): KeryxError {
  const status = statusOf(error);
  const said = error instanceof Error ? sanitize(error.message) : "";
  const message = `${what}: ${said}`;
  const options = { cause: error, details: status === undefined ? {} : { status } };
  switch (status) {
    case 401:
    case 403:
      return new KeryxError("registry_unauthorized", message, options);
    case 404:
      return new KeryxError("registry_error", message, options);
    case 409:
      return new KeryxError("schema_incompatible", message, options);
    case 422:
      return new KeryxError("schema_invalid", message, options);
    // The library's HTTP layer reports every connection failure as a 400, which registries do not use.
    case 400:
    case 408:
    case 429:
    case undefined:
      return new KeryxError("registry_unreachable", message, options);
    default:
      return new KeryxError(status >= 500 ? "registry_unreachable" : "registry_error", message, options);
  }
}
