import type {
  AvroDefault,
  AvroField,
  AvroRecord,
  AvroType,
  AvroUnion,
} from "../../../src/schema/avro/model.ts";
import { propertyName, type UnionShape, unionShape } from "../../../src/schema/avro/shape.ts";
import { stringLiteral } from "../literal.ts";
import {
  branchAt,
  branchHint,
  type Codecs,
  type FunctionDeclaration,
  helper,
  hint,
  kindAt,
  namedFunction,
  property,
  use,
} from "./context.ts";
import { defaultText } from "./defaults.ts";
import { typeName, typeText } from "./types.ts";

/** The function that completes an init value of a record. */
export function createRecord(codecs: Codecs, record: AvroRecord): FunctionDeclaration {
  const name = typeName(record);
  const locals: string[] = [];
  const members = record.fields.map((field) => {
    const own = `${use(codecs, "own")}(init, ${stringLiteral(propertyName(field.name))})`;
    if (!needsCreate(field.type) && (field.default === undefined || isNull(field.default)))
      return `  ${property(field)}: ${own}${field.default === undefined ? "" : " ?? null"},\n`;
    // No Avro name holds a `$`, so the local hides nothing.
    const local = `$${field.name}`;
    locals.push(`const ${local} = ${own};`);
    return `  ${property(field)}: ${completed(codecs, record, field, local)},\n`;
  });
  return {
    kind: "function",
    name: `create${name}`,
    doc: {},
    exported: true,
    parameters: [
      ["init", typeName(record, "init")],
      ["depth", "number"],
    ],
    returns: name,
    body: [
      `${use(codecs, "checkDepth")}(depth, ${stringLiteral(record.name)});`,
      ...locals,
      members.length === 0 ? "return {};" : `return {\n${members.join("")}};`,
    ],
  };
}

/** What a field was given, completed, or its default. */
function completed(codecs: Codecs, record: AvroRecord, field: AvroField, local: string): string {
  const { type, default: absent } = field;
  const create = (inner: AvroType): string =>
    createText(codecs, inner, local, `${record.name}.${field.name}`, hint(record, field));
  if (absent === undefined) return create(type);
  const shape = type.kind === "union" ? unionShape(type) : undefined;
  // Null given and null by default are one question.
  if (isNull(absent) && type.kind === "union" && shape?.kind === "nullable")
    return `${local} == null ? null : ${create(branchAt(type, shape.branch))}`;
  return `${local} === undefined ? ${defaultText(codecs.scope, type, absent)} : ${create(type)}`;
}

function isNull(value: AvroDefault): boolean {
  return value.kind === "null" || (value.kind === "union" && isNull(value.value));
}

/** An expression that completes an init value of any type. */
function createText(codecs: Codecs, type: AvroType, value: string, at: string, hinted: string): string {
  if (!needsCreate(type)) return value;
  if ("name" in type) return `${namedFunction(codecs, "create", type)}(${value}, depth + 1)`;
  if (type.kind === "array" || type.kind === "map") {
    const inner = type.kind === "array" ? type.items : type.values;
    const create = type.kind === "array" ? "createList" : "createMap";
    const each = createText(codecs, inner, "item", at, `${hinted}Item`);
    return `${use(codecs, create)}(${value}, ${stringLiteral(at)}, (item) => ${each})`;
  }
  if (type.kind !== "union") return value;
  const shape = unionShape(type);
  if (shape.kind === "nullable") {
    const branch = branchAt(type, shape.branch);
    return `${value} === null ? null : ${createText(codecs, branch, value, at, hinted)}`;
  }
  if (shape.kind === "single") return createText(codecs, branchAt(type, 0), value, at, hinted);
  const name = helper(codecs, `create${hinted}`, (own) => createUnion(codecs, own, type, shape, at, hinted));
  return `${name}(${value}, depth)`;
}

/** Only records have something to complete. */
function needsCreate(type: AvroType): boolean {
  switch (type.kind) {
    case "record":
      return true;
    case "array":
      return needsCreate(type.items);
    case "map":
      return needsCreate(type.values);
    case "union":
      return type.branches.some(needsCreate);
    default:
      return false;
  }
}

function createUnion(
  codecs: Codecs,
  name: string,
  union: AvroUnion,
  shape: UnionShape,
  at: string,
  hinted: string,
): FunctionDeclaration {
  const unknown = `throw ${use(codecs, "unknownKind")}(${stringLiteral(at)});`;
  const cases = union.branches.map((branch, index) => {
    if (branch.kind === "null") return [];
    const value = createText(codecs, branch, "value.value", at, branchHint(hinted, shape, branch, index));
    return [`  case ${kindAt(shape, index)}:`, `    return { kind: value.kind, value: ${value} };`];
  });
  const hasNull = union.branches.some(({ kind }) => kind === "null");
  return {
    kind: "function",
    name,
    doc: {},
    exported: false,
    parameters: [
      ["value", typeText(codecs.scope, union, "init")],
      ["depth", "number"],
    ],
    returns: typeText(codecs.scope, union, "value"),
    body: [
      ...(hasNull ? ["if (value === null) return null;"] : []),
      `if (typeof value !== "object" || value === null) ${unknown}`,
      "switch (value.kind) {",
      ...cases.flat(),
      "  default:",
      `    ${unknown}`,
      "}",
    ],
  };
}
