import { encodeEnum, encodeRanges, visibilityCode } from "./encode/enums.ts";
import { encodeExtensions, encodeField, mapEntryName } from "./encode/fields.ts";
import { createOptionEncoder, demandType, type EncodeContext } from "./encode/options.ts";
import { type WireParts, writeFlag, writeInteger, writeMessage, writeText } from "./encode/write.ts";
import type { ProtoField, ProtoFile, ProtoMessage, ProtoService } from "./model.ts";
import type { ProtoSchema } from "./schema.ts";

const editionCodes: ReadonlyMap<string, number> = new Map([
  ["2023", 1000],
  ["2024", 1001],
  ["2026", 1002],
]);

/**
 * The FileDescriptorProto of a file, in its wire form. Options that nothing at hand defines are left out.
 * @param name path of the file; a registry knows none
 * @throws KeryxError `schema_invalid` where a type is not defined
 */
export function encodeProto(schema: ProtoSchema, name = "default"): Uint8Array {
  const { file } = schema;
  const context: EncodeContext = { schema, encodeOptions: createOptionEncoder(schema) };
  const scope = file.package;
  const parts: WireParts = [
    ...writeText(1, name),
    ...(scope === "" ? [] : writeText(2, scope)),
    ...encodeImports(file),
    ...file.messages.flatMap((message) => writeMessage(4, encodeMessage(context, message))),
    ...file.enums.flatMap((one) => writeMessage(5, encodeEnum(context, one, scope))),
    ...file.services.flatMap((service) => writeMessage(6, encodeService(context, service))),
    ...encodeExtensions(context, { number: 7, scope, list: file.extends }),
    ...writeMessage(8, context.encodeOptions("FileOptions", file.options, scope), false),
    ...(file.syntax === "proto2" ? [] : writeText(12, file.syntax)),
    ...writeInteger(14, editionCodes.get(file.edition ?? "")),
  ];
  return Buffer.concat(parts);
}

function encodeImports({ imports }: ProtoFile): WireParts {
  const plain = imports.filter(({ modifier }) => modifier !== "option");
  const indexesOf = (wanted: string): readonly number[] =>
    plain.flatMap(({ modifier }, index) => (modifier === wanted ? [index] : []));
  return [
    ...plain.flatMap(({ path }) => writeText(3, path)),
    ...indexesOf("public").flatMap((index) => writeInteger(10, index)),
    ...indexesOf("weak").flatMap((index) => writeInteger(11, index)),
    ...imports.flatMap(({ path, modifier }) => (modifier === "option" ? writeText(15, path) : [])),
  ];
}

// Recursion is as deep as messages nest, which the parser bounds.
function encodeMessage(context: EncodeContext, message: ProtoMessage): WireParts {
  const { fullName: scope } = message;
  const oneofs = oneofIndexes(context, message);
  const written = new Map(message.oneofs.map((one) => [one.name, one.options]));
  return [
    ...writeText(1, message.name),
    ...message.fields.flatMap((field) =>
      writeMessage(2, encodeField(context, field, { scope, oneof: oneofs.indexOf(field) })),
    ),
    ...nestedOf(context, message).flatMap((parts) => writeMessage(3, parts)),
    ...message.enums.flatMap((one) => writeMessage(4, encodeEnum(context, one, scope))),
    ...message.extensionRanges.flatMap(({ from, to, options }) =>
      writeMessage(5, [
        ...writeInteger(1, from),
        ...writeInteger(2, to + 1),
        ...writeMessage(3, context.encodeOptions("ExtensionRangeOptions", options, scope), false),
      ]),
    ),
    ...encodeExtensions(context, { number: 6, scope, list: message.extends }),
    ...writeMessage(7, context.encodeOptions("MessageOptions", message.options, scope), false),
    ...oneofs.names.flatMap((name) =>
      writeMessage(8, [
        ...writeText(1, name),
        ...writeMessage(2, context.encodeOptions("OneofOptions", written.get(name) ?? [], scope), false),
      ]),
    ),
    ...encodeRanges(9, message.reservedRanges, 1),
    ...message.reservedNames.flatMap((name) => writeText(10, name)),
    ...visibilityCode(11, message.visibility),
  ];
}

interface OneofIndexes {
  readonly names: readonly string[];
  indexOf(field: ProtoField): number | undefined;
}

/** Written oneofs, and behind them those that stand for the presence of one field each. */
function oneofIndexes({ schema }: EncodeContext, { fields, oneofs }: ProtoMessage): OneofIndexes {
  const names = oneofs.map(({ name }) => name);
  const taken = new Set([...names, ...fields.map(({ name }) => name)]);
  const synthetic = new Map<ProtoField, number>();
  for (const field of fields) {
    if (schema.file.syntax !== "proto3" || field.label !== "optional" || field.oneof !== undefined) continue;
    let name = `_${field.name}`;
    while (taken.has(name)) name = `X${name}`;
    taken.add(name);
    synthetic.set(field, names.push(name) - 1);
  }
  return {
    names,
    indexOf: (field) => (field.oneof === undefined ? synthetic.get(field) : names.indexOf(field.oneof)),
  };
}

/** Nested messages and the entries of maps, in the order of the text, as compilers have them. */
function nestedOf(context: EncodeContext, message: ProtoMessage): readonly WireParts[] {
  const entries = message.fields.flatMap((field) =>
    field.type.kind === "map" ? [{ at: field.at, parts: encodeEntry(context, message, field) }] : [],
  );
  const messages = message.messages.map((one) => ({ at: one.at, parts: encodeMessage(context, one) }));
  return [...messages, ...entries].sort((a, b) => a.at.offset - b.at.offset).map(({ parts }) => parts);
}

function encodeEntry(context: EncodeContext, message: ProtoMessage, field: ProtoField): WireParts {
  const { type, at } = field;
  if (type.kind !== "map") return [];
  const part = (name: string, number: number, one: ProtoField["type"]): WireParts =>
    writeMessage(
      2,
      encodeField(context, { name, number, type: one, options: [], at }, { scope: message.fullName }),
    );
  return [
    ...writeText(1, mapEntryName(field.name)),
    ...part("key", 1, { kind: "scalar", name: type.key }),
    ...part("value", 2, type.value),
    ...writeMessage(7, writeFlag(7, true)),
  ];
}

function encodeService(context: EncodeContext, service: ProtoService): WireParts {
  const scope = context.schema.file.package;
  const type = (name: string): string => demandType(context, { name, scope, at: service.at }).fullName;
  return [
    ...writeText(1, service.name),
    ...service.methods.flatMap((method) =>
      writeMessage(2, [
        ...writeText(1, method.name),
        ...writeText(2, type(method.input.name)),
        ...writeText(3, type(method.output.name)),
        ...writeMessage(4, context.encodeOptions("MethodOptions", method.options, scope), false),
        ...writeFlag(5, method.input.isStream),
        ...writeFlag(6, method.output.isStream),
      ]),
    ),
    ...writeMessage(3, context.encodeOptions("ServiceOptions", service.options, scope), false),
  ];
}
