import type { CompatibilityLevel } from "../core/event.ts";
import type { Difference } from "./difference.ts";

/** What a registry says besides the differences. */
export interface RegistryMessageContext {
  readonly type: "AVRO" | "PROTOBUF";
  /** Number of the version that failed, as the subject counts it. */
  readonly version: number;
  /** Text of that version. */
  readonly schema: string;
  readonly level: CompatibilityLevel;
  /** The subject's setting of that name. Default false. */
  readonly validateFields?: boolean;
}

const maxSchemaLength = 10_240;

/**
 * The verbose answer of a registry that refuses a schema: a line for each incompatible difference, then the version
 * that failed. Empty when nothing is incompatible.
 */
export function formatRegistryMessages(
  differences: readonly Difference[],
  context: RegistryMessageContext,
): readonly string[] {
  const incompatible = differences.filter(({ compatible }) => !compatible);
  if (incompatible.length === 0) return [];
  // Nothing was compared, so there is no version to show.
  const whole = incompatible.find(({ kind }) => kind === "SCHEMA_TYPE_CHANGED");
  if (whole !== undefined) return [whole.message];
  return [
    ...incompatible.map((difference) => format(difference, context.type)),
    `{oldSchemaVersion: ${context.version}}`,
    `{oldSchema: '${context.schema.slice(0, maxSchemaLength)}'}`,
    `{validateFields: '${context.validateFields === true}', compatibility: '${context.level}'}`,
  ];
}

function format({ kind, path, message }: Difference, type: RegistryMessageContext["type"]): string {
  if (kind === "EXCEPTION") return message;
  if (type === "PROTOBUF") return `{errorType:"${kind}", description:"${message}"}`;
  const description = `${avroDescriptions.get(kind) ?? "The schemas differ"} at path '${path}'`;
  return `{errorType:'${kind}', description:'${description}', additionalInfo:'${message}'}`;
}

const avroDescriptions: ReadonlyMap<string, string> = new Map([
  ["NAME_MISMATCH", "The name of the reading type is not that of the written one, and no alias leads to it"],
  ["TYPE_MISMATCH", "The reading type cannot take what the written type holds"],
  [
    "READER_FIELD_MISSING_DEFAULT_VALUE",
    "The reading schema has a field that was not written and has no default",
  ],
  ["MISSING_ENUM_SYMBOLS", "The reading enum lacks symbols that were written and has no default"],
  ["FIXED_SIZE_MISMATCH", "The reading fixed has another size than the written one"],
  ["MISSING_UNION_BRANCH", "The reading union has no branch for a type that was written"],
]);
