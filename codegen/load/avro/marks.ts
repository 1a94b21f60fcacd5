import type { LongForm } from "../../../src/core/event.ts";
import { plainLongs } from "../../../src/schema/avro/longs.ts";
import type { AvroField, JsonPath } from "../../../src/schema/avro/model.ts";
import type { Diagnostic, RuleId } from "../../diagnostics.ts";
import { hasSensitiveTag, markPlaces } from "../../model/avro-marks.ts";
import { attribute } from "./wire.ts";

/** What our marks at a field say. */
export interface FieldMarks {
  readonly isSensitive: boolean;
  readonly long: LongForm | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

interface OwnMarks {
  readonly sensitive?: boolean;
  readonly long?: LongForm;
}

type Say = (message: string, rule: RuleId) => void;

/** Reads the marks of a field. Confluent's tag `PII` says the same as `sensitive`. */
export function readFieldMarks(
  field: AvroField,
  say: (message: string, rule: RuleId, path: JsonPath) => Diagnostic,
): FieldMarks {
  const diagnostics: Diagnostic[] = [];
  const add =
    (path: JsonPath): Say =>
    (message, rule) =>
      diagnostics.push(say(message, rule, path));
  const sensitive = new Set<boolean>();
  const longs = new Set<LongForm>();
  for (const { attributes, path } of markPlaces(field)) {
    const own = readOwn(attributes.get(attribute), add(field.path));
    if (own.sensitive !== undefined) sensitive.add(own.sensitive);
    if (hasSensitiveTag(attributes)) sensitive.add(true);
    if (own.long === undefined) continue;
    if (plainLongs(field.type).length > 0) longs.add(own.long);
    else add([...path, attribute, "long"])(`it holds no plain \`long\`.`, "long-mark-misplaced");
  }
  if (sensitive.size > 1)
    add(field.path)("it is marked both as sensitive and as not sensitive.", "option-conflict");
  if (longs.size > 1)
    add(field.path)("its longs are marked both as NUMBER and as STRING.", "option-conflict");
  const [long] = longs;
  return { isSensitive: sensitive.has(true), long, diagnostics };
}

function readOwn(value: unknown, say: Say): OwnMarks {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    say(`the attribute \`${attribute}\` of a field is an object.`, "option-invalid");
    return {};
  }
  let marks: OwnMarks = {};
  for (const [key, inner] of Object.entries(value))
    if (key === "sensitive")
      if (typeof inner === "boolean") marks = { ...marks, sensitive: inner };
      else say("`sensitive` is true or false.", "option-invalid");
    else if (key === "long")
      if (inner === "NUMBER" || inner === "STRING") marks = { ...marks, long: inner };
      else say("`long` is NUMBER or STRING.", "option-invalid");
    else say(`a field has no option ${JSON.stringify(key)}.`, "option-unknown");
  return marks;
}
