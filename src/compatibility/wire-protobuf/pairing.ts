import type { ProtoDefinition, ProtoSchema } from "../../schema/proto/schema.ts";
import { namedView } from "./definitions.ts";
import type { EnumView, MessageView, NamedView, WireType } from "./model.ts";
import { createSchemaView, type SchemaView } from "./view.ts";

export type DefinitionPair =
  | { readonly kind: "message"; readonly writer: MessageView; readonly reader: MessageView }
  | { readonly kind: "enum"; readonly writer: EnumView; readonly reader: EnumView };

/** Which definition of one schema is which of the other. Names are not in the bytes, so definitions may move. */
export interface Pairing {
  /** What the writer's file defines, with what became of it. */
  readonly pairs: readonly DefinitionPair[];
  /** Messages that nothing came after and that no field refers to: records may have been of their type. */
  readonly lost: readonly NamedView[];
  /** Whether two definitions are the same one, moved or not. */
  isSame(writer: NamedView, reader: NamedView): boolean;
}

export function createPairing(writerSchema: ProtoSchema, readerSchema: ProtoSchema): Pairing {
  const [writer, reader] = [createSchemaView(writerSchema), createSchemaView(readerSchema)];
  const pairs: DefinitionPair[] = [];
  const lost: MessageView[] = [];
  for (const definition of writer.locals()) {
    const named = namedView(definition.type, definition);
    const other =
      [reader.findLocal(named.localName), reader.find(named.fullName)].find(
        (one) => one?.kind === definition.kind,
      ) ?? findMoved(named, definition.kind, writer, reader);
    if (definition.kind === "enum") {
      if (other?.kind !== "enum") continue;
      const views = { writer: writer.enumeration(definition), reader: reader.enumeration(other) };
      pairs.push({ kind: "enum", ...views });
    } else if (other?.kind === "message")
      pairs.push({ kind: "message", writer: writer.message(definition), reader: reader.message(other) });
    else lost.push(writer.message(definition));
  }
  return { pairs, lost: lostRoots(writer, lost), isSame: (from, to) => isSame(from, to, writer, reader) };
}

function isSame(from: NamedView, to: NamedView, writer: SchemaView, reader: SchemaView): boolean {
  if (from.fullName === to.fullName) return true;
  // The package of the schema itself may change as it likes.
  if (isLocal(from) && isLocal(to) && from.localName === to.localName) return true;
  // It moved only if it is not in the old place and was not in the new one.
  return simpleName(from) === simpleName(to) && !knows(reader, from) && !knows(writer, to);
}

function knows(schema: SchemaView, named: NamedView): boolean {
  if (schema.find(named.fullName) !== undefined) return true;
  return isLocal(named) && schema.findLocal(named.localName) !== undefined;
}

/** The only new definition of that simple name, where there is only one. */
function findMoved(
  named: NamedView,
  kind: ProtoDefinition["kind"],
  writer: SchemaView,
  reader: SchemaView,
): ProtoDefinition | undefined {
  const found = reader
    .findSimple(simpleName(named))
    .filter((one) => one.kind === kind && !knows(writer, namedView(one.type, one)));
  return found.length === 1 ? found[0] : undefined;
}

/** Those among the lost that stand in no lost message and in no field. */
function lostRoots(writer: SchemaView, lost: readonly MessageView[]): readonly NamedView[] {
  if (lost.length === 0) return [];
  const names = new Set(lost.map(({ localName }) => localName));
  const used = new Set<unknown>();
  const use = (type: WireType): void => {
    if (type.kind === "message") used.add(type.view.identity);
    else if (type.kind === "map") for (const field of type.view.fields) use(field.type);
  };
  for (const definition of writer.locals())
    if (definition.kind === "message") for (const { type } of writer.message(definition).fields) use(type);
  return lost.filter(
    ({ localName, identity }) =>
      !used.has(identity) && !names.has(localName.slice(0, Math.max(0, localName.lastIndexOf(".")))),
  );
}

function isLocal({ importPath }: NamedView): boolean {
  return importPath === undefined;
}

function simpleName({ fullName }: NamedView): string {
  return fullName.slice(fullName.lastIndexOf(".") + 1);
}
