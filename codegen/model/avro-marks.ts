import type { AvroField, AvroType, JsonPath } from "../../src/schema/avro/model.ts";

/** Attributes that speak for a field, and where they stand. */
export interface MarkPlace {
  readonly attributes: ReadonlyMap<string, unknown>;
  readonly path: JsonPath;
}

/**
 * Where marks of a field may stand: at the field, and at its type or a part of it, which is where Avro IDL puts an
 * annotation that was written before the type. Attributes of a named type are the type's: other fields may use it, too.
 */
export function markPlaces({ attributes, path, referenceAttributes, type }: AvroField): readonly MarkPlace[] {
  const reference = { attributes: referenceAttributes ?? new Map(), path: [...path, "type"] };
  return [{ attributes, path }, reference, ...unnamedTypes(type)];
}

function unnamedTypes(type: AvroType): readonly MarkPlace[] {
  switch (type.kind) {
    case "record":
    case "enum":
    case "fixed":
      return [];
    case "array":
      return [type, ...unnamedTypes(type.items)];
    case "map":
      return [type, ...unnamedTypes(type.values)];
    case "union":
      return type.branches.flatMap(unnamedTypes);
    default:
      return [type];
  }
}

/** True where Confluent's tag marks what is sensitive. */
export function hasSensitiveTag(attributes: MarkPlace["attributes"]): boolean {
  const tags = attributes.get("confluent:tags");
  return Array.isArray(tags) && tags.includes("PII");
}
