import type {
  AvroArray,
  AvroField,
  AvroMap,
  AvroRecord,
  AvroType,
  AvroUnion,
} from "../../../src/schema/avro/model.ts";
import { unionShape } from "../../../src/schema/avro/shape.ts";
import { stringLiteral } from "../literal.ts";
import {
  branchHint,
  type Codecs,
  type Composite,
  type FunctionDeclaration,
  helper,
  hint,
  isComposite,
  kindAt,
  namedFunction,
  property,
  reader,
  use,
} from "./context.ts";
import { minBytes, scalarFunctions } from "./scalars.ts";
import { typeName, typeText } from "./types.ts";

/** The function that reads a record. */
export function readRecord(codecs: Codecs, record: AvroRecord): FunctionDeclaration {
  const name = typeName(record);
  const members = record.fields.map(
    (field) => `  ${property(field)}: ${readField(codecs, record, field)},\n`,
  );
  const body = [
    `${use(codecs, "enter")}(r);`,
    `const value: ${name} = {${members.length === 0 ? "" : "\n"}${members.join("")}};`,
    `${use(codecs, "leave")}(r);`,
    "return value;",
  ];
  return reader(codecs, `read${name}`, name, body, true);
}

/** An expression that reads a record's field. */
export function readField(codecs: Codecs, record: AvroRecord, field: AvroField): string {
  const isOwned = codecs.owned.has(field) && field.type.kind === "string" && !field.type.logical;
  return isOwned ? `${use(codecs, "readOwnString")}(r)` : readText(codecs, field.type, hint(record, field));
}

/** An expression that reads a value of any type. */
export function readText(codecs: Codecs, type: AvroType, hinted: string): string {
  if ("name" in type) return `${namedFunction(codecs, "read", type)}(r)`;
  if (isComposite(type)) {
    const name = helper(codecs, `read${hinted}`, (own) =>
      reader(codecs, own, typeText(codecs.scope, type, "value"), readBody(codecs, type, hinted), false),
    );
    return `${name}(r)`;
  }
  return scalarRead(codecs, type);
}

/** An expression that reads a scalar or fixed. */
export function scalarRead(codecs: Codecs, type: AvroType): string {
  const { read, arguments: args, field } = scalarFunctions(type);
  const named = field === undefined ? [] : [stringLiteral(field)];
  return `${use(codecs, read)}(${["r", ...args, ...named].join(", ")})`;
}

function readBody(codecs: Codecs, type: Composite, hinted: string): readonly string[] {
  if (type.kind === "union") return readUnion(codecs, type, hinted);
  const inner = type.kind === "array" ? type.items : type.values;
  const item = readText(codecs, inner, `${hinted}Item`);
  return type.kind === "array"
    ? blocks(codecs, type, minBytes(inner), `items.push(${item});`)
    : blocks(
        codecs,
        type,
        minBytes(inner) + 1,
        `${use(codecs, "setOwn")}(items, ${use(codecs, "readKey")}(r), ${item});`,
      );
}

/** The body of a function that reads a list or map: `add` reads one item, of `least` bytes or more, into `items`. */
export function blocks(
  codecs: Codecs,
  type: AvroArray | AvroMap,
  least: number,
  add: string,
): readonly string[] {
  const itemType = typeText(codecs.scope, type.kind === "array" ? type.items : type.values, "value");
  const open = `${use(codecs, "openBlock")}(r, ${least})`;
  return [
    type.kind === "array"
      ? `const items: ${/^[\w$]+$/.test(itemType) ? itemType : `(${itemType})`}[] = [];`
      : `const items: Record<string, ${itemType}> = {};`,
    `for (let count = ${open}; count > 0; count = ${open}) {`,
    "  const end = r.blockEnd;",
    `  for (; count > 0; count -= 1) ${add}`,
    `  ${use(codecs, "closeBlock")}(r, end);`,
    "}",
    "return items;",
  ];
}

function readUnion(codecs: Codecs, union: AvroUnion, hinted: string): readonly string[] {
  const shape = unionShape(union);
  const cases = union.branches.map((branch, index) => {
    if (branch.kind === "null") return [`  case ${index}:`, "    return null;"];
    const read = readText(codecs, branch, branchHint(hinted, shape, branch, index));
    const value = shape.kind === "tagged" ? `{ kind: ${kindAt(shape, index)}, value: ${read} }` : read;
    return [`  case ${index}:`, `    return ${value};`];
  });
  return [
    `switch (${use(codecs, "readIndex")}(r)) {`,
    ...cases.flat(),
    "  default:",
    `    throw ${use(codecs, "refuse")}(r, "a union has no branch of that index");`,
    "}",
  ];
}
