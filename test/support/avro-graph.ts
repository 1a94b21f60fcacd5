// Avro schemas as graphs: a named type is one object wherever it is used, so that a change never leaves a name behind.
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Primitive {
  kind: "primitive";
  name: string;
  /** The attributes of its logical type. */
  logical: { [key: string]: Json } | undefined;
}
export interface Collection {
  kind: "array" | "map";
  of: Graph;
}
export interface Union {
  kind: "union";
  of: Graph[];
}
export interface Field {
  name: string;
  aliases: string[];
  type: Graph;
  default: Json | undefined;
}
export interface Named {
  kind: "record" | "error" | "enum" | "fixed";
  name: string;
  namespace: string;
  aliases: string[];
  /** How the name is written: beside its namespace, as one dotted name, or without where it is inherited. */
  style: "apart" | "dotted" | "inherited";
  fields: Field[];
  symbols: string[];
  default: string | undefined;
  size: number;
}
export type Graph = Primitive | Collection | Union | Named;

export function isNamed(type: Graph): type is Named {
  return "namespace" in type;
}

export function fullNameOf({ name, namespace }: Named): string {
  return namespace === "" ? name : `${namespace}.${name}`;
}

/** JSON of a graph: a named type is defined where it first stands and referred to afterwards. */
export function printGraph(type: Graph, defined: Set<Named>, namespace = ""): Json {
  switch (type.kind) {
    case "primitive":
      return type.logical === undefined ? type.name : { type: type.name, ...type.logical };
    case "array":
      return { type: "array", items: printGraph(type.of, defined, namespace) };
    case "map":
      return { type: "map", values: printGraph(type.of, defined, namespace) };
    case "union":
      return type.of.map((branch) => printGraph(branch, defined, namespace));
    default:
      return printNamed(type, defined, namespace);
  }
}

function printNamed(type: Named, defined: Set<Named>, namespace: string): Json {
  if (defined.has(type))
    return type.namespace === namespace && type.style === "inherited" ? type.name : fullNameOf(type);
  defined.add(type);
  const json: { [key: string]: Json } = { type: type.kind };
  if (type.style === "dotted" && type.namespace !== "") json["name"] = fullNameOf(type);
  else {
    json["name"] = type.name;
    if (type.style !== "inherited" || type.namespace !== namespace) json["namespace"] = type.namespace;
  }
  if (type.aliases.length > 0) json["aliases"] = type.aliases;
  if (type.kind === "fixed") json["size"] = type.size;
  else if (type.kind === "enum") {
    json["symbols"] = type.symbols;
    if (type.default !== undefined) json["default"] = type.default;
  } else
    json["fields"] = type.fields.map((field): Json => {
      const { name, aliases, default: value } = field;
      return {
        name,
        type: printGraph(field.type, defined, type.namespace),
        ...(aliases.length > 0 ? { aliases } : {}),
        ...(value === undefined ? {} : { default: value }),
      };
    });
  return json;
}

/** Every type of a graph once, and where each stands. */
export interface Places {
  readonly types: readonly Graph[];
  readonly named: readonly Named[];
  readonly slots: readonly Slot[];
}

export interface Slot {
  readonly get: () => Graph;
  readonly set: (type: Graph) => void;
  /** It stands directly inside a union. */
  readonly isBranch: boolean;
}

export function placesOf(root: { type: Graph }): Places {
  const types = new Set<Graph>();
  const slots: Slot[] = [];
  const visit = (get: () => Graph, set: (type: Graph) => void, isBranch = false): void => {
    slots.push({ get, set, isBranch });
    const type = get();
    if (types.has(type)) return;
    types.add(type);
    if (type.kind === "array" || type.kind === "map")
      visit(
        () => type.of,
        (next) => (type.of = next),
      );
    else if (type.kind === "union")
      for (const index of type.of.keys())
        visit(
          () => type.of[index]!,
          (next) => (type.of[index] = next),
          true,
        );
    else if (isNamed(type))
      for (const field of type.fields)
        visit(
          () => field.type,
          (next) => (field.type = next),
        );
  };
  visit(
    () => root.type,
    (next) => (root.type = next),
  );
  return { types: [...types], named: [...types].filter(isNamed), slots };
}
