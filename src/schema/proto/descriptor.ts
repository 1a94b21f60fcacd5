import { limitFault, quote, type SchemaLimits, schemaError, schemaLimits } from "../limits.ts";
import { readEnum, readRanges, visibilityOf } from "./descriptor/enums.ts";
import {
  type DescriptorContext,
  type FieldHome,
  readDotted,
  readExtends,
  readField,
  readName,
  syntheticOneof,
} from "./descriptor/fields.ts";
import { readDescriptorOptions } from "./descriptor/options.ts";
import { readWire, type WireMessage } from "./descriptor/wire.ts";
import type { ProtoEnum, ProtoFile, ProtoImport, ProtoMessage, ProtoService } from "./model.ts";
import type { FindExtension } from "./option-shapes.ts";
import { joinName } from "./text/body.ts";
import { checkFields, type Refuse } from "./text/checks.ts";

/** A descriptor has no lines: everything stands at its beginning. */
const nowhere = { line: 1, column: 1, offset: 0, end: 0 };

// Fields of the messages in google/protobuf/descriptor.proto.
const fileFields = {
  ...{ package: 2, imports: 3, publicImports: 10, weakImports: 11, optionImports: 15, messages: 4 },
  ...{ enums: 5, services: 6, extensions: 7, options: 8, syntax: 12, edition: 14 },
};
const messageFields = {
  ...{ name: 1, fields: 2, extensions: 6, messages: 3, enums: 4, extensionRanges: 5, oneofs: 8 },
  ...{ options: 7, reservedRanges: 9, reservedNames: 10, visibility: 11 },
};
const mapEntry = 7;
const editions: ReadonlyMap<number, string> = new Map([
  [1000, "2023"],
  [1001, "2024"],
  [1002, "2026"],
]);

/**
 * Whether a schema is a descriptor and not the text of a .proto file: base64 from end to end, white space around it
 * aside. Every definition in a text has a semicolon or a brace, so no text looks like that but a lone `//` comment.
 */
export function isDescriptorText(text: string): boolean {
  return /^\s*(?!\/\/)[A-Za-z0-9+/]+={0,2}\s*$/.test(text);
}

/**
 * Reads a FileDescriptorProto in base64 into the form that its text would have given: labels only where the text has
 * them, maps as maps, no oneof that only stands for presence. Type names are complete, with a leading dot; places are
 * all the first line; custom options are left out where no extension is found for them.
 * @throws KeryxError `schema_invalid`
 */
export function parseDescriptor(
  text: string,
  options: { readonly limits?: SchemaLimits; readonly findExtension?: FindExtension } = {},
): ProtoFile {
  const limits = options.limits ?? schemaLimits;
  const refuse: Refuse = (message, details = {}) =>
    schemaError(`The descriptor cannot be read. ${message}`, nowhere, [], details);
  if (text.length > limits.textBytes)
    throw refuse(`The text is larger than ${limits.textBytes} bytes.`, limitFault);
  const file = readWire(Buffer.from(text, "base64"), refuse);
  const syntax = readSyntax(file, refuse);
  const { findExtension = () => undefined } = options;
  const context: DescriptorContext = { limits, syntax: syntax.syntax, refuse, at: nowhere, findExtension };
  const written = file.text(fileFields.package) ?? "";
  const packageName = written === "" ? "" : readDotted(context, written, "The name of the package");
  if (packageName.startsWith(".")) throw refuse("The name of the package starts with a dot.");
  return {
    ...syntax,
    package: packageName,
    imports: readImports(context, file),
    options: readDescriptorOptions(context, file.bytes(fileFields.options), "FileOptions"),
    ...readTypes(context, { scope: file, parent: packageName, depth: 1, fields: fileFields }),
    extends: readExtends(context, file, fileFields.extensions, homeWithoutFields(packageName)),
    services: file.messages(fileFields.services, (service) => readService(context, service)),
  };
}

function readService(context: DescriptorContext, service: WireMessage): ProtoService {
  const methods = service.messages(2, (method) => ({
    name: readName(context, method.text(1), "The name of a method"),
    input: { name: readDotted(context, method.text(2), "The input of a method"), isStream: method.isTrue(5) },
    output: {
      name: readDotted(context, method.text(3), "The output of a method"),
      isStream: method.isTrue(6),
    },
    options: readDescriptorOptions(context, method.bytes(4), "MethodOptions"),
  }));
  const name = readName(context, service.text(1), "The name of a service");
  const options = readDescriptorOptions(context, service.bytes(3), "ServiceOptions");
  return { name, methods, options, at: nowhere };
}

function readSyntax(file: WireMessage, refuse: Refuse): Pick<ProtoFile, "syntax" | "edition"> {
  const syntax = file.text(fileFields.syntax) ?? "proto2";
  if (syntax === "" || syntax === "proto2") return { syntax: "proto2" };
  if (syntax === "proto3") return { syntax };
  const edition = editions.get(file.integer(fileFields.edition) ?? 0);
  if (syntax === "editions" && edition !== undefined) return { syntax, edition };
  throw refuse(`${quote(syntax)} is not known.`);
}

function readImports(context: DescriptorContext, file: WireMessage): readonly ProtoImport[] {
  const at = nowhere;
  const paths = file.texts(fileFields.imports);
  const optionPaths = file.texts(fileFields.optionImports);
  if (paths.length + optionPaths.length > context.limits.references)
    throw context.refuse(`More than ${context.limits.references} files are imported.`, limitFault);
  const isPublic = new Set(file.integers(fileFields.publicImports));
  const isWeak = new Set(file.integers(fileFields.weakImports));
  const plain = paths.map((path, index): ProtoImport => {
    if (isPublic.has(index)) return { path, modifier: "public", at };
    return isWeak.has(index) ? { path, modifier: "weak", at } : { path, at };
  });
  return [...plain, ...optionPaths.map((path): ProtoImport => ({ path, modifier: "option", at }))];
}

interface TypeScope {
  readonly scope: WireMessage;
  readonly fields: { readonly messages: number; readonly enums: number };
  /** Full name of the message, or the package. */
  readonly parent: string;
  readonly depth: number;
}

function readTypes(
  context: DescriptorContext,
  { scope, fields, parent, depth }: TypeScope,
): { readonly messages: readonly ProtoMessage[]; readonly enums: readonly ProtoEnum[] } {
  const messages = scope
    .messages(fields.messages, (one) =>
      isMapEntry(one) ? undefined : readMessage(context, parent, depth, one),
    )
    .filter((one) => one !== undefined);
  const enums = scope.messages(fields.enums, (one) => readEnum(context, parent, one));
  const names = new Set<string>();
  for (const { name, fullName } of [...messages, ...enums]) {
    if (names.has(name)) throw context.refuse(`${quote(fullName)} is defined twice.`);
    names.add(name);
  }
  return { messages, enums };
}

function isMapEntry(message: WireMessage): boolean {
  return message.merged(messageFields.options)?.isTrue(mapEntry) === true;
}

function homeWithoutFields(fullName: string): FieldHome {
  return { fullName, mapEntries: new Map(), oneofs: [] };
}

function readHome(context: DescriptorContext, fullName: string, message: WireMessage): FieldHome {
  const mapEntries = new Map<string, WireMessage>();
  message.messages(messageFields.messages, (one) => {
    if (isMapEntry(one)) mapEntries.set(joinName(fullName, one.text(messageFields.name) ?? ""), one);
  });
  const oneofs = message.messages(messageFields.oneofs, (one) =>
    readName(context, one.text(1), "The name of a oneof"),
  );
  return { fullName, mapEntries, oneofs };
}

function readMessage(
  context: DescriptorContext,
  parent: string,
  depth: number,
  message: WireMessage,
): ProtoMessage {
  const { limits, at } = context;
  if (depth > limits.depth)
    throw context.refuse(`Messages are nested more than ${limits.depth} deep.`, limitFault);
  const name = readName(context, message.text(messageFields.name), "The name of a message");
  const fullName = joinName(parent, name);
  if (message.count(messageFields.fields) > limits.fields)
    throw context.refuse(`${quote(fullName)} has more than ${limits.fields} fields.`, limitFault);
  const home = readHome(context, fullName, message);
  const synthetic = new Set(message.messages(messageFields.fields, syntheticOneof));
  const oneofs = message.messages(messageFields.oneofs, (one) => one.bytes(2));
  const found: ProtoMessage = {
    ...{ name, fullName },
    fields: message.messages(messageFields.fields, (field) => readField(context, field, home)),
    oneofs: home.oneofs
      .map((oneof, index) => ({
        name: oneof,
        options: readDescriptorOptions(context, oneofs[index] ?? new Uint8Array(), "OneofOptions"),
        at,
      }))
      .filter((_, index) => !synthetic.has(index)),
    ...readTypes(context, { scope: message, parent: fullName, depth: depth + 1, fields: messageFields }),
    extends: readExtends(context, message, messageFields.extensions, homeWithoutFields(fullName)),
    extensionRanges: readRanges(context, message, messageFields.extensionRanges, "field"),
    reservedRanges: readRanges(context, message, messageFields.reservedRanges, "field"),
    reservedNames: message.texts(messageFields.reservedNames),
    options: readDescriptorOptions(context, message.bytes(messageFields.options), "MessageOptions"),
    ...visibilityOf(message.integer(messageFields.visibility)),
    at,
  };
  checkFields(found, limits, context.refuse);
  return found;
}
