import type {
  ProtoEnum,
  ProtoExtend,
  ProtoField,
  ProtoMessage,
  ProtoOption,
  ProtoRange,
  ProtoSimpleType,
  ProtoValue,
} from "../../src/schema/proto/model.ts";
import type { ProtoSchema } from "../../src/schema/proto/schema.ts";

const features = [
  "field_presence",
  "enum_type",
  "repeated_field_encoding",
  "utf8_validation",
  "message_encoding",
];
const kept = new Set([
  ...["packed", "deprecated", "allow_alias", "default", "json_name"],
  ...[...features, "json_format"].map((name) => `features.${name}`),
]);

/**
 * What a schema says, without places, with complete type names, and without the options that a descriptor is not read
 * for: equal for the text and the descriptor of one file.
 */
export function wordsOf(schema: ProtoSchema, path?: string): object {
  const file = path === undefined ? schema.file : schema.imports.get(path)?.file;
  if (file === undefined) throw new Error(`${path} is not there`);
  const nameOf = (name: string, scope: string): string =>
    schema.resolve(name, scope, path)?.type.fullName ?? `? ${name}`;
  const simple = (type: ProtoSimpleType, scope: string): string =>
    type.kind === "scalar" ? type.name : nameOf(type.name, scope);
  const field = (one: ProtoField, scope: string): object => ({
    name: one.name,
    number: one.number,
    label: one.label,
    oneof: one.oneof,
    type:
      one.type.kind === "map"
        ? `map ${one.type.key} ${simple(one.type.value, scope)}`
        : one.type.kind === "group"
          ? `group ${one.type.name}`
          : simple(one.type, scope),
    options: options(one.options),
  });
  const extensions = (list: readonly ProtoExtend[], scope: string): object[] =>
    list.flatMap((one) =>
      one.fields.map((extension) => ({ of: nameOf(one.extendee, scope), ...field(extension, scope) })),
    );
  const message = (one: ProtoMessage): object => ({
    name: one.name,
    fullName: one.fullName,
    fields: one.fields.map((each) => field(each, one.fullName)),
    oneofs: one.oneofs.map((each) => [each.name, options(each.options)]),
    messages: one.messages.map(message),
    enums: one.enums.map(enumeration),
    extends: extensions(one.extends, one.fullName),
    extensionRanges: one.extensionRanges.map(range),
    reservedRanges: one.reservedRanges.map(range),
    reservedNames: one.reservedNames,
    options: options(one.options),
    visibility: one.visibility,
  });
  return {
    syntax: file.syntax,
    edition: file.edition,
    package: file.package,
    imports: file.imports.map((one) => `${one.modifier ?? ""} ${one.path}`).sort(),
    options: options(file.options),
    messages: file.messages.map(message),
    enums: file.enums.map(enumeration),
    extends: extensions(file.extends, file.package),
    services: file.services.map((one) => one.name),
  };
}

function enumeration(one: ProtoEnum): object {
  return {
    name: one.name,
    fullName: one.fullName,
    values: one.values.map((value) => [value.name, value.number, options(value.options)]),
    reservedRanges: one.reservedRanges.map(range),
    reservedNames: one.reservedNames,
    options: options(one.options),
    visibility: one.visibility,
  };
}

function range({ from, to }: ProtoRange): string {
  return `${from} to ${to}`;
}

function options(list: readonly ProtoOption[]): readonly string[] {
  return list
    .filter(({ name }) => name.every((part) => !part.isExtension))
    .flatMap(({ name, value }): (readonly [string, ProtoValue])[] => {
      const words = name.map((part) => part.name).join(".");
      if (words !== "features" || value.kind !== "message") return [[words, value]];
      return value.fields.map((one) => [`features.${one.name}`, one.value]);
    })
    .filter(([name]) => kept.has(name))
    .map(([name, value]) => `${name} = ${wordOf(value)}`)
    .sort();
}

function wordOf(value: ProtoValue): string {
  if (value.kind === "string") return Buffer.from(value.bytes).toString("base64");
  if (value.kind === "identifier") return value.text;
  // A compiler writes numbers in its own notation.
  if (value.kind === "number") return String(Math.fround(numberOf(value.text)));
  throw new Error("no option that is kept has such a value");
}

function numberOf(text: string): number {
  const [, sign, digits] = /^([+-]?)(.*)$/.exec(text) ?? [];
  const isOctal = /^0[0-7]+$/.test(digits ?? "");
  return (sign === "-" ? -1 : 1) * (isOctal ? Number.parseInt(digits ?? "", 8) : Number(digits));
}
