import type { DescMessage } from "@bufbuild/protobuf";
import { protoCamelCase, safeObjectProperty } from "@bufbuild/protobuf/reflect";
import type { ParsedSchema } from "../../src/compatibility/parsed.ts";
import type { AvroRecord } from "../../src/schema/avro/model.ts";
import type { ProtoField, ProtoMessage } from "../../src/schema/proto/model.ts";
import type { ProtoSchema } from "../../src/schema/proto/schema.ts";
import { type FieldView, fieldsOf, nameOf, type TypeView } from "../model/fields.ts";
import type { EventModel } from "../model/model.ts";

/** A field that is marked no more. */
export interface LostMark {
  /** Properties of the old type, joined by dots. */
  readonly path: string;
  /** Where the field stands now, as the engine writes paths. */
  readonly at: string;
}

/**
 * Fields that were marked sensitive and are marked no more, although the field is still there, under another
 * name perhaps. A field that is gone takes its mark with it.
 * @param readOld gives the old schema; asked only when a path is not marked any more
 */
export function lostMarks(
  event: EventModel,
  marked: readonly string[],
  readOld: () => ParsedSchema,
): readonly LostMark[] {
  const isMarked = (path: string): boolean =>
    event.sensitive.some((mark) => path === mark || path.startsWith(`${mark}.`));
  const open = marked.filter((path) => !isMarked(path));
  if (open.length === 0) return [];
  const old = rootOf(readOld(), event.name);
  if (old === undefined) return [];
  const now = event.source.kind === "protobuf" ? event.source.message : event.source.record;
  return open.flatMap((path) => {
    const [found] = [...presentPaths(old, now, path.split("."), [])].filter((one) => !isMarked(one.path));
    return found === undefined ? [] : [{ path, at: found.at }];
  });
}

/** A type of the old schema. */
type OldType =
  | { readonly kind: "avro"; readonly record: AvroRecord }
  | {
      readonly kind: "protobuf";
      readonly schema: ProtoSchema;
      readonly message: ProtoMessage;
      /** Import path of the file that defines it; absent for the file itself. */
      readonly path?: string;
    };

interface OldField {
  readonly properties: readonly string[];
  readonly inside: readonly { readonly type: OldType; readonly properties: readonly string[] }[];
  /** The field of the present type that stands for this one. */
  findNow(type: TypeView): FieldView | undefined;
}

function rootOf(schema: ParsedSchema, name: string): OldType | undefined {
  if (schema.type === "AVRO") {
    const { type } = schema.schema;
    return type.kind === "record" ? { kind: "avro", record: type } : undefined;
  }
  const pending: ProtoMessage[] = [...schema.schema.file.messages];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.fullName === name) return { kind: "protobuf", schema: schema.schema, message: next };
    if (name.startsWith(`${next.fullName}.`)) pending.push(...next.messages);
  }
  return undefined;
}

/** Where the field at an old path stands now; several where a oneof or union hides which one was meant. */
function* presentPaths(
  old: OldType,
  now: TypeView,
  rest: readonly string[],
  above: readonly string[],
  top?: string,
): Generator<{ readonly path: string; readonly at: string }> {
  for (const field of oldFields(old)) {
    const below = behind(rest, field.properties);
    const found = below === undefined ? undefined : field.findNow(now);
    if (below === undefined || found === undefined) continue;
    const path = [...above, ...found.properties];
    const at = placeOf(now, found, top);
    if (below.length === 0) yield { path: path.join("."), at };
    for (const inner of field.inside) {
      const deeper = behind(below, inner.properties);
      if (deeper === undefined || deeper.length === 0) continue;
      const [only, ...others] = found.inside;
      const next = others.length === 0 ? only : found.inside.find(({ type }) => isAlike(inner.type, type));
      if (next !== undefined)
        yield* presentPaths(inner.type, next.type, deeper, [...path, ...next.properties], at);
    }
  }
}

/** A message's fields can be found from anywhere; those of a record from the outermost field that leads to them. */
function placeOf(type: TypeView, field: FieldView, top: string | undefined): string {
  if (type.kind !== "message")
    return top ?? `/fields/${type.fields.findIndex(({ name }) => name === field.name)}`;
  const { package: space } = type.file.proto;
  const names = type.typeName.slice(space === "" ? 0 : space.length + 1).replaceAll(".", "/");
  return `#/${names}/${type.fields.find(({ name }) => name === field.name)?.number}`;
}

/** What follows a beginning; undefined when the path begins otherwise. */
function behind(path: readonly string[], start: readonly string[]): readonly string[] | undefined {
  return start.every((part, at) => path[at] === part) ? path.slice(start.length) : undefined;
}

function isAlike(old: OldType, now: TypeView): boolean {
  return (old.kind === "avro" ? old.record.name : old.message.fullName) === nameOf(now);
}

function oldFields(old: OldType): readonly OldField[] {
  return old.kind === "avro"
    ? avroFields(old.record)
    : old.message.fields.map((one) => protobufField(old, one));
}

function avroFields(record: AvroRecord): readonly OldField[] {
  return fieldsOf(record).map(({ name, properties, inside }) => ({
    properties,
    inside: inside.flatMap(({ type, properties }) =>
      type.kind === "record" ? [{ type: { kind: "avro", record: type } as const, properties }] : [],
    ),
    findNow(type) {
      if (type.kind !== "record") return undefined;
      const renamed = type.fields.find((one) => one.aliases.includes(name))?.name;
      const views = fieldsOf(type);
      return views.find((one) => one.name === name) ?? views.find((one) => one.name === renamed);
    },
  }));
}

function protobufField(old: OldType & { readonly kind: "protobuf" }, field: ProtoField): OldField {
  const inner = messageOf(old, field);
  const name = propertyOf(field.oneof ?? field.name);
  return {
    properties: field.oneof === undefined ? [name] : [name, "value"],
    inside: inner === undefined ? [] : [{ type: inner, properties: [] }],
    findNow: (type) => (type.kind === "message" ? viewOf(type, field.number) : undefined),
  };
}

/** The names that protobuf-es gives. */
function propertyOf(name: string): string {
  return safeObjectProperty(protoCamelCase(name));
}

/** Numbers, not names: a renamed field holds the same values. */
function viewOf(type: DescMessage, number: number): FieldView | undefined {
  const name = type.fields.find((one) => one.number === number)?.name;
  return fieldsOf(type).find((one) => one.name === name);
}

function messageOf(
  { schema, message, path }: OldType & { readonly kind: "protobuf" },
  field: ProtoField,
): OldType | undefined {
  const type = field.type.kind === "map" ? field.type.value : field.type;
  if (type.kind === "scalar") return undefined;
  const found = schema.resolve(type.name, message.fullName, path);
  if (found?.kind !== "message") return undefined;
  return {
    kind: "protobuf",
    schema,
    message: found.type,
    ...(found.path === undefined ? {} : { path: found.path }),
  };
}
