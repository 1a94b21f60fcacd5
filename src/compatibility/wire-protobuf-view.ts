import {
  fileFeatures,
  isDelimited,
  narrowFeatures,
  type ProtoFeatures,
  presenceOf,
} from "../schema/proto-features.ts";
import type {
  ProtoEnum,
  ProtoField,
  ProtoFile,
  ProtoMessage,
  ProtoRange,
  ProtoScalar,
} from "../schema/proto-model.ts";
import type { ProtoDefinition, ProtoSchema } from "../schema/proto-schema.ts";
import { collectExtensions } from "./wire-protobuf-extensions.ts";

/** A type as the encoding knows it. */
export type WireType =
  | { readonly kind: "scalar"; readonly name: ProtoScalar }
  | { readonly kind: "enum"; readonly view: EnumView }
  | { readonly kind: "message"; readonly view: MessageView; readonly isGroup: boolean }
  /** Entries with the fields `key` and `value`. */
  | { readonly kind: "map"; readonly view: MessageView }
  /** A name that nothing explains. */
  | { readonly kind: "unknown"; readonly name: string };

export interface FieldView {
  readonly field: ProtoField;
  readonly isExtension: boolean;
  readonly cardinality: "singular" | "required" | "repeated";
  readonly type: WireType;
  /** In the form `#/Message/oneof/number`. */
  readonly path: string;
}

export interface NamedView {
  readonly fullName: string;
  /** Full name without the package. */
  readonly localName: string;
  readonly path: string;
  /** Absent where the schema's own file defines it. */
  readonly importPath?: string;
}

export interface EnumView extends NamedView {
  readonly type: ProtoEnum;
  /** Unknown numbers are kept out of the field. */
  readonly isClosed: boolean;
  readonly numbers: EnumNumbers;
}

/** The numbers of an enum; NaN at both ends where there are none. */
export interface EnumNumbers {
  readonly all: ReadonlySet<number>;
  readonly min: number;
  readonly max: number;
}

export interface MessageView extends NamedView {
  /** The same for all views of one message. */
  readonly identity: ProtoMessage | ProtoField;
  readonly fields: readonly FieldView[];
  readonly reservedRanges: readonly ProtoRange[];
  readonly extensionRanges: readonly ProtoRange[];
}

/** What the encoding knows of a schema; made piece by piece as it is asked for. */
export interface SchemaView {
  message(definition: DefinitionOf<"message">): MessageView;
  enumeration(definition: DefinitionOf<"enum">): EnumView;
  /** What the file itself defines, nested definitions behind those that hold them. */
  locals(): readonly ProtoDefinition[];
  /** A definition in any file by its full name. */
  find(fullName: string): ProtoDefinition | undefined;
  /** A definition in the file itself by its name without the package. */
  findLocal(localName: string): ProtoDefinition | undefined;
  /** All definitions in any file by the last part of their names. */
  findSimple(name: string): readonly ProtoDefinition[];
}

type DefinitionOf<Kind> = Extract<ProtoDefinition, { readonly kind: Kind }>;

/** Where a type or a field stands. */
interface Place {
  readonly file: ProtoFile;
  readonly path?: string;
}

export function createSchemaView(schema: ProtoSchema): SchemaView {
  const messages = new Map<ProtoMessage, MessageView>();
  const enums = new Map<ProtoEnum, EnumView>();
  const locals = once(() => definitionsOf({ file: schema.file }));
  const all = once(() => [
    ...locals(),
    ...[...schema.imports].flatMap(([path, { file }]) => definitionsOf({ path, file })),
  ]);
  const byFullName = once(() => indexBy(all(), ({ type }) => type.fullName));
  const bySimpleName = once(() => groupBy(all(), ({ type }) => type.name));
  const byLocalName = once(() => indexBy(locals(), ({ type, file }) => localName(type, file)));
  const featuresOf = new Map<ProtoFile, ProtoFeatures>();
  const features = (file: ProtoFile): ProtoFeatures => {
    const found = featuresOf.get(file) ?? fileFeatures(file);
    featuresOf.set(file, found);
    return found;
  };
  const extensions = once(() => collectExtensions(schema, all()));

  const enumeration = (definition: DefinitionOf<"enum">): EnumView => {
    const { type, file } = definition;
    const known = enums.get(type);
    if (known !== undefined) return known;
    const numbers = once(() => numbersOf(type));
    const made: EnumView = {
      ...{ type, ...namedView(type, definition) },
      isClosed: narrowFeatures(features(file), type.options).enums === "closed",
      get numbers() {
        return numbers();
      },
    };
    enums.set(type, made);
    return made;
  };
  const message = (definition: DefinitionOf<"message">): MessageView => {
    const { type, file, path } = definition;
    const known = messages.get(type);
    if (known !== undefined) return known;
    const named = namedView(type, definition);
    const owner = { named, views };
    const place = { scope: type.fullName, features: features(file), ...(path === undefined ? {} : { path }) };
    const { reservedRanges, extensionRanges } = type;
    // Later, because types refer to each other in circles; and extensions only where there are ranges for them.
    const fields = once(() => [
      ...type.fields.map((field) => fieldView(field, place, owner)),
      ...(extensionRanges.length === 0 ? [] : (extensions().get(type) ?? [])).map((one) => ({
        ...fieldView(one.field, { ...one, features: features(one.file) }, owner),
        isExtension: true,
      })),
    ]);
    const made: MessageView = {
      ...{ identity: type, ...named, reservedRanges, extensionRanges },
      get fields() {
        return fields();
      },
    };
    messages.set(type, made);
    return made;
  };
  const views: Views = { schema, message, enumeration };
  return {
    message,
    enumeration,
    locals,
    find: (fullName) => byFullName().get(fullName),
    findLocal: (name) => byLocalName().get(name),
    findSimple: (name) => bySimpleName().get(name) ?? [],
  };
}

type Views = Pick<SchemaView, "message" | "enumeration"> & { readonly schema: ProtoSchema };

interface Owner {
  readonly named: NamedView;
  readonly views: Views;
}

interface FieldPlace {
  readonly path?: string;
  /** Where names of types are looked up. */
  readonly scope: string;
  readonly features: ProtoFeatures;
}

function fieldView(field: ProtoField, place: FieldPlace, owner: Owner): FieldView {
  const inOneof = field.oneof === undefined ? "" : `/${field.oneof}`;
  return {
    field,
    isExtension: false,
    cardinality: cardinalityOf(field, place.features),
    type: field.type.kind === "map" ? mapType(field, place, owner) : wireType(field, place, owner.views),
    path: `${owner.named.path}${inOneof}/${field.number}`,
  };
}

function cardinalityOf(field: ProtoField, features: ProtoFeatures): FieldView["cardinality"] {
  // Whether the type is a message decides between kinds of optional fields only.
  const presence = presenceOf(field, features, "unknown");
  return presence === "repeated" || presence === "required" ? presence : "singular";
}

function wireType(field: ProtoField, place: FieldPlace, views: Views): WireType {
  const { type } = field;
  if (type.kind === "scalar") return type;
  const name = type.kind === "map" ? "" : type.name;
  const found = views.schema.resolve(name, place.scope, place.path);
  if (found === undefined) return { kind: "unknown", name };
  if (found.kind === "enum") return { kind: "enum", view: views.enumeration(found) };
  const isGroup = isDelimited(field, place.features, "message");
  return { kind: "message", view: views.message(found), isGroup };
}

function mapType(field: ProtoField, place: FieldPlace, { named, views }: Owner): WireType {
  const { type, at, number } = field;
  if (type.kind !== "map") throw new TypeError("A field of another type.");
  const path = `${named.path}/${number}`;
  const name = { fullName: `${named.fullName}.${field.name}`, localName: field.name, path };
  const members: readonly ProtoField[] = [
    { name: "key", number: 1, type: { kind: "scalar", name: type.key }, options: [], at },
    { name: "value", number: 2, type: type.value, options: [], at },
  ];
  // Neither entries nor their values are ever delimited like groups, whatever the file says.
  const plain = { ...place, features: { ...place.features, messages: "length-prefixed" } } as const;
  const fields = once(() =>
    members.map((member) => ({ ...fieldView(member, plain, { named: name, views }), path })),
  );
  const view: MessageView = {
    ...{ identity: field, ...name, reservedRanges: [], extensionRanges: [] },
    get fields() {
      return fields();
    },
  };
  return { kind: "map", view };
}

/** A field as it would stand in a text, without its options. */
export function fieldText({ label, type, name, number }: ProtoField): string {
  const typeText =
    type.kind === "map"
      ? `map<${type.key}, ${cut(type.value.name)}>`
      : `${type.kind === "group" ? "group " : ""}${cut(type.name)}`;
  return `${label === undefined ? "" : `${label} `}${typeText} ${cut(name)} = ${number}`;
}

/** Names come from schemas of others and are as long as they like. */
export function cut(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}

export function namedView(type: ProtoMessage | ProtoEnum, { file, path }: Place): NamedView {
  const name = localName(type, file);
  return {
    ...{ fullName: type.fullName, localName: name, path: `#/${name.replaceAll(".", "/")}` },
    ...(path === undefined ? {} : { importPath: path }),
  };
}

function localName({ fullName }: ProtoMessage | ProtoEnum, file: ProtoFile): string {
  return file.package === "" ? fullName : fullName.slice(file.package.length + 1);
}

function numbersOf({ values }: ProtoEnum): EnumNumbers {
  const all = new Set(values.map(({ number }) => number));
  const [first = Number.NaN] = all;
  let [min, max] = [first, first];
  for (const number of all) {
    min = Math.min(min, number);
    max = Math.max(max, number);
  }
  return { all, min, max };
}

function definitionsOf(place: Place): readonly ProtoDefinition[] {
  const found: ProtoDefinition[] = [];
  const open: Pick<ProtoMessage, "messages" | "enums">[] = [place.file];
  for (const scope of open) {
    for (const type of scope.messages) found.push({ kind: "message", type, ...place });
    for (const type of scope.enums) found.push({ kind: "enum", type, ...place });
    open.push(...scope.messages);
  }
  return found;
}

/** The first one of each key. */
function indexBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T> {
  const index = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    if (!index.has(key)) index.set(key, item);
  }
  return index;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
