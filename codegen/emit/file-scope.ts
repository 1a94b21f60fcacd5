import { posix } from "node:path";
import { freeName } from "../model/names.ts";
import { compare } from "../model/order.ts";
import type { Declaration, FilePlan, Import } from "./output.ts";

/** How relative imports end: `.ts` where the user's compiler takes it, else `.js`. */
export type ImportExtension = "ts" | "js";

export const runtime = "keryx/runtime/v1";
export const protobuf = "@bufbuild/protobuf";
/** Where protobuf-es keeps the messages of google/protobuf. */
export const wellKnown = "@bufbuild/protobuf/wkt";

/** The names of one file under construction: what it imports, under which local name. */
export interface FileScope {
  readonly path: string;
  /** Local name of a type that another module (package name or output path) exports. */
  type(from: string, name: string): string;
  /** Local name of a value, which may be a type too. */
  value(from: string, name: string): string;
  /** Local name of a whole module; imported as types only as long as nobody asks for its values. */
  namespace(from: string, name: string, typeOnly?: boolean): string;
  /** A name for something private to this file. */
  unique(wanted: string): string;
  plan(declarations: readonly Declaration[]): FilePlan;
}

interface Imported {
  readonly local: string;
  readonly name: string;
  typeOnly: boolean;
}

/** Starts a file; `own` are the names that it exports, which no import may take. */
export function createFileScope(path: string, own: readonly string[], extension: ImportExtension): FileScope {
  const taken = new Set(own);
  const modules = new Map<string, Map<string, Imported>>();
  const namespaces = new Map<string, { readonly name: string; typeOnly: boolean }>();

  const unique = (wanted: string): string => {
    const name = freeName(wanted, taken);
    taken.add(name);
    return name;
  };
  const use = (from: string, name: string, typeOnly: boolean): string => {
    if (from === path) return name;
    const names = modules.get(from) ?? new Map<string, Imported>();
    modules.set(from, names);
    const imported = names.get(name) ?? { local: unique(name), name, typeOnly };
    imported.typeOnly &&= typeOnly;
    names.set(name, imported);
    return imported.local;
  };
  return {
    path,
    type: (from, name) => use(from, name, true),
    value: (from, name) => use(from, name, false),
    namespace(from, name, typeOnly = false) {
      const known = namespaces.get(from) ?? { name: unique(name), typeOnly };
      known.typeOnly &&= typeOnly;
      namespaces.set(from, known);
      return known.name;
    },
    unique,
    plan: (declarations) => ({
      path,
      imports: [
        ...[...namespaces].map(([from, namespace]) => ({ from, names: [], namespace: { ...namespace } })),
        ...[...modules].map(([from, names]) => ({
          from,
          names: [...names.values()].map(toImported).sort(byName),
        })),
      ]
        .map((one) => ({ ...one, from: specifierOf(path, one.from, extension) }))
        .sort((left, right) => compare(sortKey(left), sortKey(right))),
      declarations,
    }),
  };
}

function toImported({ local, name, typeOnly }: Imported): Import["names"][number] {
  return { name, typeOnly, ...(local === name ? {} : { alias: local }) };
}

/** How `from` (package name or output path) is written in an import of the file at `path`. */
export function specifierOf(path: string, from: string, extension: ImportExtension): string {
  if (!from.endsWith(".ts")) return from;
  const relative = posix.relative(posix.dirname(path), from).replace(/\.ts$/, `.${extension}`);
  return relative.startsWith(".") ? relative : `./${relative}`;
}

// Packages first, then relative paths; by code unit, which no locale changes.
function sortKey(one: Import): string {
  return `${one.from.startsWith(".") ? 1 : 0}${one.from}`;
}

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return compare(left.name, right.name);
}
