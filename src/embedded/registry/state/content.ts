import type { ParsedSchema } from "../../../compatibility/parsed.ts";
import type { SchemaContent } from "./state.ts";

/** A schema as a request brings it. */
export type GivenSchema = Pick<SchemaContent, "type" | "schema" | "references" | "metadata" | "ruleSet">;

/** A given schema in the registry's own text. */
export interface ReadSchema {
  readonly content: SchemaContent;
  /** Identity without metadata and rules. */
  readonly bareIdentity: string;
  readonly parsed: ParsedSchema;
}
