import type { Answer, Call } from "../http/route.ts";
import { isEight } from "../registry.ts";
import { toPlainContract } from "../state/contracts.ts";
import { formatSubject, type SubjectName } from "../state/names.ts";
import type { StoredSchema, StoredVersion } from "../state/state.ts";

/** How schemas and versions look in answers. Null and empty members are left out. */

export function showSchema(call: Call, schema: StoredSchema, context: string): object {
  const isFull = isEight(call.registry);
  const { type, references, metadata, ruleSet, guid } = schema;
  return {
    ...(isFull ? { guid } : {}),
    ...(isFull || type !== "AVRO" ? { schemaType: type } : {}),
    schema: textOf(call, schema, context),
    ...(references.length === 0 ? {} : { references }),
    ...(metadata === undefined ? {} : { metadata: toPlainContract(metadata) }),
    ...(ruleSet === undefined ? {} : { ruleSet: toPlainContract(ruleSet) }),
  };
}

export function showVersion(
  call: Call,
  name: SubjectName,
  { version, schema, isDeleted }: StoredVersion,
): object {
  return {
    ...{ subject: formatSubject(name), version, id: schema.id },
    ...showSchema(call, schema, name.context),
    ...(isDeleted && isEight(call.registry) ? { deleted: true } : {}),
  };
}

/** The schema alone, as it is. */
export function showText(call: Call, schema: StoredSchema, context: string): Answer {
  return { kind: "text", text: textOf(call, schema, context) };
}

function textOf({ registry, query }: Call, schema: StoredSchema, context: string): string {
  return query.get("format") === "serialized"
    ? registry.schemas().serialized(schema, context)
    : schema.schema;
}
