import { isDelimited, type ProtoFeatures, presenceOf } from "../../schema/proto/features.ts";
import type { ProtoField, ProtoType } from "../../schema/proto/model.ts";
import type { ProtoDefinition, ProtoSchema } from "../../schema/proto/schema.ts";
import type { EnumView, FieldView, MessageView, NamedView, WireType } from "./model.ts";

/** What a field needs of the schema that it stands in. */
export interface FieldContext {
  /** The message that has it. */
  readonly owner: NamedView;
  readonly schema: ProtoSchema;
  readonly message: (definition: DefinitionOf<"message">) => MessageView;
  readonly enumeration: (definition: DefinitionOf<"enum">) => EnumView;
}

export type DefinitionOf<Kind> = Extract<ProtoDefinition, { readonly kind: Kind }>;

/** Where a field is declared. */
export interface FieldPlace {
  readonly path?: string;
  /** Where names of types are looked up. */
  readonly scope: string;
  readonly features: ProtoFeatures;
}

export function buildField(field: ProtoField, place: FieldPlace, context: FieldContext): FieldView {
  const { type } = field;
  const inOneof = field.oneof === undefined ? "" : `/${field.oneof}`;
  return {
    field,
    isExtension: false,
    cardinality: cardinalityOf(field, place.features),
    type: type.kind === "map" ? mapType(field, type, place, context) : wireType(field, type, place, context),
    path: `${context.owner.path}${inOneof}/${field.number}`,
  };
}

function cardinalityOf(field: ProtoField, features: ProtoFeatures): FieldView["cardinality"] {
  // Whether the type is a message decides between kinds of optional fields only.
  const presence = presenceOf(field, features, "unknown");
  return presence === "repeated" || presence === "required" ? presence : "singular";
}

type MapType = Extract<ProtoType, { readonly kind: "map" }>;

function wireType(
  field: ProtoField,
  type: Exclude<ProtoType, MapType>,
  { scope, path, features }: FieldPlace,
  { schema, message, enumeration }: FieldContext,
): WireType {
  if (type.kind === "scalar") return type;
  const found = schema.resolve(type.name, scope, path);
  if (found === undefined) return { kind: "unknown", name: type.name };
  if (found.kind === "enum") return { kind: "enum", view: enumeration(found) };
  return { kind: "message", view: message(found), isGroup: isDelimited(field, features, "message") };
}

function mapType(field: ProtoField, type: MapType, place: FieldPlace, context: FieldContext): WireType {
  const { name, number, at } = field;
  const path = `${context.owner.path}/${number}`;
  const owner = { fullName: `${context.owner.fullName}.${name}`, localName: name, path };
  const members: readonly ProtoField[] = [
    { name: "key", number: 1, type: { kind: "scalar", name: type.key }, options: [], at },
    { name: "value", number: 2, type: type.value, options: [], at },
  ];
  // Neither entries nor their values are ever delimited like groups, whatever the file says.
  const plain = { ...place, features: { ...place.features, messages: "length-prefixed" } } as const;
  const fields = members.map((member) => ({ ...buildField(member, plain, { ...context, owner }), path }));
  return {
    kind: "map",
    view: { identity: field, ...owner, fields, reservedRanges: [], extensionRanges: [] },
  };
}
