import type { AvroRecord, AvroType, AvroUnion } from "../../../src/schema/avro/model.ts";
import { unionShape } from "../../../src/schema/avro/shape.ts";
import type { JsonBranch, JsonForm } from "../json-form.ts";

/** Plain, or as Avro's specification has it. */
export type AvroJsonStyle = "plain" | "avro";

/**
 * The JSON of an Avro type. Fields and symbols go by their names in the binary form, too, so those are judged there:
 * aliases help readers of JSON exactly as they help others.
 */
export function avroJsonForm(type: AvroType, style: AvroJsonStyle, path = ""): JsonForm {
  switch (type.kind) {
    case "record":
      return { kind: "object", identity: type, fields: () => fieldsOf(type, style, path) };
    case "array":
      return { kind: "list", of: avroJsonForm(type.items, style, `${path}/items`) };
    case "map":
      return { kind: "map", of: avroJsonForm(type.values, style, `${path}/values`) };
    case "union":
      return unionForm(type, style, path);
    case "enum":
      return { kind: "enum", identity: type, names: new Map(), path };
    default:
      return { kind: "plain", as: style === "plain" ? plainText(type) : avroText(type) };
  }
}

function fieldsOf(record: AvroRecord, style: AvroJsonStyle, path: string) {
  return record.fields.map((field, index) => {
    const at = `${path}/fields/${index}`;
    return { ids: [field.name, ...field.aliases], form: avroJsonForm(field.type, style, at), path: at };
  });
}

/** Whether null may stand there is judged as the wire; here it only matters how what is not null is written. */
function unionForm(union: AvroUnion, style: AvroJsonStyle, path: string): JsonForm {
  const shape = unionShape(union);
  const inner = shape.kind === "nullable" ? shape.branch : 0;
  const only = union.branches[inner];
  if (style === "plain" && shape.kind !== "tagged" && only !== undefined)
    return avroJsonForm(only, style, `${path}/${inner}`);
  const branches = union.branches.flatMap((branch, index): (readonly [string, JsonBranch])[] => {
    if (branch.kind === "null") return [];
    const id = "name" in branch ? branch.name : branch.kind;
    const tag = style === "plain" && shape.kind === "tagged" ? (shape.kinds[index] ?? id) : id;
    return [[id, { tag, form: avroJsonForm(branch, style, `${path}/${index}`) }]];
  });
  return { kind: "tagged", branches: new Map(branches) };
}

const bytes = "bytes in base64";

function plainText(type: AvroType): string {
  const { logical } = type;
  switch (logical?.kind) {
    case "timestamp-millis":
    case "local-timestamp-millis":
      return "a point in time as text";
    case "decimal":
      return "a decimal number as text";
    case "duration":
      return "a duration";
    case "date":
    case "uuid":
      return "text";
    default:
      return type.kind === "bytes" || type.kind === "fixed" ? bytes : scalarText(type);
  }
}

function avroText(type: AvroType): string {
  const isText = type.kind === "string" || type.kind === "bytes" || type.kind === "fixed";
  return isText ? "text" : scalarText(type);
}

function scalarText({ kind }: AvroType): string {
  if (kind === "string") return "text";
  if (kind === "boolean") return "true or false";
  return kind === "null" ? "null" : "a number";
}
