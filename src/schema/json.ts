import { type ParseErrorCode, printParseErrorCode, visit } from "jsonc-parser";
import type { JsonPath } from "./avro/model.ts";
import { checkJson } from "./json-bounds.ts";
import { quote, type SchemaLimits, schemaError, schemaLimits } from "./limits.ts";
import type { TextSpan } from "./text-span.ts";

export interface JsonMember {
  readonly key: TextSpan;
  readonly value: JsonNode;
}

/** A node of a JSON text that remembers its place; a number keeps its source text, so nothing is rounded. */
export type JsonNode = TextSpan &
  (
    | { readonly kind: "object"; readonly members: ReadonlyMap<string, JsonMember> }
    | { readonly kind: "array"; readonly items: readonly JsonNode[] }
    | { readonly kind: "string"; readonly value: string }
    | { readonly kind: "number"; readonly text: string }
    | { readonly kind: "boolean"; readonly value: boolean }
    | { readonly kind: "null" }
  );

type Container =
  | { readonly kind: "object"; readonly members: Map<string, JsonMember>; node: { end: number } & JsonNode }
  | { readonly kind: "array"; readonly items: JsonNode[]; node: { end: number } & JsonNode };

/**
 * Reads strict JSON with positions and exact numbers: no comments, no trailing commas, no repeated keys.
 * @throws KeryxError `schema_invalid` with `details` { path, line, column }.
 */
export function parseJson(text: string, limits: SchemaLimits = schemaLimits): JsonNode {
  checkJson(text, limits);
  const stack: Container[] = [];
  let root: JsonNode | undefined;
  let key: (TextSpan & { readonly name: string }) | undefined;

  const path = (): JsonPath =>
    stack.map((at) => {
      const isInnermost = at === stack.at(-1);
      if (at.kind === "array") return at.items.length - (isInnermost ? 0 : 1);
      return (isInnermost ? key?.name : [...at.members.keys()].at(-1)) ?? "";
    });
  const add = (node: JsonNode): void => {
    const parent = stack.at(-1);
    if (parent === undefined) root = node;
    else if (parent.kind === "array") parent.items.push(node);
    else if (key !== undefined) parent.members.set(key.name, { key, value: node });
  };
  const open = (container: Container): boolean => {
    add(container.node);
    stack.push(container);
    return true;
  };
  const close = (offset: number, length: number): void => {
    const container = stack.pop();
    if (container !== undefined) container.node.end = offset + length;
  };
  const at = (offset: number, length: number, line: number, column: number): TextSpan => ({
    line: line + 1,
    column: column + 1,
    offset,
    end: offset + length,
  });

  visit(
    text,
    {
      onObjectBegin(offset, length, line, column) {
        const members = new Map<string, JsonMember>();
        return open({
          kind: "object",
          members,
          node: { kind: "object", members, ...at(offset, length, line, column) },
        });
      },
      onArrayBegin(offset, length, line, column) {
        const items: JsonNode[] = [];
        return open({
          kind: "array",
          items,
          node: { kind: "array", items, ...at(offset, length, line, column) },
        });
      },
      onObjectProperty(name, offset, length, line, column) {
        const span = at(offset, length, line, column);
        const parent = stack.at(-1);
        if (parent?.kind === "object" && parent.members.has(name))
          throw schemaError(`The key ${quote(name)} stands twice in one object.`, span, path());
        key = { ...span, name };
      },
      onLiteralValue(value, offset, length, line, column) {
        add(toLiteral(value, text, at(offset, length, line, column)));
      },
      onObjectEnd: close,
      onArrayEnd: close,
      onError(error, offset, length, line, column) {
        throw schemaError(
          `The text is not JSON: ${describe(error)}.`,
          at(offset, length, line, column),
          path(),
        );
      },
    },
    { disallowComments: true },
  );
  if (root === undefined) throw schemaError("The text is not JSON.", { line: 1, column: 1 }, []);
  return root;
}

function toLiteral(value: unknown, text: string, span: TextSpan): JsonNode {
  if (typeof value === "string") return { kind: "string", value, ...span };
  if (typeof value === "boolean") return { kind: "boolean", value, ...span };
  if (value === null) return { kind: "null", ...span };
  return { kind: "number", text: text.slice(span.offset, span.end), ...span };
}

function describe(error: ParseErrorCode): string {
  return printParseErrorCode(error)
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toLowerCase();
}

/** The plain JavaScript value of a node. Every key becomes an own property, `__proto__` included. */
export function toPlain(node: JsonNode): unknown {
  switch (node.kind) {
    case "object": {
      const object: Record<string, unknown> = {};
      for (const [name, { value }] of node.members)
        Object.defineProperty(object, name, {
          value: toPlain(value),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      return object;
    }
    case "array":
      return node.items.map(toPlain);
    case "number":
      return Number(node.text);
    case "null":
      return null;
    default:
      return node.value;
  }
}
