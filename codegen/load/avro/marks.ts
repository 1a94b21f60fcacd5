import type { AvroField, AvroType, JsonPath } from "../../../src/schema/avro/model.ts";
import type { Diagnostic, RuleId } from "../../diagnostics.ts";
import { attribute } from "./wire.ts";

type Attributes = ReadonlyMap<string, unknown>;

interface FieldMark {
  readonly mark: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Whether a field is sensitive. The mark stands at the field, or at its type, where Avro IDL puts an annotation that
 * was written before the type. Confluent's tag `PII` says the same.
 */
export function readFieldMark(
  types: readonly AvroType[],
  field: AvroField,
  say: (message: string, rule: RuleId, path: JsonPath) => Diagnostic,
): FieldMark {
  const diagnostics: Diagnostic[] = [];
  const marks: boolean[] = [];
  // The attributes of a named type belong to the type, which other fields may use too.
  const unnamed = types.filter((type) => !("name" in type)).map((type) => type.attributes);
  const places = [field.attributes, field.referenceAttributes ?? new Map(), ...unnamed];
  for (const attributes of places) {
    const own = readOwn(attributes, (message, rule) => diagnostics.push(say(message, rule, field.path)));
    if (own !== undefined) marks.push(own);
    if (hasTag(attributes)) marks.push(true);
  }
  if (new Set(marks).size > 1)
    diagnostics.push(
      say("it is marked both as sensitive and as not sensitive.", "option-conflict", field.path),
    );
  return { mark: marks.includes(true), diagnostics };
}

function readOwn(attributes: Attributes, say: (message: string, rule: RuleId) => void): boolean | undefined {
  const value = attributes.get(attribute);
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    say(`the attribute \`${attribute}\` of a field is an object.`, "option-invalid");
    return undefined;
  }
  let mark: boolean | undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (key !== "sensitive") say(`a field has no option ${JSON.stringify(key)}.`, "option-unknown");
    else if (typeof inner !== "boolean") say("`sensitive` is true or false.", "option-invalid");
    else mark = inner;
  }
  return mark;
}

function hasTag(attributes: Attributes): boolean {
  const tags = attributes.get("confluent:tags");
  return Array.isArray(tags) && tags.includes("PII");
}
