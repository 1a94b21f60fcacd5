import type { AvroType } from "../../../src/schema/avro/model.ts";
import { type Codecs, capital, type FunctionDeclaration, helper, reader, use } from "./context.ts";
import { minBytes } from "./scalars.ts";

const scalars: Readonly<Partial<Record<AvroType["kind"], string>>> = {
  boolean: "readBoolean",
  int: "readInt",
  long: "readLong",
  float: "readFloat",
  double: "readDouble",
  bytes: "skipBytes",
  string: "skipBytes",
};

/** A statement that moves over a value which no field of the reader takes; `hinted` names the function it may need. */
export function skipText(codecs: Codecs, type: AvroType, hinted: string): string {
  switch (type.kind) {
    case "null":
      return "";
    case "fixed":
      return `${use(codecs, "skipFixed")}(r, ${type.size});`;
    case "enum":
      return `${use(codecs, "skipEnum")}(r, ${type.symbols.length});`;
    case "record":
      return `${skipOnce(codecs, type.name, hinted, () => recordBody(codecs, type, hinted))}(r);`;
    case "array":
    case "map":
      return `${skipOnce(codecs, hinted, hinted, () => itemsBody(codecs, type, hinted))}(r);`;
    case "union":
      return `${skipOnce(codecs, hinted, hinted, () => unionBody(codecs, type, hinted))}(r);`;
    default:
      return `${use(codecs, scalars[type.kind] ?? "readNull")}(r);`;
  }
}

/** Records by their name, which is what ends the recursion of a recursive one. */
function skipOnce(codecs: Codecs, key: string, hinted: string, body: () => readonly string[]): string {
  const known = codecs.names.get(`skip ${key}`);
  if (known !== undefined) return known;
  const name = helper(codecs, hinted, (own): FunctionDeclaration => {
    codecs.names.set(`skip ${key}`, own);
    return reader(codecs, own, "void", body(), false);
  });
  return name;
}

function recordBody(codecs: Codecs, type: AvroType & { kind: "record" }, hinted: string): readonly string[] {
  const skips = type.fields.map((field) => skipText(codecs, field.type, `${hinted}${capital(field.name)}`));
  return [
    `${use(codecs, "enter")}(r);`,
    ...skips.filter((line) => line !== ""),
    `${use(codecs, "leave")}(r);`,
  ];
}

function itemsBody(
  codecs: Codecs,
  type: AvroType & { kind: "array" | "map" },
  hinted: string,
): readonly string[] {
  const inner = type.kind === "array" ? type.items : type.values;
  const open = `${use(codecs, "openBlock")}(r, ${minBytes(inner) + (type.kind === "map" ? 1 : 0)})`;
  const skip = skipText(codecs, inner, `${hinted}Item`);
  const key = type.kind === "map" ? `${use(codecs, "skipBytes")}(r);` : "";
  return [
    `for (let count = ${open}; count > 0; count = ${open}) {`,
    "  const end = r.blockEnd;",
    `  for (; count > 0; count -= 1) { ${key} ${skip} }`,
    `  ${use(codecs, "closeBlock")}(r, end);`,
    "}",
  ];
}

function unionBody(codecs: Codecs, type: AvroType & { kind: "union" }, hinted: string): readonly string[] {
  const cases = type.branches.flatMap((branch, index) => [
    `  case ${index}:`,
    `    ${skipText(codecs, branch, `${hinted}Branch${index}`)}`,
    "    return;",
  ]);
  return [
    `switch (${use(codecs, "readIndex")}(r)) {`,
    ...cases,
    "  default:",
    `    throw ${use(codecs, "refuse")}(r, "a union has no branch of that index");`,
    "}",
  ];
}
