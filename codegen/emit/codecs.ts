import type {
  AvroArray,
  AvroEnum,
  AvroField,
  AvroMap,
  AvroNamedType,
  AvroRecord,
  AvroType,
  AvroUnion,
} from "../../src/schema/avro-model.ts";
import { propertyName, type UnionShape, unionShape } from "../../src/schema/avro-shape.ts";
import { avroPath } from "../model/names.ts";
import { defaultText } from "./avro-defaults.ts";
import { minBytes, scalarFunctions } from "./avro-scalars.ts";
import { typeName, typeText } from "./avro-types.ts";
import { type FileScope, runtime } from "./file-scope.ts";
import { enclose, keyLiteral, stringLiteral } from "./literal.ts";
import type { Declaration } from "./output.ts";

type Composite = AvroArray | AvroMap | AvroUnion;
type FunctionDeclaration = Declaration & { kind: "function" };

/** One file's codec under construction. Lists, maps and unions get a function each, once. */
interface Codecs {
  readonly scope: FileScope;
  readonly helpers: FunctionDeclaration[];
  readonly names: Map<string, string>;
}

/** Local name of a function of the runtime. */
function use(codecs: Codecs, name: string): string {
  return codecs.scope.value(runtime, name);
}

/** The functions that read, write and complete a named type; straight-line code over the runtime's primitives. */
export function codecDeclarations(scope: FileScope, type: AvroNamedType): readonly Declaration[] {
  const codecs: Codecs = { scope, helpers: [], names: new Map() };
  switch (type.kind) {
    case "record": {
      const main = [createRecord(codecs, type), writeRecord(codecs, type), readRecord(codecs, type)];
      return [...main, ...codecs.helpers];
    }
    case "enum":
      return enumFunctions(codecs, type);
    case "fixed": {
      const value = scalarWrite(codecs, type, "value", "at");
      return [
        writer(codecs, `write${typeName(type)}`, typeName(type), [value], true),
        reader(
          codecs,
          `read${typeName(type)}`,
          typeName(type),
          [`return ${scalarRead(codecs, type)};`],
          true,
        ),
      ];
    }
  }
}

/** Names that a named type's file exports, so that no import takes them. */
export function exportedNames(type: AvroNamedType): readonly string[] {
  const name = typeName(type);
  return [name, `${name}Init`, `create${name}`, `write${name}`, `read${name}`, `symbolsOf${name}`];
}

function enumFunctions(codecs: Codecs, type: AvroEnum): readonly Declaration[] {
  const name = typeName(type);
  const symbols = `symbolsOf${name}`;
  return [
    {
      kind: "const",
      name: symbols,
      doc: {},
      exported: false,
      type: `readonly ${name}[]`,
      value: enclose("[", type.symbols.map(stringLiteral), "]"),
    },
    writer(codecs, `write${name}`, name, [`${use(codecs, "writeEnum")}(w, ${symbols}, value, at);`], true),
    reader(codecs, `read${name}`, name, [`return ${use(codecs, "readEnum")}(r, ${symbols});`], true),
  ];
}

// Records

function readRecord(codecs: Codecs, record: AvroRecord): FunctionDeclaration {
  const name = typeName(record);
  const members = record.fields.map(
    (field) => `  ${property(field)}: ${readText(codecs, field.type, hint(record, field))},\n`,
  );
  const body = [
    `${use(codecs, "enter")}(r);`,
    `const value: ${name} = {${members.length === 0 ? "" : "\n"}${members.join("")}};`,
    `${use(codecs, "leave")}(r);`,
    "return value;",
  ];
  return reader(codecs, `read${name}`, name, body, true);
}

function writeRecord(codecs: Codecs, record: AvroRecord): FunctionDeclaration {
  const name = typeName(record);
  const body = [
    `${use(codecs, "enterValue")}(w, value, at);`,
    ...record.fields.map((field) =>
      writeText(
        codecs,
        field.type,
        `value.${property(field)}`,
        stringLiteral(field.name),
        hint(record, field),
      ),
    ),
    `${use(codecs, "leaveValue")}(w);`,
  ];
  return writer(codecs, `write${name}`, name, body, true);
}

function createRecord(codecs: Codecs, record: AvroRecord): FunctionDeclaration {
  const name = typeName(record);
  const locals: string[] = [];
  const members = record.fields.map((field) => {
    const own = `${use(codecs, "own")}(init, ${stringLiteral(propertyName(field.name))})`;
    const create = (value: string): string =>
      createText(codecs, field.type, value, `${record.name}.${field.name}`, hint(record, field));
    if (field.default === undefined && !needsCreate(field.type)) return `  ${property(field)}: ${own},\n`;
    // No Avro name holds a `$`, so the local hides nothing.
    const local = `$${field.name}`;
    locals.push(`const ${local} = ${own};`);
    const given = create(local);
    const value =
      field.default === undefined
        ? given
        : `${local} === undefined ? ${defaultText(codecs.scope, field.type, field.default)} : ${given}`;
    return `  ${property(field)}: ${value},\n`;
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

/** Key of an object literal and, behind a dot, property of a value: never `__proto__`, which has another name. */
function property(field: AvroField): string {
  return keyLiteral(propertyName(field.name));
}

function hint(record: AvroRecord, field: AvroField): string {
  return `${typeName(record)}${capital(field.name)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// Any type: an expression that reads it, a statement that writes it, an expression that completes it

function readText(codecs: Codecs, type: AvroType, hinted: string): string {
  if ("name" in type) return `${namedFunction(codecs, "read", type)}(r)`;
  if (isComposite(type)) return `${helper(codecs, "read", type, hinted)}(r)`;
  return scalarRead(codecs, type);
}

function writeText(codecs: Codecs, type: AvroType, value: string, at: string, hinted: string): string {
  if ("name" in type) return `${namedFunction(codecs, "write", type)}(w, ${value}, ${at});`;
  if (isComposite(type)) return `${helper(codecs, "write", type, hinted)}(w, ${value}, ${at});`;
  return scalarWrite(codecs, type, value, at);
}

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
  return `${createUnion(codecs, type, shape, at, hinted)}(${value}, depth)`;
}

function namedFunction(codecs: Codecs, verb: string, type: AvroNamedType): string {
  return codecs.scope.value(avroPath(type), `${verb}${typeName(type)}`);
}

function scalarRead(codecs: Codecs, type: AvroType): string {
  const { read, arguments: args } = scalarFunctions(type);
  return `${use(codecs, read)}(${["r", ...args].join(", ")})`;
}

function scalarWrite(codecs: Codecs, type: AvroType, value: string, at: string): string {
  const { write, arguments: args } = scalarFunctions(type);
  return `${use(codecs, write)}(${["w", value, ...args, at].join(", ")});`;
}

function isComposite(type: AvroType): type is Composite {
  return type.kind === "array" || type.kind === "map" || type.kind === "union";
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

function branchAt(union: AvroUnion, index: number): AvroType {
  const branch = union.branches[index];
  if (branch === undefined) throw new Error("a union's shape names a branch that it does not have");
  return branch;
}

// Lists, maps and unions

function helper(codecs: Codecs, verb: "read" | "write", type: Composite, hinted: string): string {
  const key = `${verb}${hinted}`;
  const known = codecs.names.get(key);
  if (known !== undefined) return known;
  const name = codecs.scope.unique(key);
  codecs.names.set(key, name);
  const text = typeText(codecs.scope, type, "value");
  const place = codecs.helpers.length;
  const made =
    verb === "read"
      ? reader(codecs, name, text, readBody(codecs, type, hinted), false)
      : writer(codecs, name, text, writeBody(codecs, type, hinted), false);
  // In front of the helpers that its own parts needed, so that a file reads from the outside in.
  codecs.helpers.splice(place, 0, made);
  return name;
}

function readBody(codecs: Codecs, type: Composite, hinted: string): readonly string[] {
  if (type.kind === "union") return readUnion(codecs, type, hinted);
  const inner = type.kind === "array" ? type.items : type.values;
  const open = `${use(codecs, "openBlock")}(r, ${minBytes(inner) + (type.kind === "map" ? 1 : 0)})`;
  const itemType = typeText(codecs.scope, inner, "value");
  const item = readText(codecs, inner, `${hinted}Item`);
  const [start, add] =
    type.kind === "array"
      ? [
          `const items: ${/^[\w$]+$/.test(itemType) ? itemType : `(${itemType})`}[] = [];`,
          `items.push(${item});`,
        ]
      : [
          `const items: Record<string, ${itemType}> = {};`,
          `${use(codecs, "setOwn")}(items, ${use(codecs, "readString")}(r), ${item});`,
        ];
  return [
    start,
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

function writeBody(codecs: Codecs, type: Composite, hinted: string): readonly string[] {
  if (type.kind === "union") return writeUnion(codecs, type, hinted);
  const inner = type.kind === "array" ? type.items : type.values;
  const item = writeText(codecs, inner, "item", "index", `${hinted}Item`);
  const head =
    type.kind === "array"
      ? [`${use(codecs, "openList")}(w, value, at);`, "let index = 0;", "for (const item of value) {"]
      : [
          "let index = 0;",
          `for (const [key, item] of ${use(codecs, "openMap")}(w, value, at)) {`,
          `  ${use(codecs, "writeString")}(w, key, index);`,
        ];
  return [...head, `  ${item}`, "  index += 1;", "}", `${use(codecs, "closeItems")}(w);`];
}

function writeUnion(codecs: Codecs, union: AvroUnion, hinted: string): readonly string[] {
  const shape = unionShape(union);
  const index = (at: number): string => `${use(codecs, "writeIndex")}(w, ${at});`;
  const branch = (at: number, value: string): string =>
    writeText(codecs, branchAt(union, at), value, "at", branchHint(hinted, shape, branchAt(union, at), at));
  if (shape.kind === "single") return [index(0), branch(0, "value")];
  if (shape.kind === "nullable")
    return [
      `if (value === null) ${index(shape.nullBranch)}`,
      "else {",
      `  ${index(shape.branch)}`,
      `  ${branch(shape.branch, "value")}`,
      "}",
    ];
  const nullBranch = union.branches.findIndex(({ kind }) => kind === "null");
  const cases = union.branches.map(({ kind }, at) =>
    kind === "null"
      ? []
      : [
          `  case ${kindAt(shape, at)}:`,
          `    ${index(at)}`,
          `    ${branch(at, "value.value")}`,
          "    return;",
        ],
  );
  return [
    ...(nullBranch < 0 ? [] : ["if (value === null) {", `  ${index(nullBranch)}`, "  return;", "}"]),
    `${use(codecs, "checkObject")}(w, value, at);`,
    "switch (value.kind) {",
    ...cases.flat(),
    "  default:",
    `    throw ${use(codecs, "refuseValue")}(w, at, "the union has no such kind");`,
    "}",
  ];
}

function createUnion(
  codecs: Codecs,
  union: AvroUnion,
  shape: UnionShape,
  at: string,
  hinted: string,
): string {
  const key = `create${hinted}`;
  const known = codecs.names.get(key);
  if (known !== undefined) return known;
  const name = codecs.scope.unique(key);
  codecs.names.set(key, name);
  const unknown = `throw ${use(codecs, "unknownKind")}(${stringLiteral(at)});`;
  const cases = union.branches.map((branch, index) => {
    if (branch.kind === "null") return [];
    const value = createText(codecs, branch, "value.value", at, branchHint(hinted, shape, branch, index));
    return [`  case ${kindAt(shape, index)}:`, `    return { kind: value.kind, value: ${value} };`];
  });
  const hasNull = union.branches.some(({ kind }) => kind === "null");
  codecs.helpers.push({
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
  });
  return name;
}

function kindAt(shape: UnionShape, index: number): string {
  return stringLiteral(shape.kind === "nullable" ? "" : (shape.kinds[index] ?? ""));
}

function branchHint(hinted: string, shape: UnionShape, branch: AvroType, index: number): string {
  return shape.kind === "tagged" ? `${hinted}${capital(branch.kind)}${index}` : `${hinted}Value`;
}

function reader(
  codecs: Codecs,
  name: string,
  returns: string,
  body: readonly string[],
  exported: boolean,
): FunctionDeclaration {
  const parameters = [["r", codecs.scope.type(runtime, "Reader")]] as const;
  return { kind: "function", name, doc: {}, exported, parameters, returns, body };
}

function writer(
  codecs: Codecs,
  name: string,
  value: string,
  body: readonly string[],
  exported: boolean,
): FunctionDeclaration {
  const parameters = [
    ["w", codecs.scope.type(runtime, "Writer")],
    ["value", value],
    ["at", codecs.scope.type(runtime, "At")],
  ] as const;
  return { kind: "function", name, doc: {}, exported, parameters, returns: "void", body };
}
