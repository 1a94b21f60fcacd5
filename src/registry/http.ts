import { type Clock, systemClock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { Observe } from "../core/signals.ts";
import {
  readErrorCode,
  readGuid,
  readId,
  readLevel,
  readOptionalId,
  readOptionalVersion,
  readSchema,
  readVersion,
} from "./answers.ts";
import { createCachedRegistry } from "./cached.ts";
import { createRegistryClient, type RegistryClient } from "./client.ts";
import { isAbsent } from "./failures.ts";
import {
  isNoneUnset,
  type RegistryOptions,
  type ResolvedRegistryOptions,
  resolveRegistryOptions,
} from "./options.ts";
import type { SchemaDefinition, SchemaRegistry } from "./port.ts";

/** Subject without a level of its own; some servers say "no such subject" instead. */
const noLevel = new Set([40401, 40408]);

/**
 * The client of a Confluent-compatible registry, caches included.
 * @throws KeryxError `config_invalid`
 */
export function createHttpRegistry(
  options: RegistryOptions,
  observe: Observe,
  parts: { readonly clock?: Clock; readonly random?: () => number } = {},
): SchemaRegistry {
  const resolved = resolveRegistryOptions(options);
  const clock = parts.clock ?? systemClock;
  const client = createRegistryClient(resolved, { observe, clock, random: parts.random ?? Math.random });
  return createRegistryOver(client, resolved, { observe, clock });
}

/** The registry behind a client that somebody asks other questions, too. */
export function createRegistryOver(
  client: RegistryClient,
  options: ResolvedRegistryOptions,
  parts: { readonly observe: Observe; readonly clock: Clock },
): SchemaRegistry {
  const flavour = {
    query: options.normalize ? "?normalize=true" : "",
    noneIsUnset: isNoneUnset(options.dialect, client.url),
  };
  return createCachedRegistry(createPlainRegistry(client, flavour), options, parts);
}

function createPlainRegistry(
  client: RegistryClient,
  flavour: { readonly query: string; readonly noneIsUnset: boolean },
): SchemaRegistry {
  const { query } = flavour;
  const lookup: SchemaRegistry["lookup"] = async (subject, schema, signal) => {
    const what = `looking up a schema of ${subject}`;
    const path = `/subjects/${toSegment(subject)}${query}`;
    const answer = await client.ask({ method: "POST", path, body: toBody(schema) }, what, signal);
    if (isAbsent(answer)) return undefined;
    if (answer.status !== 200) throw client.refusal(answer, what);
    return readVersion(answer.body, subject);
  };
  return {
    cachedSchema: () => undefined,
    async schemaById(id, options = {}) {
      // An id from a hostile frame may be any 32 bits; the registry gives out positive ones only.
      if (!Number.isInteger(id) || id < 0)
        throw new KeryxError("schema_not_found", `no schema can have id ${id}`);
      const request = { method: "GET", path: `/schemas/ids/${id}` } as const;
      return readSchema(await client.demand(request, `fetching schema ${id}`, options.signal), id);
    },
    async schemaByGuid(guid, { signal } = {}) {
      const what = `fetching the schema ${guid}`;
      const request = { method: "GET", path: `/schemas/guids/${encodeURIComponent(guid)}` } as const;
      const answer = await client.ask(request, what, signal);
      // An older registry has no such route: nothing there has a GUID. A proxy's 404 says nothing.
      if (answer.status === 404 && (isAbsent(answer) || (await isRegistry(client, signal))))
        throw new KeryxError("schema_not_found", `the registry knows no schema ${guid}`);
      if (answer.status !== 200) throw client.refusal(answer, what);
      return readSchema(answer.body, readOptionalId(answer.body));
    },
    async schemaByVersion(subject, version, signal) {
      const path = `/subjects/${toSegment(subject)}/versions/${version}`;
      const what = `fetching version ${version} of ${subject}`;
      const body = await client.demand({ method: "GET", path }, what, signal);
      return { ...readSchema(body, readId(body)), ...readVersion(body, subject) };
    },
    lookup,
    async register(subject, schema, signal) {
      const path = `/subjects/${toSegment(subject)}/versions${query}`;
      const request = { method: "POST", path, body: toBody(schema) } as const;
      const body = await client.demand(request, `registering a schema of ${subject}`, signal);
      const version = readOptionalVersion(body);
      const id = readId(body);
      if (version !== undefined) return { subject, version, id, ...readGuid(body) };
      const found = await lookup(subject, schema, signal);
      if (!found) throw new KeryxError("registry_error", `${subject}: a schema just registered is not found`);
      return found;
    },
    async subjectLevel(subject, signal) {
      const what = `reading the level of ${subject}`;
      const answer = await client.ask({ method: "GET", path: `/config/${toSegment(subject)}` }, what, signal);
      if (answer.status === 404 && noLevel.has(readErrorCode(answer.body) ?? 0)) return undefined;
      if (answer.status !== 200) throw client.refusal(answer, what);
      const level = readLevel(answer.body);
      return level === "NONE" && flavour.noneIsUnset ? undefined : level;
    },
    async setSubjectLevel(subject, level, signal) {
      const request = {
        method: "PUT",
        path: `/config/${toSegment(subject)}`,
        body: { compatibility: level },
      } as const;
      await client.demand(request, `setting the level of ${subject} to ${level}`, signal);
    },
    async hasSubject(subject, signal) {
      const what = `reading the versions of ${subject}`;
      const path = `/subjects/${toSegment(subject)}/versions`;
      const answer = await client.ask({ method: "GET", path }, what, signal);
      if (isAbsent(answer)) return false;
      if (answer.status !== 200) throw client.refusal(answer, what);
      return Array.isArray(answer.body) && answer.body.length > 0;
    },
    close: async () => client.close(),
  };
}

/** Whether it is a registry that answers under our URL. */
async function isRegistry(client: RegistryClient, signal: AbortSignal | undefined): Promise<boolean> {
  const answer = await client.ask({ method: "GET", path: "/schemas/types" }, "asking for its types", signal);
  return answer.status === 200 && Array.isArray(answer.body);
}

/** A subject as one path segment: Protobuf import subjects hold slashes. @throws `config_invalid` */
export function toSegment(subject: string): string {
  // URLs resolve dots even when they are percent-encoded, so such a subject would name another resource.
  if (subject === "" || subject === "." || subject === ".." || /\p{Surrogate}/u.test(subject))
    throw new KeryxError("config_invalid", `${JSON.stringify(subject)} cannot be a subject`);
  return encodeURIComponent(subject);
}

/** A schema as requests carry it. */
export function toBody(schema: SchemaDefinition): unknown {
  return {
    schema: schema.schema,
    // Registries before 5.5 know Avro only and neither member.
    ...(schema.type === "AVRO" ? {} : { schemaType: schema.type }),
    ...(schema.references.length === 0 ? {} : { references: schema.references }),
  };
}
