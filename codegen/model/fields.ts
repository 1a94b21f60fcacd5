import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { longMark } from "../../src/schema/avro/longs.ts";
import type { AvroField, AvroRecord, AvroType } from "../../src/schema/avro/model.ts";
import { propertyName, unionShape } from "../../src/schema/avro/shape.ts";
import type { FieldPath } from "./model.ts";

/** A field of either format, as paths and marks see it. */
export interface FieldView {
  /** As written in the schema. */
  readonly name: string;
  /** Full name: the type's name, a dot, the field's name. */
  readonly id: string;
  /** Properties that lead to the value in the generated type. */
  readonly properties: readonly string[];
  readonly presence: "always" | "optional" | "many";
  /** Absent where the value has no text that could serve as key, id or time. */
  readonly leaf?: FieldPath["leaf"];
  /** Types whose fields lie inside; several where a union offers several. Paths go through `record` only. */
  readonly inside: readonly { readonly type: TypeView; readonly properties: readonly string[] }[];
}

/** A message or record, as paths and marks see it. */
export type TypeView = DescMessage | AvroRecord;

/** Fields in the order of the schema. */
export function fieldsOf(type: TypeView): readonly FieldView[] {
  return type.kind === "message"
    ? type.fields.map(protobufField)
    : type.fields.map((field) => avroField(type, field));
}

export function nameOf(type: TypeView): string {
  return type.kind === "message" ? type.typeName : type.name;
}

const timestamp = "google.protobuf.Timestamp";
const wrappers: Readonly<Record<string, FieldPath["leaf"] | undefined>> = {
  "google.protobuf.StringValue": "string",
  "google.protobuf.BoolValue": "boolean",
  "google.protobuf.Int32Value": "int",
  "google.protobuf.UInt32Value": "int",
  "google.protobuf.Int64Value": "bigint",
  "google.protobuf.UInt64Value": "bigint",
};

function protobufField(field: DescField): FieldView {
  const oneof = "oneof" in field ? field.oneof : undefined;
  const message = field.fieldKind === "message" || isOfMessages(field) ? field.message : undefined;
  const leaf = protobufLeaf(field);
  return {
    name: field.name,
    id: `${field.parent.typeName}.${field.name}`,
    properties: oneof ? [oneof.localName, "value"] : [field.localName],
    presence: protobufPresence(field),
    ...(leaf === undefined ? {} : { leaf }),
    inside: message === undefined || leaf !== undefined ? [] : [{ type: message, properties: [] }],
  };
}

function isOfMessages(field: DescField): field is DescField & { readonly message: DescMessage } {
  return (field.fieldKind === "list" || field.fieldKind === "map") && field.message !== undefined;
}

/** An unset sub-message counts as present: its fields then read as empty, which sending refuses. */
function protobufPresence(field: DescField): FieldView["presence"] {
  if (field.fieldKind === "list" || field.fieldKind === "map") return "many";
  if (field.oneof !== undefined) return "optional";
  if (field.fieldKind === "message")
    return Object.hasOwn(wrappers, field.message.typeName) ? "optional" : "always";
  return field.presence === FeatureSet_FieldPresence.EXPLICIT ? "optional" : "always";
}

function protobufLeaf(field: DescField): FieldPath["leaf"] | undefined {
  if (field.fieldKind === "enum") return "enum";
  if (field.fieldKind === "message") {
    if (field.message.typeName === timestamp) return "timestamp";
    return Object.hasOwn(wrappers, field.message.typeName) ? wrappers[field.message.typeName] : undefined;
  }
  if (field.fieldKind !== "scalar") return undefined;
  switch (field.scalar) {
    case ScalarType.STRING:
      return "string";
    case ScalarType.BOOL:
      return "boolean";
    case ScalarType.BYTES:
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return undefined;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return field.longAsString ? "string" : "bigint";
    default:
      return "int";
  }
}

function avroField(record: AvroRecord, field: AvroField): FieldView {
  const { type } = field;
  const shape = type.kind === "union" ? unionShape(type) : undefined;
  const single = type.kind !== "union" || shape === undefined ? type : onlyBranch(type.branches, shape);
  const leaf = single === undefined ? undefined : avroLeaf(single);
  const isMany = single?.kind === "array" || single?.kind === "map";
  const isCertain = shape === undefined || shape.kind === "single";
  return {
    name: field.name,
    id: `${record.name}.${field.name}`,
    properties: [propertyName(field.name)],
    presence: isMany ? "many" : isCertain ? "always" : "optional",
    ...(leaf === undefined ? {} : { leaf }),
    inside: recordsIn(type, []),
  };
}

function onlyBranch(
  branches: readonly AvroType[],
  shape: ReturnType<typeof unionShape>,
): AvroType | undefined {
  if (shape.kind === "nullable") return branches[shape.branch];
  return shape.kind === "single" ? branches[0] : undefined;
}

/** Records that a value can hold without passing another record; lists and maps are passed through. */
function recordsIn(type: AvroType, properties: readonly string[]): FieldView["inside"] {
  switch (type.kind) {
    case "record":
      return [{ type, properties }];
    case "array":
      return recordsIn(type.items, properties);
    case "map":
      return recordsIn(type.values, properties);
    case "union": {
      const below = unionShape(type).kind === "tagged" ? [...properties, "value"] : properties;
      return type.branches.flatMap((branch) => recordsIn(branch, below));
    }
    default:
      return [];
  }
}

function avroLeaf(type: AvroType): FieldPath["leaf"] | undefined {
  const logical = type.logical?.kind;
  if (logical === "uuid") return "uuid";
  switch (type.kind) {
    case "string":
    case "boolean":
    case "enum":
      return type.kind;
    case "int":
      return logical === "date" ? "string" : "int";
    case "long":
      if (logical === "timestamp-millis") return "date";
      if (logical === "timestamp-micros") return "micros";
      if (logical === "timestamp-nanos") return "nanos";
      if (longMark(type)?.as === "STRING") return "string";
      return logical === "local-timestamp-millis" ? undefined : "bigint";
    default:
      return undefined;
  }
}

/** Follows a dotted path; stops with what stands in the way. */
export type PathResult =
  | {
      readonly kind: "found";
      readonly properties: readonly string[];
      readonly last: FieldView;
      readonly presence: FieldView["presence"];
    }
  | {
      readonly kind: "missing";
      readonly part: string;
      readonly type: string;
      readonly known: readonly string[];
    };

export function followPath(root: TypeView, text: string): PathResult {
  let type: TypeView | undefined = root;
  let presence: FieldView["presence"] = "always";
  const properties: string[] = [];
  let last: FieldView | undefined;
  for (const part of text.split(".")) {
    const fields: readonly FieldView[] = type === undefined ? [] : fieldsOf(type);
    const field = fields.find((one) => one.name === part);
    if (field === undefined)
      return {
        kind: "missing",
        part,
        type: type === undefined ? (last?.id ?? nameOf(root)) : nameOf(type),
        known: fields.map((one) => one.name),
      };
    properties.push(...field.properties);
    if (presence === "always" || field.presence === "many") presence = field.presence;
    last = field;
    const inner: FieldView["inside"][number] | undefined =
      field.inside.length === 1 ? field.inside[0] : undefined;
    properties.push(...(inner?.properties ?? []));
    type = inner?.type;
  }
  if (last === undefined) return { kind: "missing", part: text, type: nameOf(root), known: [] };
  return { kind: "found", properties, last, presence };
}

// Types that reuse each other multiply their paths; beyond this a schema is refused.
const maxVisits = 20_000;

/**
 * Dotted property paths of the fields whose full name is in `marks`, through nested types, sorted.
 * A type inside itself is entered once more and no further. Undefined when there are too many paths.
 */
export function markedPaths(root: TypeView, marks: ReadonlySet<string>): readonly string[] | undefined {
  const marked = typesLeadingTo(root, marks);
  const found = new Set<string>();
  let visits = 0;
  const walk = (type: TypeView, prefix: readonly string[], above: readonly TypeView[]): void => {
    if (!marked.has(type) || above.filter((one) => one === type).length > 1 || ++visits > maxVisits) return;
    for (const field of fieldsOf(type)) {
      const path = [...prefix, ...field.properties];
      if (marks.has(field.id)) found.add(path.join("."));
      else
        for (const inner of field.inside) walk(inner.type, [...path, ...inner.properties], [...above, type]);
    }
  };
  walk(root, [], []);
  return visits > maxVisits ? undefined : [...found].sort();
}

/** The types from which a marked field can be reached. */
function typesLeadingTo(root: TypeView, marks: ReadonlySet<string>): ReadonlySet<TypeView> {
  const users = new Map<TypeView, Set<TypeView>>([[root, new Set()]]);
  const pending: TypeView[] = [];
  // A map grows while it is walked, so every type is met once.
  for (const type of users.keys())
    for (const field of fieldsOf(type)) {
      if (marks.has(field.id)) pending.push(type);
      for (const inner of field.inside) users.set(inner.type, (users.get(inner.type) ?? new Set()).add(type));
    }
  const leading = new Set<TypeView>();
  for (let type = pending.pop(); type !== undefined; type = pending.pop()) {
    if (leading.has(type)) continue;
    leading.add(type);
    pending.push(...(users.get(type) ?? []));
  }
  return leading;
}
