import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { longMark } from "../../../src/schema/avro/longs.ts";
import type { AvroEnum, AvroField, AvroFixed, AvroRecord, AvroType } from "../../../src/schema/avro/model.ts";
import { fieldsOf, type TypeView } from "../../model/fields.ts";
import type { EventModel } from "../../model/model.ts";
import { protobufComment } from "./comments.ts";

/** A type as its schema writes it: plain words, and names of types that have a section of their own. */
export type TypeText = readonly (string | { readonly type: string })[];

export interface FieldRow {
  readonly name: string;
  readonly type: TypeText;
  readonly isSensitive: boolean;
  readonly isDeprecated: boolean;
  readonly doc: string;
}

/** One named type of either format. */
export type TypeSection = { readonly name: string; readonly doc: string } & (
  | { readonly kind: "fields"; readonly rows: readonly FieldRow[] }
  | { readonly kind: "values"; readonly values: readonly { readonly name: string; readonly doc: string }[] }
  | { readonly kind: "bytes"; readonly size: number }
);

type Named = DescMessage | DescEnum | AvroRecord | AvroEnum | AvroFixed;

/** The sections of the events' own types and of all types that they use, by full name. */
export function collectTypes(events: readonly EventModel[]): ReadonlyMap<string, TypeSection> {
  const sensitive = new Set(events.flatMap((event) => [...markedFields(event)]));
  const sections = new Map<string, TypeSection>();
  const pending: Named[] = events.map(({ source }) =>
    source.kind === "protobuf" ? source.message : source.record,
  );
  for (let type = pending.pop(); type !== undefined; type = pending.pop()) {
    if (sections.has(nameOf(type))) continue;
    sections.set(
      nameOf(type),
      toSection(type, sensitive, (used) => pending.push(used)),
    );
  }
  return sections;
}

function nameOf(type: Named): string {
  return "typeName" in type ? type.typeName : type.name;
}

function toSection(type: Named, sensitive: ReadonlySet<string>, use: (type: Named) => void): TypeSection {
  const head = { name: nameOf(type), doc: docOf(type) };
  switch (type.kind) {
    case "message":
      return {
        ...head,
        kind: "fields",
        rows: type.fields.map((field) => protobufRow(field, sensitive, use)),
      };
    case "record":
      return {
        ...head,
        kind: "fields",
        rows: type.fields.map((field) => avroRow(type, field, sensitive, use)),
      };
    case "enum":
      return { ...head, kind: "values", values: valuesOf(type) };
    case "fixed":
      return { ...head, kind: "bytes", size: type.size };
  }
}

function docOf(type: Named): string {
  return "typeName" in type ? protobufComment(type) : (type.doc ?? "");
}

function valuesOf(type: DescEnum | AvroEnum): readonly { readonly name: string; readonly doc: string }[] {
  if ("symbols" in type)
    return type.symbols.map((name) => ({
      name,
      doc: name === type.default ? "For symbols that are unknown." : "",
    }));
  return type.values.map((value) => ({ name: value.name, doc: protobufComment(value) }));
}

function protobufRow(field: DescField, sensitive: ReadonlySet<string>, use: (type: Named) => void): FieldRow {
  const named = field.message ?? field.enum;
  // What everybody knows needs no section.
  const isKnown = named === undefined || named.file.name.startsWith("google/protobuf/");
  if (named !== undefined && !isKnown) use(named);
  const single: TypeText = [
    named === undefined ? scalarName(field) : isKnown ? named.typeName : { type: named.typeName },
  ];
  const oneof = field.oneof === undefined ? "" : `one of \`${field.oneof.name}\`: `;
  const type: TypeText =
    field.fieldKind === "list"
      ? ["list of ", ...single]
      : field.fieldKind === "map"
        ? [`map of ${ScalarType[field.mapKey].toLowerCase()} to `, ...single]
        : [oneof, ...single];
  return {
    name: field.name,
    type,
    isSensitive: sensitive.has(`${field.parent.typeName}.${field.name}`),
    isDeprecated: field.deprecated,
    doc: protobufComment(field),
  };
}

function scalarName(field: DescField): string {
  return field.scalar === undefined ? "" : ScalarType[field.scalar].toLowerCase();
}

function avroRow(
  record: AvroRecord,
  field: AvroField,
  sensitive: ReadonlySet<string>,
  use: (type: Named) => void,
): FieldRow {
  return {
    name: field.name,
    type: [...avroText(field.type, use), ...(field.hasDefault ? [", has a default"] : [])],
    isSensitive: sensitive.has(`${record.name}.${field.name}`),
    isDeprecated: Boolean(field.attributes.get("deprecated")),
    doc: field.doc ?? "",
  };
}

function avroText(type: AvroType, use: (type: Named) => void): TypeText {
  switch (type.kind) {
    case "array":
      return ["list of ", ...avroText(type.items, use)];
    case "map":
      return ["map to ", ...avroText(type.values, use)];
    case "union":
      return type.branches.flatMap((branch, at) => [...(at === 0 ? [] : [" or "]), ...avroText(branch, use)]);
    case "record":
    case "enum":
    case "fixed":
      use(type);
      return [{ type: type.name }];
    default:
      return [type.logical === undefined ? plainText(type) : `${type.kind} (${logicalText(type.logical)})`];
  }
}

function plainText(type: AvroType): string {
  const mark = longMark(type);
  if (mark === undefined) return type.kind;
  return `${type.kind} as a ${mark.as === "NUMBER" ? "number" : "string"}`;
}

function logicalText(logical: NonNullable<AvroType["logical"]>): string {
  return logical.kind === "decimal" ? `decimal ${logical.precision}, ${logical.scale}` : logical.kind;
}

const maxVisits = 20_000;

/** Full names of the fields that an event's sensitive paths lead to. */
function markedFields({ source, sensitive }: EventModel): ReadonlySet<string> {
  const paths = new Set(sensitive);
  const found = new Set<string>();
  let visits = 0;
  const walk = (type: TypeView, prefix: readonly string[], above: readonly TypeView[]): void => {
    if (above.filter((one) => one === type).length > 1 || ++visits > maxVisits) return;
    for (const field of fieldsOf(type)) {
      const path = [...prefix, ...field.properties];
      if (paths.has(path.join("."))) found.add(field.id);
      else
        for (const inner of field.inside) walk(inner.type, [...path, ...inner.properties], [...above, type]);
    }
  };
  if (sensitive.length > 0) walk(source.kind === "protobuf" ? source.message : source.record, [], []);
  return found;
}
