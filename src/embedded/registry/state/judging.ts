import type { Dialect } from "../../../compatibility/dialects.ts";
import { checkCompatibility } from "../../../compatibility/engine.ts";
import { formatRegistryMessages } from "../../../compatibility/messages.ts";
import type { ParsedSchema } from "../../../compatibility/parsed.ts";
import type { CompatibilityLevel } from "../../../core/event.ts";
import type { ReadSchema } from "./content.ts";
import type { SchemaMetadata, StoredSchema, StoredVersion, SubjectConfig } from "./state.ts";

/** What is in force where a schema is judged. */
export interface JudgingRules {
  readonly context: string;
  readonly config: SubjectConfig & { readonly compatibility: CompatibilityLevel };
}

export interface Judging extends JudgingRules {
  readonly parsed: (schema: StoredSchema, context: string) => ParsedSchema;
  readonly dialect: Dialect;
}

export interface Judgement {
  readonly isCompatible: boolean;
  /** What a registry says of an incompatible schema; empty otherwise. */
  readonly messages: readonly string[];
}

/** Asks the engine whether the schema may follow these versions, at the level in force. */
export function judge(
  { parsed: parsedOf, dialect, context, config }: Judging,
  { content, parsed }: ReadSchema,
  versions: readonly StoredVersion[],
): Judgement {
  const { compatibility: level, compatibilityGroup, validateFields = false } = config;
  const groupOf = (metadata: SchemaMetadata | undefined): string =>
    metadata?.properties?.get(compatibilityGroup ?? "") ?? "";
  const { registry } = checkCompatibility({
    history: versions.map(({ schema }) => ({
      schema: parsedOf(schema, context),
      group: groupOf(schema.metadata),
    })),
    schema: parsed,
    level,
    dialect,
    ...(compatibilityGroup === undefined ? {} : { compatibilityGroup: groupOf(content.metadata) }),
  });
  const failed = versions[registry.differences.find(({ compatible }) => !compatible)?.against ?? -1];
  if (registry.compatible || failed === undefined) return { isCompatible: registry.compatible, messages: [] };
  const { version, schema } = failed;
  const about = { type: content.type, version, schema: schema.schema, level, validateFields };
  return { isCompatible: false, messages: formatRegistryMessages(registry.differences, about) };
}
