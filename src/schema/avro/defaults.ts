import type { JsonNode } from "../json.ts";
import { limitFault, quote, type SchemaLimits, schemaError } from "../limits.ts";
import type { AvroDefault, AvroEnum, AvroType, JsonPath } from "./model.ts";

/** What all default values of one schema share. */
export interface DefaultBudget {
  /** Nodes that may still be built: absent record members are filled in, which multiplies. */
  left: number;
  /** Symbols for look-up, by the enum's full name. */
  readonly symbols: Map<string, ReadonlySet<string>>;
}

/** What a default is checked with. `fieldDefault` gives the written default of a record's field. */
export interface DefaultContext {
  readonly limits: SchemaLimits;
  readonly budget: DefaultBudget;
  readonly path: JsonPath;
  readonly fieldDefault: (record: string, field: string) => JsonNode | undefined;
}

/**
 * The default value of `node` for `type`, exact and complete.
 * A union takes the first branch that the value fits (the specification before 1.12 wanted branch 0).
 * @throws KeryxError `schema_invalid` when it does not fit.
 */
export function readDefault(type: AvroType, node: JsonNode, context: DefaultContext, depth = 0): AvroDefault {
  if (--context.budget.left < 0 || depth > context.limits.depth)
    throw schemaError("The default values are too many or too deep.", node, context.path, limitFault);
  const misfit = (wanted: string): Error =>
    schemaError(`The default value is not ${wanted}.`, node, context.path);
  switch (type.kind) {
    case "null":
      if (node.kind !== "null") throw misfit("null");
      return { kind: "null" };
    case "boolean":
      if (node.kind !== "boolean") throw misfit("true or false");
      return { kind: "boolean", value: node.value };
    case "int":
    case "long":
      return readInteger(type.kind, node, misfit);
    case "float":
    case "double": {
      const value = node.kind === "number" ? Number(node.text) : Number.NaN;
      const kept = type.kind === "float" ? Math.fround(value) : value;
      if (!Number.isFinite(kept)) throw misfit(`a ${type.kind}`);
      return { kind: "number", value: kept };
    }
    case "string":
      if (node.kind !== "string" || /\p{Surrogate}/u.test(node.value)) throw misfit("a string");
      return { kind: "string", value: node.value };
    case "bytes":
    case "fixed":
      return readBytes(node, type.kind === "fixed" ? type.size : undefined, misfit);
    case "enum":
      if (node.kind !== "string" || !symbolsOf(type, context).has(node.value))
        throw misfit(`a symbol of ${quote(type.name)}`);
      return { kind: "enum", value: node.value };
    case "array":
      if (node.kind !== "array") throw misfit("an array");
      return {
        kind: "array",
        items: node.items.map((item) => readDefault(type.items, item, context, depth + 1)),
      };
    case "map": {
      if (node.kind !== "object") throw misfit("an object");
      const entries = [...node.members].map(
        ([key, { value }]) => [key, readDefault(type.values, value, context, depth + 1)] as const,
      );
      return { kind: "map", entries: new Map(entries) };
    }
    case "record":
      return readRecord(type, node, context, depth, misfit);
    case "union":
      return readUnion(type.branches, node, context, depth, misfit);
  }
}

function symbolsOf(type: AvroEnum, { budget }: DefaultContext): ReadonlySet<string> {
  const symbols = budget.symbols.get(type.name) ?? new Set(type.symbols);
  budget.symbols.set(type.name, symbols);
  return symbols;
}

type Misfit = (wanted: string) => Error;

function readInteger(kind: "int" | "long", node: JsonNode, misfit: Misfit): AvroDefault {
  // Longer digits than a long's are refused before BigInt, whose cost grows with their square.
  const isInteger = node.kind === "number" && /^-?(0|[1-9][0-9]{0,18})$/.test(node.text);
  const value = isInteger ? BigInt(node.text) : undefined;
  if (value === undefined || BigInt.asIntN(kind === "int" ? 32 : 64, value) !== value)
    throw misfit(kind === "int" ? "an int" : "a long");
  return kind === "int" ? { kind: "number", value: Number(value) } : { kind: "long", value };
}

function readBytes(node: JsonNode, size: number | undefined, misfit: Misfit): AvroDefault {
  const wanted = `text of code points up to 255${size === undefined ? "" : `, ${size} of them`}`;
  if (node.kind !== "string" || (size !== undefined && node.value.length !== size)) throw misfit(wanted);
  const value = new Uint8Array(node.value.length);
  for (let i = 0; i < value.length; i++) {
    const code = node.value.charCodeAt(i);
    if (code > 255) throw misfit(wanted);
    value[i] = code;
  }
  return { kind: "bytes", value };
}

function readRecord(
  type: AvroType & { kind: "record" },
  node: JsonNode,
  context: DefaultContext,
  depth: number,
  misfit: Misfit,
): AvroDefault {
  if (node.kind !== "object") throw misfit(`an object for ${quote(type.name)}`);
  const fields = new Map<string, AvroDefault>();
  for (const field of type.fields) {
    const value = node.members.get(field.name)?.value ?? context.fieldDefault(type.name, field.name);
    if (value !== undefined) fields.set(field.name, readDefault(field.type, value, context, depth + 1));
    else if (field.default !== undefined) fields.set(field.name, field.default);
    else throw misfit(`complete: ${quote(field.name)} of ${quote(type.name)} is absent and has no default`);
  }
  return { kind: "record", fields };
}

function readUnion(
  branches: readonly AvroType[],
  node: JsonNode,
  context: DefaultContext,
  depth: number,
  misfit: Misfit,
): AvroDefault {
  for (const [branch, type] of branches.entries()) {
    if (!mayFit(type, node)) continue;
    try {
      return { kind: "union", branch, value: readDefault(type, node, context, depth + 1) };
    } catch (error) {
      // An exhausted budget ends the search: further branches would only cost more.
      if (context.budget.left < 0) throw error;
    }
  }
  throw misfit("a value of any branch of its union");
}

/** Sorts out branches by the shape of the JSON value, so that a deep default is not tried in each of them. */
function mayFit(type: AvroType, node: JsonNode): boolean {
  switch (type.kind) {
    case "null":
    case "boolean":
    case "array":
      return node.kind === type.kind;
    case "int":
    case "long":
    case "float":
    case "double":
      return node.kind === "number";
    case "map":
    case "record":
      return node.kind === "object";
    case "union":
      return true;
    default:
      return node.kind === "string";
  }
}
