import type { AvroType } from "../../../src/schema/avro/model.ts";
import { isPrimitive, toFullName } from "../../../src/schema/avro/names.ts";
import type { JsonNode } from "../../../src/schema/json.ts";
import { type AvroFile, type Definition, definesName, memberOf, namespaceOf } from "./files.ts";

/** The attribute that holds our options. */
export const attribute = "keryx";

/** A definition with the file that it stands in. */
interface Located extends Definition {
  readonly text: string;
}

/** Writes wire texts of the types of some files. */
export interface AvroProjector {
  /**
   * Compact JSON of a type without our attributes, complete in itself: types of other files stand where they are
   * first used, as Avro's own libraries write them. Order, other attributes and number texts are the source's, but for
   * attributes beside a reference that gives way to its definition: Avro has no place for them there.
   */
  readonly project: (fullName: string) => string;
}

export function createAvroProjector(files: readonly AvroFile[]): AvroProjector {
  const definitions = new Map<string, Located>();
  for (const file of files)
    for (const [name, definition] of file.defines) definitions.set(name, { ...definition, text: file.text });
  return {
    project(fullName) {
      const root = definitions.get(fullName);
      return root === undefined ? "" : writeDefinition(root, "", { definitions, written: new Set() });
    },
  };
}

interface Output {
  readonly definitions: ReadonlyMap<string, Located>;
  /** Full names that the text defines already. */
  readonly written: Set<string>;
}

/** A named type; `around` is the namespace at the place where it is written now. */
function writeDefinition(definition: Located, around: string, output: Output): string {
  const { node, text } = definition;
  const name = namespaceOf(definition);
  if (name === undefined) return writePlain(node, text);
  output.written.add(name.full);
  // It took the namespace of its old place: say so where the new place has another.
  const isMoved = namespaceOf({ ...definition, around })?.full !== name.full;
  const members: string[] = [];
  for (const [key, { value }] of node.members) {
    if (key === attribute) continue;
    members.push(
      key === "fields" && value.kind === "array"
        ? `"fields":[${value.items.map((field) => writeField(field, text, name.namespace, output)).join(",")}]`
        : `${JSON.stringify(key)}:${writePlain(value, text)}`,
    );
    if (key === "name" && isMoved) members.push(`"namespace":${JSON.stringify(name.namespace)}`);
  }
  return `{${members.join(",")}}`;
}

function writeField(field: JsonNode, text: string, around: string, output: Output): string {
  if (field.kind !== "object") return writePlain(field, text);
  return writeMembers(field, (key, value) =>
    key === "type" ? writeType(value, text, around, output) : writePlain(value, text),
  );
}

function writeType(node: JsonNode, text: string, around: string, output: Output): string {
  if (node.kind === "array")
    return `[${node.items.map((item) => writeType(item, text, around, output)).join(",")}]`;
  if (node.kind === "string") return writeName(node, around, output) ?? writePlain(node, text);
  if (node.kind !== "object") return writePlain(node, text);
  const kind = memberOf(node, "type");
  if (definesName(kind)) return writeDefinition({ node, text, around }, around, output);
  if (kind?.kind === "string") {
    const definition = writeName(kind, around, output);
    // A reference that carries attributes: a definition cannot stand inside it, so it takes its place.
    if (definition !== undefined) return definition;
  }
  return writeMembers(node, (key, value) =>
    key === "items" || key === "values" ? writeType(value, text, around, output) : writePlain(value, text),
  );
}

/** The definition that a name stands for, when the text has not defined it yet. */
function writeName(
  node: JsonNode & { readonly kind: "string" },
  around: string,
  output: Output,
): string | undefined {
  if (isPrimitive(node.value)) return undefined;
  const full = toFullName(node.value, around)?.name;
  const meant = [full, node.value].find((name) => name !== undefined && output.definitions.has(name));
  const definition = meant === undefined ? undefined : output.definitions.get(meant);
  if (meant === undefined || definition === undefined || output.written.has(meant)) return undefined;
  return writeDefinition(definition, around, output);
}

function writeMembers(
  node: JsonNode & { readonly kind: "object" },
  write: (key: string, value: JsonNode) => string,
): string {
  const members = [...node.members]
    .filter(([key]) => key !== attribute)
    .map(([key, { value }]) => `${JSON.stringify(key)}:${write(key, value)}`);
  return `{${members.join(",")}}`;
}

/** JSON without white space; numbers and strings as they are written. */
function writePlain(node: JsonNode, text: string): string {
  if (node.kind === "array") return `[${node.items.map((item) => writePlain(item, text)).join(",")}]`;
  if (node.kind !== "object") return text.slice(node.offset, node.end);
  const members = [...node.members].map(
    ([key, { value }]) => `${JSON.stringify(key)}:${writePlain(value, text)}`,
  );
  return `{${members.join(",")}}`;
}

/** What a schema means, our attribute aside: two texts with equal descriptions are the same schema. */
export function describeType(root: AvroType): string {
  const seen = new Set<string>();
  const attributes = (map: ReadonlyMap<string, unknown>): unknown =>
    [...map].filter(([key]) => key !== attribute && key !== "namespace");
  const walk = (type: AvroType): unknown => {
    if ("name" in type) {
      if (seen.has(type.name)) return type.name;
      seen.add(type.name);
    }
    const shared = [type.kind, type.logical, attributes(type.attributes)];
    switch (type.kind) {
      case "array":
        return [...shared, walk(type.items)];
      case "map":
        return [...shared, walk(type.values)];
      case "union":
        return [...shared, type.branches.map(walk)];
      case "enum":
        return [...shared, type.name, type.aliases, type.doc, type.symbols, type.default];
      case "fixed":
        return [...shared, type.name, type.aliases, type.doc, type.size];
      case "record":
        return [
          ...[...shared, type.name, type.aliases, type.doc],
          type.fields.map((field) => [
            ...[field.name, field.aliases, field.doc, field.order, attributes(field.attributes)],
            ...[field.default, walk(field.type)],
          ]),
        ];
      default:
        return shared;
    }
  };
  return JSON.stringify(walk(root), plain);
}

/** Maps and bigints have no JSON of their own. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof Map ? [...value] : value;
}
