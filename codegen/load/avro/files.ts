import { KeryxError } from "../../../src/core/errors.ts";
import type { JsonPath } from "../../../src/schema/avro/model.ts";
import { isPrimitive, toFullName } from "../../../src/schema/avro/names.ts";
import { type JsonNode, parseJson } from "../../../src/schema/json.ts";
import { type Diagnostic, type RuleId, report, type Span } from "../../diagnostics.ts";
import { compare } from "../../model/order.ts";
import type { SchemaSource } from "../sources.ts";

/** An .avsc file as JSON that remembers its places. */
export interface AvroFile {
  readonly path: string;
  readonly text: string;
  readonly root: JsonNode;
  /** Named types defined in it, by full name. */
  readonly defines: ReadonlyMap<string, Definition>;
  /** Names that it uses and does not define: each with the full names that it may mean, first choice first. */
  readonly uses: readonly (readonly string[])[];
}

/** Where a named type is defined. */
export interface Definition {
  readonly node: JsonNode & { readonly kind: "object" };
  /** The namespace around it, which it takes when it names none. */
  readonly around: string;
}

/** Reads .avsc texts as JSON and puts them in an order in which every name is defined before it is used. */
export function readAvroFiles(sources: readonly SchemaSource[]): {
  readonly files: readonly AvroFile[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const files: AvroFile[] = [];
  for (const { path, text } of sources)
    try {
      const root = parseJson(text);
      files.push({ path, text, root, ...scan(root) });
    } catch (thrown) {
      diagnostics.push(refusal(thrown, path));
    }
  diagnostics.push(...findDoubles(files));
  const ordered = inOrder(files);
  return { files: ordered.files, diagnostics: [...diagnostics, ...ordered.diagnostics] };
}

const faults: ReadonlyMap<unknown, RuleId> = new Map([
  ["limit", "schema-limit"],
  ["name", "name-invalid"],
]);

/** A parser's refusal as a diagnostic; anything else is a defect and goes on. */
export function refusal(thrown: unknown, file: string): Diagnostic {
  if (!(thrown instanceof KeryxError) || thrown.code !== "schema_invalid") throw thrown;
  const { line, column, message, twice, fault } = thrown.details;
  const rule = twice !== undefined ? "name-duplicate" : (faults.get(fault) ?? "schema-syntax");
  return report(rule, { file, line: Number(line), column: Number(column) }, String(message));
}

/** The node at a path; the nearest one above when the path leads nowhere. */
export function nodeAt(root: JsonNode, path: JsonPath): JsonNode {
  let node = root;
  for (const step of path) {
    const next = node.kind === "array" ? node.items[Number(step)] : memberOf(node, String(step));
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

export function memberOf(node: JsonNode, key: string): JsonNode | undefined {
  return node.kind === "object" ? node.members.get(key)?.value : undefined;
}

export function spanOf(file: string, node: { readonly line: number; readonly column: number }): Span {
  return { file, line: node.line, column: node.column };
}

/** The namespace inside a named type, by the rules of the specification. */
export function namespaceOf(
  definition: Definition,
): { readonly full: string; readonly namespace: string } | undefined {
  const name = memberOf(definition.node, "name");
  const space = memberOf(definition.node, "namespace");
  if (name?.kind !== "string") return undefined;
  const found = toFullName(name.value, space?.kind === "string" ? space.value : definition.around);
  return found && { full: found.name, namespace: found.namespace };
}

const named: ReadonlySet<string> = new Set(["record", "error", "enum", "fixed"]);

/** Kinds of Avro types that define a name. */
export function definesName(kind: JsonNode | undefined): boolean {
  return kind?.kind === "string" && named.has(kind.value);
}

/** Definitions and uses of names. What is malformed is left to the parser proper. */
function scan(root: JsonNode): Pick<AvroFile, "defines" | "uses"> {
  const defines = new Map<string, Definition>();
  const uses: (readonly string[])[] = [];
  const visit = (node: JsonNode | undefined, around: string): void => {
    if (node === undefined) return;
    if (node.kind === "array") for (const item of node.items) visit(item, around);
    else if (node.kind === "string") uses.push(...meanings(node.value, around));
    else if (node.kind === "object") visitObject(node, around);
  };
  const visitObject = (node: Definition["node"], around: string): void => {
    const kind = memberOf(node, "type");
    if (kind?.kind !== "string") return;
    if (kind.value === "array") visit(memberOf(node, "items"), around);
    else if (kind.value === "map") visit(memberOf(node, "values"), around);
    else if (!definesName(kind)) visit(kind, around);
    else {
      const name = namespaceOf({ node, around });
      if (name === undefined) return;
      if (!defines.has(name.full)) defines.set(name.full, { node, around });
      const fields = memberOf(node, "fields");
      if (fields?.kind === "array")
        for (const field of fields.items) visit(memberOf(field, "type"), name.namespace);
    }
  };
  visit(root, "");
  return { defines, uses: uses.filter((names) => !names.some((name) => defines.has(name))) };
}

function meanings(name: string, around: string): readonly (readonly string[])[] {
  if (isPrimitive(name)) return [];
  const full = toFullName(name, around);
  if (full === undefined) return [];
  return [name.includes(".") || around === "" ? [full.name] : [full.name, name]];
}

function findDoubles(files: readonly AvroFile[]): readonly Diagnostic[] {
  const first = new Map<string, { readonly path: string; readonly node: JsonNode }>();
  return files.flatMap(({ path, defines }) =>
    [...defines].flatMap(([name, { node }]) => {
      const other = first.get(name);
      if (other === undefined) {
        first.set(name, { path, node });
        return [];
      }
      return [
        report(
          "name-duplicate",
          spanOf(path, node),
          `The type ${name} is also defined in ${other.path}:${other.node.line}.`,
        ),
      ];
    }),
  );
}

function inOrder(files: readonly AvroFile[]): {
  readonly files: readonly AvroFile[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const owner = new Map(
    files.flatMap((file) => [...file.defines.keys()].map((name) => [name, file] as const)),
  );
  const state = new Map<AvroFile, "open" | "done">();
  const ordered: AvroFile[] = [];
  const diagnostics: Diagnostic[] = [];
  const visit = (file: AvroFile, above: readonly AvroFile[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      const loop = [...above.slice(above.indexOf(file)), file].map((one) => one.path).join(" → ");
      diagnostics.push(
        report(
          "import-unsafe",
          spanOf(file.path, file.root),
          `The files use each other's types in a loop: ${loop}.`,
          "Put types that need each other into one file.",
        ),
      );
      return;
    }
    state.set(file, "open");
    for (const names of file.uses) {
      const source = names.map((name) => owner.get(name)).find((one) => one !== undefined);
      if (source !== undefined && source !== file) visit(source, [...above, file]);
    }
    state.set(file, "done");
    ordered.push(file);
  };
  for (const file of [...files].sort((a, b) => compare(a.path, b.path))) visit(file, []);
  return { files: ordered, diagnostics };
}
