import { longMark } from "../../../src/schema/avro/longs.ts";
import type {
  AvroField,
  AvroNamedType,
  AvroRecord,
  AvroType,
  AvroUnion,
} from "../../../src/schema/avro/model.ts";
import { propertyName, unionShape } from "../../../src/schema/avro/shape.ts";
import { hasSensitiveTag, markPlaces } from "../../model/avro-marks.ts";
import { avroPath, safeIdentifier } from "../../model/names.ts";
import type { Doc } from "../comment.ts";
import { runtime } from "../file-scope.ts";
import { keyLiteral, stringLiteral } from "../literal.ts";
import type { Declaration, Member } from "../output.ts";
import type { AvroScope, UnionAlias } from "./unions.ts";

/** `value`: what handlers get, complete. `init`: what senders write, fields with defaults optional. */
export type TypeMode = "value" | "init";

/** The name of a named type's interface or alias. */
export function typeName(type: AvroNamedType, mode: TypeMode = "value"): string {
  return `${safeIdentifier(type.simpleName)}${mode === "init" && type.kind === "record" ? "Init" : ""}`;
}

/** A type as TypeScript text; named types are imported from their own files. */
export function typeText(scope: AvroScope, type: AvroType, mode: TypeMode): string {
  if ("name" in type) return scope.type(avroPath(type), typeName(type, mode));
  if (type.kind === "array") return `readonly ${grouped(typeText(scope, type.items, mode))}[]`;
  if (type.kind === "map") return `Readonly<Record<string, ${typeText(scope, type.values, mode)}>>`;
  if (type.kind === "union") return unionText(scope, type, mode);
  return scalarText(scope, type);
}

function grouped(text: string): string {
  return /^[\w$]+$/.test(text) ? text : `(${text})`;
}

function unionText(scope: AvroScope, union: AvroUnion, mode: TypeMode): string {
  const { values, hasNull } = unionParts(union);
  const alias = scope.unions.get(union);
  const texts =
    alias === undefined
      ? values.map(({ type }) => typeText(scope, type, mode))
      : [scope.type(alias.path, alias[mode])];
  // Null last, as people write it.
  return [...texts, ...(hasNull ? ["null"] : [])].join(" | ");
}

/** The values of a union that say their kind. */
function kindsText(scope: AvroScope, union: AvroUnion, mode: TypeMode): string {
  const texts = unionParts(union).values.map(
    ({ type, kind }) =>
      `{ readonly kind: ${stringLiteral(kind)}; readonly value: ${typeText(scope, type, mode)} }`,
  );
  return texts.join(" | ");
}

function unionParts(union: AvroUnion) {
  const shape = unionShape(union);
  const kinds = shape.kind === "nullable" ? [] : shape.kinds;
  const branches = union.branches.map((type, index) => ({ type, kind: kinds[index] ?? type.kind }));
  const values = branches.filter(({ type }) => type.kind !== "null");
  return { values, hasNull: values.length < branches.length };
}

/** The TypeScript type behind a scalar or fixed with its logical type. */
function scalarText(scope: AvroScope, type: AvroType): string {
  switch (type.logical?.kind) {
    case "date":
      return scope.type(runtime, "LocalDate");
    case "timestamp-millis":
    case "local-timestamp-millis":
      return "Date";
    case "uuid":
      return scope.type(runtime, "Uuid");
    case "decimal":
      return scope.type(runtime, "Decimal");
    case "duration":
      return scope.type(runtime, "Duration");
    default: {
      const mark = longMark(type);
      if (mark !== undefined) return mark.as === "NUMBER" ? "number" : "string";
      return plainTypes[type.kind] ?? "never";
    }
  }
}

const plainTypes: Readonly<Partial<Record<AvroType["kind"], string>>> = {
  null: "null",
  boolean: "boolean",
  int: "number",
  long: "bigint",
  float: "number",
  double: "number",
  bytes: "Uint8Array",
  string: "string",
  fixed: "Uint8Array",
};

/** The types that a named type's file exports. */
export function typeDeclarations(scope: AvroScope, type: AvroNamedType, doc: Doc): readonly Declaration[] {
  const name = typeName(type);
  switch (type.kind) {
    case "record":
      return [
        { kind: "interface", name, doc, members: recordMembers(scope, type, "value") },
        {
          kind: "interface",
          name: typeName(type, "init"),
          doc: { text: `${name} as it is written: fields with a default may be left out.` },
          members: recordMembers(scope, type, "init"),
        },
        ...scope.ownUnions.flatMap((alias) => aliasDeclarations(scope, alias)),
      ];
    case "enum": {
      const members = type.symbols.map((symbol) => ({
        key: keyLiteral(symbol),
        value: stringLiteral(symbol),
      }));
      return [
        {
          kind: "const",
          name,
          doc,
          exported: true,
          type: `{ ${members.map(({ key, value }) => `readonly ${key}: ${value}`).join("; ")} }`,
          value: `{\n${members.map(({ key, value }) => `  ${key}: ${value},\n`).join("")}}`,
        },
        { kind: "type", name, doc, type: `(typeof ${name})[keyof typeof ${name}]` },
      ];
    }
    case "fixed":
      return [{ kind: "type", name, doc, type: scalarText(scope, type) }];
  }
}

function aliasDeclarations(scope: AvroScope, { union, value, init, of }: UnionAlias): readonly Declaration[] {
  const declare = (name: string, mode: TypeMode, as: string): Declaration => ({
    kind: "type",
    name,
    doc: { text: `What ${of} holds${as}.` },
    type: kindsText(scope, union, mode),
  });
  return [
    declare(value, "value", ""),
    ...(init === value ? [] : [declare(init, "init", ", as it is written")]),
  ];
}

function recordMembers(scope: AvroScope, record: AvroRecord, mode: TypeMode): readonly Member[] {
  return record.fields.map((field) => ({
    kind: "property",
    name: propertyName(field.name),
    doc: {
      ...(field.doc === undefined ? {} : { text: field.doc }),
      ...deprecation(field.attributes.get("deprecated")),
      sensitive: isSensitive(field),
    },
    optional: mode === "init" && field.default !== undefined,
    type: typeText(scope, field.type, mode),
  }));
}

/** The `deprecated` attribute: a reason, or just true. */
export function deprecation(attribute: unknown): Pick<Doc, "deprecated"> {
  if (typeof attribute === "string" && attribute !== "") return { deprecated: attribute };
  return attribute === true ? { deprecated: true } : {};
}

function isSensitive(field: AvroField): boolean {
  return markPlaces(field).some(({ attributes }) => {
    const own = attributes.get("keryx");
    const isMarked = typeof own === "object" && own !== null && "sensitive" in own && own.sensitive === true;
    return isMarked || hasSensitiveTag(attributes);
  });
}
