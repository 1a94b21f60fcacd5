import { compareAvro } from "./avro.ts";
import type { Dialect } from "./dialects.ts";
import type { Difference, Direction } from "./difference.ts";
import type { ParsedSchema } from "./parsed.ts";
import { compareProtobuf } from "./protobuf.ts";

const typeChanged: Difference = {
  kind: "SCHEMA_TYPE_CHANGED",
  path: "/",
  message: "Incompatible because of different schema type",
  compatible: false,
};

const exception: Difference = {
  kind: "EXCEPTION",
  path: "/",
  message: "Unexpected exception during compatibility check",
  compatible: false,
};

/**
 * The differences of one pair; old reads new is the same comparison with its arguments swapped. Never throws: a
 * registry, too, answers "no" to what its comparison stumbles over.
 */
export function compareSchemas(
  older: ParsedSchema,
  newer: ParsedSchema,
  direction: Direction,
  dialect: Dialect,
): readonly Difference[] {
  const [from, to] = direction === "backward" ? [older, newer] : [newer, older];
  try {
    if (from.type === "AVRO" && to.type === "AVRO") return compareAvro(to.schema, from.schema);
    if (from.type === "PROTOBUF" && to.type === "PROTOBUF")
      return compareProtobuf(from.schema, to.schema, dialect);
  } catch {
    return [exception];
  }
  return [typeChanged];
}
