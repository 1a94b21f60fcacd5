import { limitFault, quote, type SchemaLimits, schemaLimits } from "./limits.ts";
import type {
  ProtoEnum,
  ProtoExtend,
  ProtoFile,
  ProtoImport,
  ProtoMessage,
  ProtoOption,
  ProtoService,
} from "./proto/model.ts";
import { joinName, type ProtoScope, readDefinition } from "./proto/text/body.ts";
import { createProtoReader, type ProtoReader, readOptionStatement, textOf } from "./proto/text/reader.ts";
import { readService } from "./proto/text/service.ts";
import type { TextSpan } from "./text-span.ts";

/**
 * Parses the text of a .proto file: proto2, proto3 and editions. Types are left as written, imports unread.
 * @throws KeryxError `schema_invalid` with `details` { line, column }.
 */
export function parseProto(text: string, options: { readonly limits?: SchemaLimits } = {}): ProtoFile {
  const reader = createProtoReader(text, options.limits ?? schemaLimits);
  const syntax = readSyntax(reader);
  let packageName: string | undefined;
  const imports: ProtoImport[] = [];
  const fileOptions: ProtoOption[] = [];
  const messages: ProtoMessage[] = [];
  const enums: ProtoEnum[] = [];
  const extensions: ProtoExtend[] = [];
  const services: ProtoService[] = [];
  const names = new Set<string>();
  while (reader.token().kind !== "end") {
    const first = reader.token();
    if (reader.skip(";")) continue;
    const scope: ProtoScope = { fullName: packageName ?? "", depth: 1, messages, names };
    const definition = readDefinition(reader, scope);
    if (definition?.kind === "message") messages.push(definition.value);
    else if (definition?.kind === "enum") enums.push(definition.value);
    else if (definition?.kind === "extend") extensions.push(definition.value);
    else if (reader.skip("option")) fileOptions.push(readOptionStatement(reader));
    else if (reader.skip("import")) imports.push(readImport(reader, first));
    else if (reader.skip("service")) services.push(readService(reader, first));
    else if (reader.is("package")) {
      // Names of definitions hold the package, so it has to come before them.
      if (packageName !== undefined || names.size > 0) throw reader.fail("`package` stands once, in front.");
      packageName = readPackage(reader);
    } else throw reader.fail(`${quote(first.text)} begins no definition.`);
    if (imports.length > reader.limits.references)
      throw reader.refuse(`More than ${reader.limits.references} files are imported.`, limitFault);
  }
  const lists = { imports, options: fileOptions, messages, enums, extends: extensions, services };
  return { ...syntax, package: packageName ?? "", ...lists };
}

function readSyntax(reader: ProtoReader): Pick<ProtoFile, "syntax" | "edition"> {
  const isEdition = reader.is("edition");
  if (!isEdition && !reader.is("syntax")) return { syntax: "proto2" };
  const at = reader.next();
  reader.expect("=");
  const value = textOf(reader.string("A version in quotes"));
  reader.expect(";");
  if (isEdition && /^[0-9A-Za-z_]{1,40}$/.test(value)) return { syntax: "editions", edition: value };
  if (!isEdition && (value === "proto2" || value === "proto3")) return { syntax: value };
  throw reader.fail(`${quote(value)} is not known.`, at);
}

function readPackage(reader: ProtoReader): string {
  reader.next();
  const name = reader.dotted("The name of the package");
  if (name.startsWith(".")) throw reader.fail("The name of the package starts with a dot.");
  reader.expect(";");
  return name;
}

function readImport(reader: ProtoReader, first: TextSpan): ProtoImport {
  const modifier = (["public", "weak", "option"] as const).find((word) => reader.skip(word));
  const path = textOf(reader.string("A path in quotes"));
  reader.expect(";");
  return { path, ...(modifier === undefined ? {} : { modifier }), at: reader.since(first) };
}

/** Which messages an index counts: those of the text, or the entries of maps as well, as descriptors hold them. */
export interface IndexCount {
  readonly mapEntries?: boolean;
}

/**
 * The message at a path of indexes, each counting the messages of one nesting level in the order of the text.
 * Undefined when there is none, or when it is a map entry.
 */
export function messageAt(
  file: ProtoFile,
  indexes: readonly number[],
  count: IndexCount = {},
): ProtoMessage | undefined {
  let found: ProtoMessage | undefined;
  for (const [level, index] of indexes.entries()) {
    const nested: readonly (ProtoMessage | undefined)[] =
      found === undefined ? file.messages : nestedOf(found, count);
    found = nested[index];
    if (found === undefined || level === indexes.length - 1) break;
  }
  return found;
}

/** The path of indexes of a message, or undefined when the file does not define it. */
export function indexesOf(file: ProtoFile, fullName: string, count: IndexCount = {}): number[] | undefined {
  const inPackage = file.package === "" ? fullName : fullName.slice(file.package.length + 1);
  if (joinName(file.package, inPackage) !== fullName) return undefined;
  let nested: readonly (ProtoMessage | undefined)[] = file.messages;
  const indexes: number[] = [];
  for (const name of inPackage.split(".")) {
    const index = nested.findIndex((message) => message?.name === name);
    const message = nested[index];
    if (message === undefined) return undefined;
    indexes.push(index);
    nested = nestedOf(message, count);
  }
  return indexes;
}

/** Nested messages in source order; with map entries counted, each leaves a hole where its field stands. */
function nestedOf(message: ProtoMessage, count: IndexCount): readonly (ProtoMessage | undefined)[] {
  if (count.mapEntries !== true) return message.messages;
  const entries = message.fields.filter((field) => field.type.kind === "map");
  return [
    ...message.messages.map((nested) => ({ nested, offset: nested.at.offset })),
    ...entries.map((field) => ({ nested: undefined, offset: field.at.offset })),
  ]
    .sort((a, b) => a.offset - b.offset)
    .map(({ nested }) => nested);
}
