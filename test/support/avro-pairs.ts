import fc, { type GeneratorValue } from "fast-check";
import {
  type Field,
  fullNameOf,
  type Graph,
  isNamed,
  type Json,
  type Named,
  type Places,
  placesOf,
  printGraph,
} from "./avro-graph.ts";

/** Texts of one schema: all but the last one define types that later ones use. */
export type Texts = readonly string[];

/** Two schemas, the second one a changed copy of the first, so that many pairs nearly fit each other. */
export interface SchemaPair {
  readonly older: Texts;
  readonly newer: Texts;
}

const primitives = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
const logicalType = (name: string, more: object = {}): { [key: string]: Json } => ({
  logicalType: name,
  ...more,
});
const logicals: Readonly<Record<string, readonly { [key: string]: Json }[]>> = {
  int: [logicalType("date"), logicalType("time-millis")],
  long: ["timestamp-millis", "timestamp-micros", "time-micros", "local-timestamp-millis"].map((name) =>
    logicalType(name),
  ),
  string: [logicalType("uuid"), logicalType("nobody-knows")],
  bytes: [
    [4, 2],
    [5, 2],
    [5, 1],
  ].map(([precision, scale]) => logicalType("decimal", { precision, scale })),
};
const simpleNames = ["A", "B", "C", "D", "Ω"];
const fieldNames = ["a", "b", "c", "d", "e"];
const symbols = ["X", "Y", "Z", "V", "a", "_"];
const someSymbols = (): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom(...symbols), { minLength: 1 });
const someFields = (): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom(...fieldNames), { minLength: 1, maxLength: 4 });

export interface PairOptions {
  /** Most defaults do not fit their types, which comparisons must not mind; `fitting`: as many as possible do. */
  readonly defaults: "any" | "fitting";
}

interface Making extends PairOptions {
  readonly g: GeneratorValue;
  readonly namespaces: readonly string[];
  readonly named: Named[];
}

function one<T>({ g }: Making, items: readonly T[]): T {
  return items[g(fc.nat, { max: items.length - 1 })]!;
}

function happens({ g }: Making, oneIn: number): boolean {
  return g(fc.nat, { max: oneIn - 1 }) === 0;
}

/** A pair of schemas; about a third of all pairs are compatible. */
export function generatePair(g: GeneratorValue, options: PairOptions = { defaults: "any" }): SchemaPair {
  const making: Making = {
    ...options,
    g,
    namespaces: g(fc.constantFrom, [""], ["n", "n.m", "o"]),
    named: [],
  };
  const older = { type: makeRoot(making) };
  const newer = structuredClone(older);
  for (let changes = g(fc.nat, { max: 4 }); changes > 0; changes--) change(making, newer);
  return { older: print(making, older.type), newer: print(making, newer.type) };
}

/** Sometimes a type of the schema stands in a text of its own, as with references. */
function print(making: Making, root: Graph): Texts {
  const defined = new Set<Named>();
  const texts: Json[] = [];
  if (happens(making, 5)) {
    const { named } = placesOf({ type: root });
    if (named.length > 0) texts.push(printGraph(one(making, named), defined));
  }
  return [...texts, printGraph(root, defined)].map((json) => JSON.stringify(json));
}

function makeRoot(making: Making): Graph {
  return happens(making, 8) ? makeType(making, 3) : makeRecord(making, 3);
}

function makeType(making: Making, depth: number): Graph {
  const kinds = ["primitive", "primitive", "known"];
  if (depth > 0) kinds.push("known", "record", "array", "map", "union", "union", "enum", "fixed");
  switch (one(making, kinds)) {
    case "known":
      return making.named.length > 0 ? one(making, making.named) : makePrimitive(making);
    case "record":
      return makeRecord(making, depth);
    case "array":
      return { kind: "array", of: makeType(making, depth - 1) };
    case "map":
      return { kind: "map", of: makeType(making, depth - 1) };
    case "union":
      return makeUnion(making, depth);
    case "enum":
      return makeEnum(making);
    case "fixed":
      return makeFixed(making);
    default:
      return makePrimitive(making);
  }
}

function makePrimitive(making: Making): Graph {
  const name = one(making, primitives);
  const known = logicals[name];
  return {
    kind: "primitive",
    name,
    logical: known !== undefined && happens(making, 5) ? one(making, known) : undefined,
  };
}

function makeUnion(making: Making, depth: number): Graph {
  const count = making.g(fc.nat, { max: 4 });
  const seen = new Set<string>();
  const branches: Graph[] = [];
  for (let index = 0; index < count; index++) {
    const branch = makeType(making, depth - 1);
    const identity = identityOf(branch);
    if (branch.kind !== "union" && !seen.has(identity)) branches.push(branch);
    seen.add(identity);
  }
  return { kind: "union", of: branches };
}

function identityOf(type: Graph): string {
  if (isNamed(type)) return `named ${fullNameOf(type)}`;
  return type.kind === "primitive" ? type.name : type.kind;
}

function makeNamed(making: Making, kind: Named["kind"]): Named {
  const made: Named = {
    kind,
    ...freshName(making),
    aliases: happens(making, 8) ? [one(making, simpleNames)] : [],
    style: one(making, ["apart", "dotted", "inherited"]),
    fields: [],
    symbols: [],
    default: undefined,
    size: 0,
  };
  making.named.push(made);
  return made;
}

/** Simple names repeat in other namespaces, full names never do. */
function freshName(making: Making): { name: string; namespace: string } {
  const taken = new Set(making.named.map(fullNameOf));
  for (let tries = 0; ; tries++) {
    const name = `${one(making, simpleNames)}${tries > 3 ? making.named.length + tries : ""}`;
    const namespace = one(making, making.namespaces);
    if (!taken.has(namespace === "" ? name : `${namespace}.${name}`)) return { name, namespace };
  }
}

function makeFixed(making: Making): Graph {
  const made = makeNamed(making, "fixed");
  made.size = one(making, [0, 1, 16]);
  return made;
}

function makeEnum(making: Making): Graph {
  const made = makeNamed(making, "enum");
  made.symbols = making.g(someSymbols);
  made.default = happens(making, 2) ? one(making, made.symbols) : undefined;
  return made;
}

function makeRecord(making: Making, depth: number): Graph {
  const made = makeNamed(making, happens(making, 10) ? "error" : "record");
  for (const name of making.g(someFields)) made.fields.push(makeField(making, name, depth - 1));
  return made;
}

function makeField(making: Making, name: string, depth: number): Field {
  const type = makeType(making, depth);
  return {
    name,
    aliases: happens(making, 40) ? [one(making, fieldNames)] : [],
    type,
    default: happens(making, making.defaults === "any" ? 3 : 2) ? someDefault(making, type) : undefined,
  };
}

function someDefault(making: Making, type: Graph): Json | undefined {
  return making.defaults === "any" ? one<Json>(making, [null, 0, true, [], {}]) : fittingDefault(type);
}

const fitting: Readonly<Record<string, Json>> = { null: null, boolean: true, bytes: "", string: "x" };

function fittingDefault(type: Graph): Json | undefined {
  switch (type.kind) {
    case "primitive":
      return type.logical === undefined ? (fitting[type.name] ?? 7) : undefined;
    case "array":
      return [];
    case "map":
      return {};
    case "enum":
      return type.symbols[0];
    case "union":
      return type.of[0] === undefined ? undefined : fittingDefault(type.of[0]);
    default:
      return undefined;
  }
}

function change(making: Making, root: { type: Graph }): void {
  const places = placesOf(root);
  // Names must stay apart from those of the changed schema.
  making.named.splice(0, making.named.length, ...places.named);
  const change = one(making, [changeType, changeType, changeNamed, changeNamed, changeNamed, changeUnion]);
  change(making, places);
}

const wider: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double", "int"],
  float: ["double", "int"],
  string: ["bytes"],
  bytes: ["string"],
};

function changeType(making: Making, { slots }: Places): void {
  const { get, set, isBranch } = one(making, slots);
  const type = get();
  const nothing: Graph = { kind: "primitive", name: "null", logical: undefined };
  if (happens(making, 6)) set(makeType(making, 2));
  else if (type.kind === "primitive" && happens(making, 4)) set(makePrimitive(making));
  else if (type.kind === "primitive" && !happens(making, 3))
    set({ ...type, name: one(making, wider[type.name] ?? [type.name]), logical: undefined });
  else if (type.kind !== "union" && identityOf(type) !== "null" && (!isBranch || happens(making, 10)))
    set({ kind: "union", of: happens(making, 2) ? [nothing, type] : [type, nothing] });
  else if (type.kind === "union" && type.of.length > 0) set(one(making, type.of));
}

function changeUnion(making: Making, { types }: Places): void {
  const unions = types.filter((type) => type.kind === "union");
  if (unions.length === 0) return;
  const union = one(making, unions);
  const at = making.g(fc.nat, { max: union.of.length });
  if (happens(making, 3)) union.of.reverse();
  else if (happens(making, 2)) union.of.splice(at, 1);
  else {
    const added = makeType(making, 1);
    const isNew = union.of.every((branch) => identityOf(branch) !== identityOf(added));
    // Now and then one that stands there already, which both parsers have to refuse.
    if (added.kind !== "union" && (isNew || happens(making, 10))) union.of.splice(at, 0, added);
  }
}

function changeNamed(making: Making, { named }: Places): void {
  if (named.length === 0) return;
  const type = one(making, named);
  const isRecord = type.kind === "record" || type.kind === "error";
  if (happens(making, 4)) rename(making, type);
  else if (type.kind === "enum") changeEnum(making, type);
  else if (type.kind === "fixed") type.size = one(making, [0, 1, 16]);
  else if (isRecord && happens(making, 8)) type.kind = type.kind === "record" ? "error" : "record";
  else changeFields(making, type);
}

function rename(making: Making, type: Named): void {
  const before = fullNameOf(type);
  if (happens(making, 4)) [type.name, type.namespace] = [simpleOf(freshName(making)), type.namespace];
  else Object.assign(type, freshName(making));
  if (new Set(making.named.map(fullNameOf)).size < making.named.length)
    Object.assign(type, freshName(making));
  if (happens(making, 2)) type.aliases = [before, ...type.aliases];
}

function simpleOf({ name }: { name: string }): string {
  return name;
}

function changeEnum(making: Making, type: Named): void {
  if (happens(making, 4)) type.symbols.reverse();
  else type.symbols = making.g(someSymbols);
  if (happens(making, 3)) type.default = one(making, type.symbols);
  if (type.default !== undefined && !type.symbols.includes(type.default)) type.default = undefined;
}

function changeFields(making: Making, { fields }: Named): void {
  const field = fields.length > 0 ? one(making, fields) : undefined;
  const unused = fieldNames.filter((name) => fields.every((other) => other.name !== name));
  switch (one(making, ["add", "add", "remove", "remove", "rename", "default", "reverse", "alias"])) {
    case "add":
      if (unused.length > 0) fields.unshift(makeField(making, one(making, unused), 1));
      return;
    case "remove":
      if (field !== undefined) fields.splice(fields.indexOf(field), 1);
      return;
    case "rename":
      if (field === undefined || unused.length === 0) return;
      if (!happens(making, 3)) field.aliases = [field.name, ...field.aliases];
      field.name = one(making, unused);
      return;
    case "default":
      if (field !== undefined)
        field.default = field.default === undefined ? someDefault(making, field.type) : undefined;
      return;
    case "alias":
      // Its own name, or that of another field, may be found twice.
      if (field !== undefined && happens(making, 2))
        field.aliases = [...field.aliases, one(making, fieldNames)];
      return;
    default:
      fields.reverse();
  }
}
