import type { ProtoEnum, ProtoFile, ProtoMessage } from "./model.ts";
import type { ImportedProto, ProtoDefinition, ProtoSchema } from "./schema.ts";

/** One name below its parent: a part of a package, a message or an enum; all files share one tree. */
interface NameNode {
  readonly parent?: NameNode;
  readonly below: Map<string, NameNode>;
  /** More than one when several files define the name. */
  readonly definitions: ProtoDefinition[];
}

/** The import paths that a file sees; the file itself is in it, under `undefined` where it is the root. */
type Visible = ReadonlySet<string | undefined>;

/**
 * Looks up type names over a file and its imports. The names are collected at the first question, because many
 * schemas are never asked.
 */
export function createResolver(
  file: ProtoFile,
  imports: ReadonlyMap<string, ImportedProto>,
): ProtoSchema["resolve"] {
  let root: NameNode | undefined;
  const visible = new Map<string | undefined, Visible>();
  const visibleFrom = (path: string | undefined): Visible => {
    const known = visible.get(path);
    if (known !== undefined) return known;
    const found = collectVisible(file, imports, path);
    visible.set(path, found);
    return found;
  };
  return (name, scope, path) => {
    root ??= collectNames(file, imports);
    const isAbsolute = name.startsWith(".");
    const parts = (isAbsolute ? name.slice(1) : name).split(".");
    const seen = visibleFrom(path);
    let from: NameNode | undefined = isAbsolute ? root : innermost(root, scope);
    for (; from !== undefined; from = from.parent) {
      const definition = definitionAt(from, parts, seen, path);
      if (definition !== undefined) return definition;
    }
    return undefined;
  };
}

function definitionAt(
  from: NameNode,
  parts: readonly string[],
  seen: Visible,
  path: string | undefined,
): ProtoDefinition | undefined {
  let node: NameNode | undefined = from;
  for (const part of parts) {
    node = node.below.get(part);
    if (node === undefined) return undefined;
  }
  const { definitions } = node;
  return (
    definitions.find((definition) => definition.path === path) ??
    definitions.find((definition) => seen.has(definition.path))
  );
}

/** The node of a scope, or of the longest part of it that any file knows. */
function innermost(root: NameNode, scope: string): NameNode {
  let node = root;
  for (const part of scope.split(".")) {
    const next = node.below.get(part);
    if (next === undefined) break;
    node = next;
  }
  return node;
}

function collectNames(file: ProtoFile, imports: ReadonlyMap<string, ImportedProto>): NameNode {
  const root: NameNode = { below: new Map(), definitions: [] };
  collectFile(root, file, { file });
  for (const [path, { file: imported, place }] of imports)
    collectFile(root, imported, { path, file: imported, ...(place === undefined ? {} : { place }) });
  return root;
}

type Origin = Pick<ProtoDefinition, "path" | "file" | "place">;

function collectFile(root: NameNode, file: ProtoFile, origin: Origin): void {
  let node = root;
  if (file.package !== "") for (const part of file.package.split(".")) node = below(node, part);
  collectScope(node, file, origin);
}

// Recursion is as deep as messages nest, which the parser bounds.
function collectScope(
  node: NameNode,
  scope: { readonly messages: readonly ProtoMessage[]; readonly enums: readonly ProtoEnum[] },
  origin: Origin,
): void {
  for (const type of scope.messages) {
    const inner = below(node, type.name);
    inner.definitions.push({ kind: "message", type, ...origin });
    collectScope(inner, type, origin);
  }
  for (const type of scope.enums) below(node, type.name).definitions.push({ kind: "enum", type, ...origin });
}

function below(parent: NameNode, name: string): NameNode {
  const known = parent.below.get(name);
  if (known !== undefined) return known;
  const node: NameNode = { parent, below: new Map(), definitions: [] };
  parent.below.set(name, node);
  return node;
}

/** The file, what it imports, and what those pass on by `import public`. */
function collectVisible(
  file: ProtoFile,
  imports: ReadonlyMap<string, ImportedProto>,
  path: string | undefined,
): Visible {
  const start = path === undefined ? file : imports.get(path)?.file;
  const seen = new Set<string | undefined>([path]);
  const open = (start?.imports ?? []).map((one) => one.path);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const one of imports.get(next)?.file.imports ?? [])
      if (one.modifier === "public") open.push(one.path);
  }
  return seen;
}
