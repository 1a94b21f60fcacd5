import { parseProto } from "../protobuf.ts";
import type { ProtoExtend, ProtoField, ProtoFile, ProtoMessage } from "./model.ts";
import { createResolver } from "./resolve.ts";
import type { ProtoDefinition, ProtoSchema } from "./schema.ts";
import { joinName } from "./text/body.ts";
import { descriptorText } from "./well-known/descriptor.ts";

type LookUp = ProtoSchema["resolve"];

/** A field of an option's value, with the place from which its type's name is looked up. */
export interface KnownField {
  readonly field: ProtoField;
  readonly lookUp: LookUp;
  readonly scope: string;
  readonly path: string | undefined;
}

/** A message of an option's value, with the file that defines it. */
export interface OptionShape {
  readonly message: ProtoMessage;
  readonly lookUp: LookUp;
  readonly path: string | undefined;
}

export interface KnownExtension extends KnownField {
  readonly fullName: string;
  /** Full name of the message that it extends. */
  readonly extendee: string | undefined;
}

/** The message that holds the options of a kind, for example `FieldOptions`. */
export const optionShape: (type: string) => OptionShape | undefined = createOptionShapes();

function createOptionShapes(): (type: string) => OptionShape | undefined {
  let known: { readonly file: ProtoFile; readonly lookUp: LookUp } | undefined;
  return (type) => {
    if (known === undefined) {
      const file = parseProto(descriptorText[1]);
      known = { file, lookUp: createResolver(file, new Map()) };
    }
    const { file, lookUp } = known;
    const message = file.messages.find(({ name }) => name === type);
    return message && { message, lookUp, path: undefined };
  };
}

export function typeOfField({
  field: { type },
  lookUp,
  scope,
  path,
}: KnownField): ProtoDefinition | undefined {
  return type.kind === "named" || type.kind === "group" ? lookUp(type.name, scope, path) : undefined;
}

/** The message that a field holds; undefined where it holds something else. */
export function shapeOfField(known: KnownField): OptionShape | undefined {
  const found = typeOfField(known);
  if (found?.kind !== "message") return undefined;
  return { message: found.type, lookUp: known.lookUp, path: found.path };
}

/** Extensions that a file and its imports define. */
function collectExtensions(schema: ProtoSchema): readonly KnownExtension[] {
  const found: KnownExtension[] = [];
  const collect = (list: readonly ProtoExtend[], scope: string, path: string | undefined): void => {
    for (const { extendee, fields } of list) {
      const extended = schema.resolve(extendee, scope, path)?.type.fullName;
      for (const field of fields) {
        const fullName = joinName(scope, field.name);
        found.push({ fullName, extendee: extended, field, lookUp: schema.resolve, scope, path });
      }
    }
  };
  // Recursion is as deep as messages nest, which the parser bounds.
  const collectMessages = (messages: readonly ProtoMessage[], path: string | undefined): void => {
    for (const message of messages) {
      collect(message.extends, message.fullName, path);
      collectMessages(message.messages, path);
    }
  };
  for (const [path, { file }] of [[undefined, { file: schema.file }] as const, ...schema.imports]) {
    collect(file.extends, file.package, path);
    collectMessages(file.messages, path);
  }
  return found;
}

/** Finds an extension by its number. */
export type FindExtension = (extendee: string, number: number) => KnownExtension | undefined;

export function createExtensionIndex(schema: ProtoSchema): FindExtension {
  const index = new Map(
    collectExtensions(schema).map((one) => [`${one.extendee} ${one.field.number}`, one] as const),
  );
  return (extendee, number) => index.get(`${extendee} ${number}`);
}

/** Finds an extension by a name as it is written somewhere. */
export type FindExtensionByName = (name: string, scope: string) => KnownExtension | undefined;

/** The names are collected at the first question, because most files have no custom options. */
export function createExtensionFinder(schema: ProtoSchema): FindExtensionByName {
  let extensions: ReadonlyMap<string, KnownExtension> | undefined;
  return (name, scope) => {
    extensions ??= new Map(collectExtensions(schema).map((one) => [one.fullName, one]));
    for (let outer = scope; ; outer = outer.slice(0, Math.max(outer.lastIndexOf("."), 0))) {
      const found = extensions.get(name.startsWith(".") ? name.slice(1) : joinName(outer, name));
      if (found !== undefined || outer === "") return found;
    }
  };
}
