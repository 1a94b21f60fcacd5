import type { AvroRecord, AvroType, AvroUnion } from "../../../src/schema/avro/model.ts";
import { unionShape } from "../../../src/schema/avro/shape.ts";
import { stringLiteral } from "../literal.ts";
import {
  branchAt,
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
  use,
  writer,
} from "./context.ts";
import { scalarFunctions } from "./scalars.ts";
import { typeName, typeText } from "./types.ts";

/** The function that writes a record. */
export function writeRecord(codecs: Codecs, record: AvroRecord): FunctionDeclaration {
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

/** A statement that writes a value of any type. */
function writeText(codecs: Codecs, type: AvroType, value: string, at: string, hinted: string): string {
  if ("name" in type) return `${namedFunction(codecs, "write", type)}(w, ${value}, ${at});`;
  if (isComposite(type)) {
    const name = helper(codecs, `write${hinted}`, (own) =>
      writer(codecs, own, typeText(codecs.scope, type, "value"), writeBody(codecs, type, hinted), false),
    );
    return `${name}(w, ${value}, ${at});`;
  }
  return scalarWrite(codecs, type, value, at);
}

/** A statement that writes a scalar or fixed. */
export function scalarWrite(codecs: Codecs, type: AvroType, value: string, at: string): string {
  const { write, arguments: args } = scalarFunctions(type);
  return `${use(codecs, write)}(${["w", value, ...args, at].join(", ")});`;
}

function writeBody(codecs: Codecs, type: Composite, hinted: string): readonly string[] {
  if (type.kind === "union") return writeUnion(codecs, type, hinted);
  const inner = type.kind === "array" ? type.items : type.values;
  const value = type.kind === "array" ? "item" : "value[key]!";
  const item = writeText(codecs, inner, value, "index", `${hinted}Item`);
  const head =
    type.kind === "array"
      ? [`${use(codecs, "openList")}(w, value, at);`, "let index = 0;", "for (const item of value) {"]
      : [
          "let index = 0;",
          `for (const key of ${use(codecs, "openMap")}(w, value, at)) {`,
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
