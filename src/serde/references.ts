import { decodeError } from "../core/errors.ts";
import type { RegisteredSchema, SchemaReference, SchemaRegistry } from "../registry/port.ts";
import { schemaLimits } from "../schema/limits.ts";
import { isSchemaNotFound } from "./second-look.ts";

/**
 * The schemas that an Avro schema refers to, each behind those that it refers to itself, each once.
 * Protobuf needs none: message names and indexes stand in the text alone.
 * @throws KeryxError `decode_failed` when there are too many, one is missing, or they go in circles
 */
export async function fetchReferences(
  registry: SchemaRegistry,
  schema: RegisteredSchema,
): Promise<readonly RegisteredSchema[]> {
  if (schema.type !== "AVRO") return [];
  const found = new Map<string, RegisteredSchema>();
  const open = new Set<string>();
  const add = async (references: readonly SchemaReference[]): Promise<void> => {
    for (const reference of references) {
      const key = `${reference.subject}\n${reference.version}`;
      if (found.has(key)) continue;
      if (open.has(key))
        throw decodeError("incompatible", `the writer's schema ${schema.id} refers to itself`);
      if (open.size + found.size >= schemaLimits.references)
        throw decodeError("incompatible", `the writer's schema ${schema.id} has too many references`);
      open.add(key);
      const referred = await fetchReference(registry, reference);
      await add(referred.references);
      open.delete(key);
      found.set(key, referred);
    }
  };
  await add(schema.references);
  return [...found.values()];
}

async function fetchReference(
  registry: SchemaRegistry,
  { subject, version }: SchemaReference,
): Promise<RegisteredSchema> {
  try {
    return await registry.schemaByVersion(subject, version);
  } catch (error) {
    if (!isSchemaNotFound(error)) throw error;
    throw decodeError("unknown-schema", "a schema that the writer's schema refers to is gone", {
      cause: error,
      details: { subject, version },
    });
  }
}
