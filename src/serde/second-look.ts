import { type Clock, sleep } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { SchemaKey } from "../core/record.ts";
import type { RegisteredSchema, SchemaRegistry, SchemaRequest } from "../registry/port.ts";

/** How long a registry of several nodes is given to spread an id that one of them has just handed out. */
const secondLookMs = 1_000;

/**
 * The schema of an id or GUID. That there is none is believed only when the registry says so again a second later, past every
 * cache. @throws as `SchemaRegistry.schemaById`
 */
export async function schemaWithSecondLook(
  registry: SchemaRegistry,
  clock: Clock,
  key: SchemaKey,
): Promise<RegisteredSchema> {
  try {
    return await schemaOf(registry, key);
  } catch (error) {
    if (!isSchemaNotFound(error)) throw error;
  }
  await sleep(clock, secondLookMs);
  return schemaOf(registry, key, { fresh: true });
}

function schemaOf(
  registry: SchemaRegistry,
  key: SchemaKey,
  request: SchemaRequest = {},
): Promise<RegisteredSchema> {
  return typeof key === "number" ? registry.schemaById(key, request) : registry.schemaByGuid(key, request);
}

export function isSchemaNotFound(error: unknown): boolean {
  return error instanceof KeryxError && error.code === "schema_not_found";
}
