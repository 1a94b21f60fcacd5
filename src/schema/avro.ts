import { readDefault } from "./avro/defaults.ts";
import { type Annotated, readLogical, toCount } from "./avro/logical.ts";
import type {
  AvroDefault,
  AvroEnum,
  AvroField,
  AvroFixed,
  AvroNamedType,
  AvroRecord,
  AvroType,
  AvroUnion,
  JsonPath,
} from "./avro/model.ts";
import {
  type AvroName,
  isNamespace,
  isPrimitive,
  isReserved,
  isSimpleName,
  type NameLetters,
  toFullName,
} from "./avro/names.ts";
import { type JsonMember, type JsonNode, parseJson, toPlain } from "./json.ts";
import { limitFault, nameFault, quote, type SchemaLimits, schemaError, schemaLimits } from "./limits.ts";

export interface AvroParseOptions {
  /** Named types that other texts define, by full name. */
  readonly named?: ReadonlyMap<string, AvroNamedType>;
  readonly limits?: SchemaLimits;
  /**
   * Leaves default values out instead of checking them; `hasDefault` still tells of them. For the schema of a writer,
   * whose defaults have no effect, and for one that a registry took long ago: an invalid default there must neither keep
   * data from being read nor stop a comparison. Default false.
   */
  readonly ignoreDefaults?: boolean;
  /**
   * Takes what a registry takes, for comparing schemas only: a union without branches, names of any letters, any text as
   * a field's alias, an `order` in capitals, and any value beside an enum's symbols that is no text, which is no default.
   * Code is not generated for these. Default false.
   */
  readonly asRegistered?: boolean;
}

export interface AvroSchema {
  readonly type: AvroType;
  /** The named types that this text defines, by full name, in order of definition. */
  readonly named: ReadonlyMap<string, AvroNamedType>;
}

/**
 * Parses the JSON text of an Avro schema.
 *
 * A name without namespace is looked for in the enclosing namespace, then without one, as Avro's own library does.
 * @throws KeryxError `schema_invalid` with `details` { path, line, column }; `missing` names an unknown type.
 */
export function parseAvro(text: string, options: AvroParseOptions = {}): AvroSchema {
  const limits = options.limits ?? schemaLimits;
  const scope: Scope = {
    limits,
    isStrict: options.asRegistered !== true,
    letters: options.asRegistered === true ? "any" : "ascii",
    outside: options.named ?? new Map(),
    named: new Map(),
    writtenDefaults: new Map(),
  };
  const type = parseType(scope, parseJson(text, limits), { path: [], namespace: "", depth: 1 });
  if (options.ignoreDefaults !== true) fillDefaults(scope);
  return { type, named: scope.named };
}

interface Scope {
  readonly limits: SchemaLimits;
  readonly isStrict: boolean;
  readonly letters: NameLetters;
  readonly outside: ReadonlyMap<string, AvroNamedType>;
  readonly named: Map<string, AvroNamedType>;
  /** By full name of the record, then field: defaults may use types that are still under construction. */
  readonly writtenDefaults: Map<string, Map<string, { node: JsonNode; field: Writable<AvroField> }>>;
}

interface Place {
  readonly path: JsonPath;
  readonly namespace: string;
  readonly depth: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Members = ReadonlyMap<string, JsonMember>;

function parseType(scope: Scope, node: JsonNode, place: Place): AvroType {
  if (place.depth > scope.limits.depth)
    throw schemaError(`Types are nested more than ${scope.limits.depth} deep.`, node, place.path, limitFault);
  if (node.kind === "string") return resolveName(scope, node.value, node, place);
  if (node.kind === "array") return parseUnion(scope, node, place);
  if (node.kind !== "object") throw schemaError("A type is a name, an object or an array.", node, place.path);
  const kind = textOf(node.members, "type", node, place);
  const attributes = (known: ReadonlySet<string>): ReadonlyMap<string, unknown> =>
    readAttributes(node.members, known);
  const logical = (base: Annotated): Pick<AvroFixed, "logical"> => {
    const found = readLogical(node.members, base);
    return found === undefined ? {} : { logical: found };
  };
  if (isPrimitive(kind))
    return { kind, path: place.path, attributes: attributes(scalarWords), ...logical({ kind }) };
  switch (kind) {
    case "array":
    case "map": {
      const key = kind === "array" ? "items" : "values";
      const inner = parseType(scope, required(node.members, key, node, place), inside(place, key));
      const shared = { path: place.path, attributes: attributes(collectionWords) };
      return kind === "array" ? { kind, items: inner, ...shared } : { kind, values: inner, ...shared };
    }
    case "record":
    case "error":
      return parseRecord(scope, node, place);
    case "enum":
      return parseEnum(scope, node, place);
    case "fixed": {
      const size = toCount(required(node.members, "size", node, place));
      if (size === undefined)
        throw schemaError("`size` is a whole number of bytes.", node, [...place.path, "size"]);
      const fixed = { kind, size, ...nameOf(scope, node, place), ...logical({ kind, size }) } as const;
      scope.named.set(fixed.name, fixed);
      return fixed;
    }
    default:
      return resolveName(scope, kind, node, place);
  }
}

const scalarWords: ReadonlySet<string> = new Set(["type", "logicalType", "precision", "scale"]);
const collectionWords: ReadonlySet<string> = new Set(["type", "items", "values"]);
const namedWords: ReadonlySet<string> = new Set([
  ...["type", "name", "namespace", "aliases", "doc", "fields", "symbols", "default", "size"],
  ...["logicalType", "precision", "scale"],
]);
const fieldWords: ReadonlySet<string> = new Set(["name", "aliases", "doc", "type", "default", "order"]);

function readAttributes(members: Members, known: ReadonlySet<string>): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, { value }] of members) if (!known.has(name)) found.set(name, toPlain(value));
  return found;
}

function inside(place: Place, ...steps: (string | number)[]): Place {
  return { ...place, path: [...place.path, ...steps], depth: place.depth + 1 };
}

function resolveName(scope: Scope, name: string, at: JsonNode, place: Place): AvroType {
  if (isPrimitive(name)) return { kind: name, path: place.path, attributes: new Map() };
  const full = toFullName(name, place.namespace, scope.letters);
  const candidates = full === undefined ? [] : name.includes(".") ? [full.name] : [full.name, name];
  for (const candidate of candidates) {
    const found = scope.named.get(candidate) ?? scope.outside.get(candidate);
    if (found !== undefined) return found;
  }
  throw schemaError(`The type ${quote(name)} is not defined.`, at, place.path, {
    missing: full?.name ?? name,
  });
}

function parseUnion(scope: Scope, node: JsonNode & { kind: "array" }, place: Place): AvroUnion {
  if (scope.isStrict && node.items.length === 0)
    throw schemaError("A union has no branch.", node, place.path);
  const seen = new Set<string>();
  const branches = node.items.map((item, index) => {
    const branch = parseType(scope, item, inside(place, index));
    const path = [...place.path, index];
    if (branch.kind === "union") throw schemaError("A union stands directly inside a union.", item, path);
    const identity = "name" in branch ? branch.name : branch.kind;
    if (seen.has(identity))
      throw schemaError(`The union has two branches of ${quote(identity)}.`, item, path);
    seen.add(identity);
    return branch;
  });
  return { kind: "union", branches, path: place.path, attributes: new Map() };
}

function parseRecord(scope: Scope, node: JsonNode & { kind: "object" }, place: Place): AvroRecord {
  const fields: AvroField[] = [];
  const record: AvroRecord = { kind: "record", fields, ...nameOf(scope, node, place) };
  // Before its fields are read, because they may use it.
  scope.named.set(record.name, record);
  const list = required(node.members, "fields", node, place);
  if (list.kind !== "array") throw schemaError("`fields` is an array.", list, [...place.path, "fields"]);
  if (list.items.length > scope.limits.fields)
    throw schemaError(
      `A record has more than ${scope.limits.fields} fields.`,
      list,
      [...place.path, "fields"],
      limitFault,
    );
  const seen = new Set<string>();
  for (const [index, item] of list.items.entries()) {
    const at = { ...inside(place, "fields", index), namespace: record.namespace };
    const field = parseField(scope, item, at, record.name);
    if (seen.has(field.name))
      throw schemaError(`The field ${quote(field.name)} stands twice in ${record.name}.`, item, at.path);
    seen.add(field.name);
    fields.push(field);
  }
  return record;
}

function parseField(scope: Scope, node: JsonNode, place: Place, record: string): AvroField {
  if (node.kind !== "object") throw schemaError("A field is an object.", node, place.path);
  const name = textOf(node.members, "name", node, place);
  if (!isSimpleName(name, scope.letters))
    throw schemaError(`${quote(name)} is not a field name.`, node, [...place.path, "name"], nameFault);
  const typeNode = required(node.members, "type", node, place);
  const order = node.members.get("order")?.value;
  const orders = ["ascending", "descending", "ignore"] as const;
  const wanted =
    order === undefined
      ? "ascending"
      : orders.find(
          (one) =>
            order.kind === "string" && (scope.isStrict ? order.value : order.value.toLowerCase()) === one,
        );
  if (wanted === undefined)
    throw schemaError(`\`order\` is one of ${orders.join(", ")}.`, node, [...place.path, "order"]);
  const type = parseType(scope, typeNode, { ...place, path: [...place.path, "type"] });
  const isReference =
    typeNode.kind === "object" &&
    "name" in type &&
    !typeNode.members.has("name") &&
    typeNode.members.size > 1;
  const written = node.members.get("default")?.value;
  const field: Writable<AvroField> = {
    name,
    hasDefault: written !== undefined,
    aliases: aliasesOf(node, place, (alias) => (!scope.isStrict || isSimpleName(alias) ? alias : undefined)),
    ...docOf(node.members),
    type,
    order: wanted,
    path: place.path,
    attributes: readAttributes(node.members, fieldWords),
    ...(isReference ? { referenceAttributes: readAttributes(typeNode.members, collectionWords) } : {}),
  };
  if (written !== undefined) {
    const defaults = scope.writtenDefaults.get(record) ?? new Map();
    scope.writtenDefaults.set(record, defaults.set(name, { node: written, field }));
  }
  return field;
}

function parseEnum(scope: Scope, node: JsonNode & { kind: "object" }, place: Place): AvroEnum {
  const list = required(node.members, "symbols", node, place);
  const path = [...place.path, "symbols"];
  if (list.kind !== "array") throw schemaError("`symbols` is an array.", list, path);
  if (list.items.length > scope.limits.symbols)
    throw schemaError(`An enum has more than ${scope.limits.symbols} symbols.`, list, path, limitFault);
  const symbols = new Set<string>();
  for (const [index, item] of list.items.entries()) {
    if (item.kind !== "string" || !isSimpleName(item.value, scope.letters))
      throw schemaError("A symbol of an enum is a name.", item, [...path, index], nameFault);
    if (symbols.has(item.value))
      throw schemaError(`The symbol ${quote(item.value)} stands twice.`, item, [...path, index]);
    symbols.add(item.value);
  }
  const given = node.members.get("default")?.value;
  const written = scope.isStrict || given?.kind === "string" ? given : undefined;
  if (written !== undefined && (written.kind !== "string" || !symbols.has(written.value)))
    throw schemaError("The default of an enum is one of its symbols.", written, [...place.path, "default"]);
  const result: AvroEnum = {
    kind: "enum",
    symbols: [...symbols],
    ...(written?.kind === "string" ? { default: written.value } : {}),
    ...nameOf(scope, node, place),
  };
  scope.named.set(result.name, result);
  return result;
}

type Identity = Pick<
  AvroRecord,
  "name" | "simpleName" | "namespace" | "aliases" | "doc" | "path" | "attributes"
>;

function nameOf(scope: Scope, node: JsonNode & { kind: "object" }, place: Place): Identity {
  const written = textOf(node.members, "name", node, place);
  const space = node.members.get("namespace")?.value;
  const namespace = space?.kind === "string" ? space.value : place.namespace;
  if (!isNamespace(namespace, scope.letters))
    throw schemaError(
      `${quote(namespace)} is not a namespace.`,
      space ?? node,
      [...place.path, "namespace"],
      nameFault,
    );
  const full = toFullName(written, namespace, scope.letters);
  if (full === undefined || (scope.isStrict ? isReserved(full.name) : isPrimitive(full.name)))
    throw schemaError(
      `${quote(written)} is not a name for a type.`,
      node,
      [...place.path, "name"],
      nameFault,
    );
  if (scope.named.has(full.name) || scope.outside.has(full.name))
    throw schemaError(`The type ${full.name} is defined twice.`, node, place.path, { twice: full.name });
  return {
    ...full,
    aliases: aliasesOf(node, place, (alias) => toFullName(alias, full.namespace, scope.letters)?.name),
    ...docOf(node.members),
    path: place.path,
    attributes: readAttributes(node.members, namedWords),
  } satisfies Identity & AvroName;
}

function aliasesOf(
  node: JsonNode & { kind: "object" },
  place: Place,
  resolve: (alias: string) => string | undefined,
): readonly string[] {
  const list = node.members.get("aliases")?.value;
  if (list === undefined) return [];
  const items = list.kind === "array" ? list.items : [];
  const names = items.map((item) => (item.kind === "string" ? resolve(item.value) : undefined));
  const found = names.filter((name) => name !== undefined);
  if (list.kind !== "array" || found.length !== names.length)
    throw schemaError("`aliases` is an array of names.", list, [...place.path, "aliases"]);
  return found;
}

function docOf(members: Members): { doc?: string } {
  const doc = members.get("doc")?.value;
  return doc?.kind === "string" ? { doc: doc.value } : {};
}

function required(members: Members, key: string, node: JsonNode, place: Place): JsonNode {
  const member = members.get(key);
  if (member === undefined) throw schemaError(`\`${key}\` is missing.`, node, place.path);
  return member.value;
}

function textOf(members: Members, key: string, node: JsonNode, place: Place): string {
  const value = required(members, key, node, place);
  if (value.kind !== "string") throw schemaError(`\`${key}\` is text.`, value, [...place.path, key]);
  return value.value;
}

/** Runs when every type is complete: a default may be of the very record that it stands in. */
function fillDefaults(scope: Scope): void {
  const budget = { left: scope.limits.defaultNodes, symbols: new Map<string, ReadonlySet<string>>() };
  const fieldDefault = (record: string, field: string): JsonNode | undefined =>
    scope.writtenDefaults.get(record)?.get(field)?.node;
  const filled: [Writable<AvroField>, AvroDefault][] = [];
  for (const fields of scope.writtenDefaults.values())
    for (const { node, field } of fields.values()) {
      const path = [...field.path, "default"];
      filled.push([
        field,
        readDefault(field.type, node, { limits: scope.limits, budget, path, fieldDefault }),
      ]);
    }
  for (const [field, value] of filled) field.default = value;
}
