import { type JsonNode, parseJson } from "../json.ts";
import type { SchemaLimits } from "../limits.ts";
import { isPrimitive, toFullName } from "./names.ts";

/** Which named types a text defines and which it uses, found without resolving any. */
export interface AvroNames {
  readonly defined: ReadonlySet<string>;
  /** For each use the names that it may mean, the one in the enclosing namespace first. */
  readonly used: readonly (readonly string[])[];
}

interface Visit {
  readonly node: JsonNode;
  readonly namespace: string;
}

/** @throws KeryxError `schema_invalid` where the text is not JSON; what is no schema is passed over */
export function collectAvroNames(text: string, limits: SchemaLimits): AvroNames {
  const defined = new Set<string>();
  const used = new Map<string, readonly string[]>();
  const open: Visit[] = [{ node: parseJson(text, limits), namespace: "" }];
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { node, namespace } = visit;
    if (node.kind === "array") for (const item of node.items) open.push({ node: item, namespace });
    if (node.kind === "string") addUse(used, node.value, namespace);
    if (node.kind !== "object") continue;
    const kind = textAt(node, "type");
    const name = textAt(node, "name");
    switch (kind) {
      case "array":
      case "map":
        openMember(open, node, kind === "array" ? "items" : "values", namespace);
        break;
      case "record":
      case "error":
      case "enum":
      case "fixed": {
        const full =
          name === undefined ? undefined : toFullName(name, textAt(node, "namespace") ?? namespace, "any");
        if (full === undefined) break;
        defined.add(full.name);
        const fields = node.members.get("fields")?.value;
        for (const field of fields?.kind === "array" ? fields.items : [])
          if (field.kind === "object") openMember(open, field, "type", full.namespace);
        break;
      }
      default:
        if (kind !== undefined) addUse(used, kind, namespace);
    }
  }
  return { defined, used: [...used.values()] };
}

function textAt(node: JsonNode & { kind: "object" }, key: string): string | undefined {
  const value = node.members.get(key)?.value;
  return value?.kind === "string" ? value.value : undefined;
}

function openMember(
  open: Visit[],
  node: JsonNode & { kind: "object" },
  key: string,
  namespace: string,
): void {
  const member = node.members.get(key);
  if (member !== undefined) open.push({ node: member.value, namespace });
}

function addUse(used: Map<string, readonly string[]>, name: string, namespace: string): void {
  const full = isPrimitive(name) ? undefined : toFullName(name, namespace, "any");
  if (full === undefined) return;
  const meanings = name.includes(".") ? [full.name] : [full.name, name];
  used.set(meanings.join(" "), meanings);
}
