import type { AvroField, AvroType, JsonPath } from "../../../src/schema/avro/model.ts";
import type { AvroSchema } from "../../../src/schema/avro.ts";
import { type JsonNode, parseJson } from "../../../src/schema/json.ts";
import type { TextSpan } from "../../../src/schema/text-span.ts";
import type { Locator } from "./locator.ts";

/** JSON pointers in the reading schema, such as `/fields/2/type/symbols`, followed by meaning through `schema`. */
export function createAvroLocator(schema: AvroSchema, text: string, reader: AvroSchema): Locator {
  let json: JsonNode | undefined;
  const find = (path: string): { readonly span: TextSpan | undefined; readonly isWhole: boolean } => {
    // Read only when something differs.
    json ??= parseJson(text);
    const { place, isWhole } = walk(schema, reader, path);
    return { span: spanOf(json, place), isWhole };
  };
  return {
    exact(path) {
      const { span, isWhole } = find(path);
      return isWhole ? span : undefined;
    },
    nearest: (path) => find(path).span,
  };
}

/** Where a walk stands: in the reading schema, and at the counterpart in the schema that is looked through. */
interface Walk {
  readonly reader: AvroType;
  readonly type: AvroType;
}

interface Found {
  readonly place: JsonPath;
  readonly isWhole: boolean;
}

function walk(schema: AvroSchema, reader: AvroSchema, path: string): Found {
  const parts = path.split("/").slice(1);
  let at: Walk = { reader: reader.type, type: schema.type };
  let place: JsonPath = at.type.path;
  const stop = (isWhole: boolean): Found => ({ place, isWhole });
  for (let index = 0; index < parts.length; index++) {
    // A type that another text defines has no place in this one: what refers to it is shown.
    if (isForeign(schema, at.type)) return stop(true);
    const part = parts[index] ?? "";
    if (part === "") continue;
    const number = /^\d+$/.test(part) ? Number(part) : undefined;
    if (part === "fields" && at.reader.kind === "record") {
      const wanted = at.reader.fields[Number(parts[index + 1])];
      const field = wanted === undefined ? undefined : counterpart(at, wanted);
      if (wanted === undefined || field === undefined) return stop(false);
      place = field.path;
      at = { reader: wanted.type, type: field.type };
      // `type` behind the number is the same field: the whole of it is what people look for.
      index += parts[index + 2] === "type" ? 2 : 1;
    } else if (number !== undefined) {
      const isLast = index === parts.length - 1;
      const next = schema === reader && isLast ? at : branchOf(at, number, isLast);
      if (next.type !== at.type) place = next.type.path;
      at = next;
    } else {
      const next = enter(at, part);
      if (next === undefined) return isWord(part) ? lastWord(at.type, part, place) : stop(false);
      at = next;
      place = at.type.path;
    }
  }
  return stop(true);
}

/**
 * The registry counts the branches that were written, the wire verdict those of the reader where it has the branch.
 * They can be told apart: only the wire verdict looks into a branch of a reading union.
 */
function branchOf({ reader, type }: Walk, index: number, isLast: boolean): Walk {
  const written = type.kind === "union" ? type.branches : [];
  if (reader.kind !== "union") return { reader, type: written[index] ?? type };
  const lacking = written[index];
  if (isLast)
    return {
      reader,
      type: lacking !== undefined && !reader.branches.some((one) => isAlike(one, lacking)) ? lacking : type,
    };
  const branch = reader.branches[index];
  if (branch === undefined) return { reader, type: lacking ?? type };
  if (type === reader) return { reader: branch, type: branch };
  return { reader: branch, type: written.find((one) => isAlike(branch, one)) ?? type };
}

function isAlike(a: AvroType, b: AvroType): boolean {
  return a.kind === b.kind && (!("name" in a) || !("name" in b) || a.simpleName === b.simpleName);
}

function enter({ reader, type }: Walk, part: string): Walk | undefined {
  if (part === "items" && reader.kind === "array" && type.kind === "array")
    return { reader: reader.items, type: type.items };
  if (part === "values" && reader.kind === "map" && type.kind === "map")
    return { reader: reader.values, type: type.values };
  return undefined;
}

/** The same field in the schema that is looked through: itself, or what it reads. */
function counterpart({ reader, type }: Walk, field: AvroField): AvroField | undefined {
  if (type === reader) return field;
  if (type.kind !== "record") return undefined;
  return (
    type.fields.find((one) => one.name === field.name) ??
    type.fields.find((one) => field.aliases.includes(one.name))
  );
}

const words: ReadonlySet<string> = new Set([
  "name",
  "size",
  "symbols",
  "namespace",
  "aliases",
  "logicalType",
]);
const isWord = (part: string): boolean => words.has(part);

function lastWord(type: AvroType, word: string, place: JsonPath): Found {
  return { place: "name" in type ? [...type.path, word] : place, isWhole: true };
}

function isForeign(schema: AvroSchema, type: AvroType): boolean {
  return "name" in type && schema.named.get(type.name) !== type;
}

/** The node at a path, or the last one on the way to it. */
function spanOf(root: JsonNode, path: JsonPath): TextSpan {
  let node = root;
  let span: TextSpan = root;
  for (const step of path) {
    if (node.kind === "object" && typeof step === "string") {
      const member = node.members.get(step);
      if (member === undefined) break;
      node = member.value;
      span = { ...member.key, end: node.end };
    } else if (node.kind === "array" && typeof step === "number") {
      const item = node.items[step];
      if (item === undefined) break;
      node = item;
      span = item;
    } else break;
  }
  const { line, column, offset, end } = span;
  return { line, column, offset, end };
}
