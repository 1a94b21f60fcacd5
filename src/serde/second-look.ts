import { type Clock, sleep } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { RegisteredSchema, SchemaRegistry } from "../registry/port.ts";

/** How long a registry of several nodes is given to spread an id that one of them has just handed out. */
const secondLookMs = 1_000;

/**
 * The schema of an id. That there is none is believed only when the registry says so again a second later, past every
 * cache. @throws as `SchemaRegistry.schemaById`
 */
export async function schemaWithSecondLook(
  registry: SchemaRegistry,
  clock: Clock,
  id: number,
): Promise<RegisteredSchema> {
  try {
    return await registry.schemaById(id);
  } catch (error) {
    if (!isSchemaNotFound(error)) throw error;
  }
  await sleep(clock, secondLookMs);
  return registry.schemaById(id, { fresh: true });
}

export function isSchemaNotFound(error: unknown): boolean {
  return error instanceof KeryxError && error.code === "schema_not_found";
}
