import type { Dialect } from "../../../compatibility/dialects.ts";
import { checkCompatibility } from "../../../compatibility/engine.ts";
import { formatRegistryMessages } from "../../../compatibility/messages.ts";
import type { CompatibilityLevel } from "../../../core/event.ts";
import type { ReadSchema, Schemas } from "./schemas.ts";
import type { SchemaMetadata, StoredVersion, SubjectConfig } from "./state.ts";

export interface Judging {
  readonly schemas: Schemas;
  readonly dialect: Dialect;
  readonly context: string;
  readonly config: SubjectConfig & { readonly compatibility: CompatibilityLevel };
}

export interface Judgement {
  readonly isCompatible: boolean;
  /** What a registry says of an incompatible schema; empty otherwise. */
  readonly messages: readonly string[];
}

/** Asks the engine whether the schema may follow these versions, at the level in force. */
export function judge(
  { schemas, dialect, context, config }: Judging,
  { content, parsed }: ReadSchema,
  versions: readonly StoredVersion[],
): Judgement {
  const { compatibility: level, compatibilityGroup, validateFields = false } = config;
  const groupOf = (metadata: SchemaMetadata | undefined): string =>
    metadata?.properties?.get(compatibilityGroup ?? "") ?? "";
  const { registry } = checkCompatibility({
    history: versions.map(({ schema }) => ({
      schema: schemas.parsed(schema, context),
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
