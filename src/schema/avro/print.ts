import { type JsonNode, parseJson } from "../json.ts";
import { type SchemaLimits, schemaLimits } from "../limits.ts";
import { isPrimitive, toFullName } from "./names.ts";

export interface AvroPrintOptions {
  readonly limits?: SchemaLimits;
  /**
   * Full names of the types that the text defines or refers to. With them, texts come out the same that differ in
   * the order of members or in how names are written. Default: members and names stay as they are.
   */
  readonly normalizeWith?: { has(fullName: string): boolean };
}

/**
 * The text of an Avro schema as registries keep it: JSON without white space, numbers as they were written.
 * @throws KeryxError `schema_invalid` where the text is not JSON
 */
export function printAvro(text: string, options: AvroPrintOptions = {}): string {
  const { limits = schemaLimits, normalizeWith: known } = options;
  const node = parseJson(text, limits);
  return known === undefined ? printJson(node, false) : printType(node, { known, namespace: "" });
}

function printJson(node: JsonNode, isSorted: boolean): string {
  switch (node.kind) {
    case "object": {
      const members = [...node.members].map(([key, { value }]) => [key, printJson(value, isSorted)] as const);
      return printMembers(isSorted ? members.sort(byKey) : members);
    }
    case "array":
      return `[${node.items.map((item) => printJson(item, isSorted)).join(",")}]`;
    case "string":
      return JSON.stringify(node.value);
    case "number":
      return node.text;
    default:
      return node.kind === "null" ? "null" : String(node.value);
  }
}

type Printed = readonly [key: string, text: string];

const byKey = ([a]: Printed, [b]: Printed): number => (a < b ? -1 : a > b ? 1 : 0);

function printMembers(members: readonly Printed[]): string {
  return `{${members.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
}

interface Scope {
  readonly known: { has(fullName: string): boolean };
  readonly namespace: string;
}

// What Avro defines stands in this order, everything else behind it by name.
const typeWords = [
  ...["type", "name", "namespace", "doc", "fields", "symbols", "items", "values", "size"],
  ...["aliases", "default"],
];
const fieldWords = ["name", "type", "doc", "default", "order", "aliases"];

function inOrder(words: readonly string[], members: readonly Printed[]): readonly Printed[] {
  const rank = ([key]: Printed): number => {
    const found = words.indexOf(key);
    return found < 0 ? words.length : found;
  };
  return [...members].sort((a, b) => rank(a) - rank(b) || byKey(a, b));
}

// Recursion is as deep as the parser of JSON lets a text be.
function printType(node: JsonNode, scope: Scope): string {
  if (node.kind === "array") return `[${node.items.map((item) => printType(item, scope)).join(",")}]`;
  if (node.kind === "string") return JSON.stringify(fullNameIn(scope, node.value));
  if (node.kind !== "object") return printJson(node, true);
  const kind = textAt(node, "type") ?? "";
  if (node.members.size === 1 && node.members.has("type")) return JSON.stringify(fullNameIn(scope, kind));
  const name = textAt(node, "name");
  const isNamed = name !== undefined && ["record", "error", "enum", "fixed"].includes(kind);
  const full = isNamed ? toFullName(name, textAt(node, "namespace") ?? scope.namespace, "any") : undefined;
  const inner: Scope = { ...scope, namespace: full?.namespace ?? scope.namespace };
  const isOutside = full?.namespace === "" && scope.namespace === "";
  const members = [...node.members]
    .filter(([key]) => full === undefined || (key !== "name" && key !== "namespace"))
    .map(([key, { value }]): Printed => [key, printMember(key, value, { kind, scope: inner })]);
  const named: Printed[] =
    full === undefined
      ? []
      : [
          ["name", JSON.stringify(full.simpleName)],
          ...(isOutside ? [] : [["namespace", JSON.stringify(full.namespace)] as const]),
        ];
  return printMembers(inOrder(typeWords, [...named, ...members]));
}

function printMember(
  key: string,
  value: JsonNode,
  { kind, scope }: { readonly kind: string; readonly scope: Scope },
): string {
  if (key === "type") return JSON.stringify(fullNameIn(scope, kind));
  if ((key === "items" && kind === "array") || (key === "values" && kind === "map"))
    return printType(value, scope);
  if (key === "aliases") return printAliases(value, scope);
  const hasFields = (kind === "record" || kind === "error") && key === "fields" && value.kind === "array";
  if (!hasFields) return printJson(value, true);
  return `[${value.items.map((field) => printField(field, scope)).join(",")}]`;
}

function printField(node: JsonNode, scope: Scope): string {
  if (node.kind !== "object") return printJson(node, true);
  const members = [...node.members]
    .filter(([key, { value }]) => key !== "order" || !isAscending(value))
    .map(
      ([key, { value }]): Printed => [key, key === "type" ? printType(value, scope) : printJson(value, true)],
    );
  return printMembers(inOrder(fieldWords, members));
}

/** The order that a field has anyway. */
function isAscending(value: JsonNode): boolean {
  return value.kind === "string" && value.value.toLowerCase() === "ascending";
}

function printAliases(value: JsonNode, { namespace }: Scope): string {
  if (value.kind !== "array") return printJson(value, true);
  const names = value.items.map((item) =>
    item.kind === "string" ? (toFullName(item.value, namespace, "any")?.name ?? item.value) : "",
  );
  return JSON.stringify(names);
}

/** A name of a type as it is found by Avro's own rule: in the enclosing namespace, else as written. */
function fullNameIn({ known, namespace }: Scope, name: string): string {
  if (isPrimitive(name) || name.includes(".")) return name;
  const full = toFullName(name, namespace, "any")?.name;
  return full !== undefined && known.has(full) ? full : name;
}

function textAt(node: JsonNode & { kind: "object" }, key: string): string | undefined {
  const value = node.members.get(key)?.value;
  return value?.kind === "string" ? value.value : undefined;
}
