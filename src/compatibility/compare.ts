import { KeryxError } from "../core/errors.ts";
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

/** A difference that may bring better advice than its kind has. */
export type ComparedDifference = Difference & { readonly advice?: string };

/**
 * The differences of one pair; old reads new is the same comparison with its arguments swapped. Never throws: a
 * registry, too, answers "no" to what its comparison stumbles over.
 */
export function compareSchemas(
  older: ParsedSchema,
  newer: ParsedSchema,
  direction: Direction,
  dialect: Dialect,
): readonly ComparedDifference[] {
  const [from, to] = direction === "backward" ? [older, newer] : [newer, older];
  try {
    if (from.type === "AVRO" && to.type === "AVRO") return compareAvro(to.schema, from.schema);
    if (from.type === "PROTOBUF" && to.type === "PROTOBUF")
      return compareProtobuf(from.schema, to.schema, dialect);
  } catch (error) {
    return [isLimit(error) ? { ...exception, advice: limitAdvice(error) } : exception];
  }
  return [typeChanged];
}

/** Is it one of our own bounds that was exceeded? */
export function isLimit(error: unknown): error is KeryxError {
  return error instanceof KeryxError && error.details["fault"] === "limit";
}

/** What to do when a comparison was given up. */
export function limitAdvice({ details }: KeryxError): string {
  return `Split the schema into smaller ones: the comparison was given up. ${String(details["message"] ?? "")}`.trim();
}
