import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { stringLiteral } from "../literal.ts";
import {
  functionName,
  indent,
  type MessageCodecs,
  type MessageFunction,
  messageFunction,
  messageType,
  use,
  useType,
} from "./context.ts";
import { isLongText, keyText, scalarForm, tagOf } from "./scalars.ts";
import { isTime, isWrapper } from "./subset.ts";

const explicit = 1;

/** The function that writes a message: its fields by ascending number, then what it does not know. */
export function writeMessage(codecs: MessageCodecs, message: DescMessage): MessageFunction {
  const fields = [...message.fields].sort((left, right) => left.number - right.number);
  return {
    kind: "function",
    name: functionName("write", message),
    doc: { text: "Fields stand behind their tags: a field's number times 8 plus its wire type." },
    exported: !isWrapper(message),
    parameters: [
      ["w", useType(codecs, "MessageWriter")],
      ["from", "number"],
      ["tag", "number"],
      ["value", messageType(codecs, message)],
      ["at", "string"],
    ],
    returns: "number",
    body: [
      `let p = ${use(codecs, "openMessage")}(w, from, tag, value, at);`,
      "const start = p - w.start;",
      ...groupsOf(fields).flatMap((group) => writeGroup(codecs, group)),
      `if (value.$unknown !== undefined) p = ${use(codecs, "putUnknown")}(w, p, value.$unknown);`,
      `return ${use(codecs, "closeMessage")}(w, start, p);`,
    ],
  };
}

interface Group {
  readonly oneof: DescOneof | undefined;
  readonly fields: DescField[];
}

/** Fields that follow each other by number and belong to one oneof stand in one `switch`. */
function groupsOf(fields: readonly DescField[]): readonly Group[] {
  const groups: Group[] = [];
  for (const field of fields) {
    const last = groups.at(-1);
    if (field.oneof !== undefined && last?.oneof === field.oneof) last.fields.push(field);
    else groups.push({ oneof: field.oneof, fields: [field] });
  }
  return groups;
}

function writeGroup(codecs: MessageCodecs, { oneof, fields }: Group): readonly string[] {
  if (oneof === undefined) return fields.flatMap((field) => writeField(codecs, field));
  const value = `value.${oneof.localName}`;
  const cases = fields.flatMap((field) => [
    `  case ${stringLiteral(field.localName)}:`,
    `    ${writeItem(codecs, field, `${value}.value`)}`,
    "    break;",
  ]);
  return [`switch (${value}.case) {`, ...cases, "}"];
}

function writeField(codecs: MessageCodecs, field: DescField): readonly string[] {
  const value = `value.${field.localName}`;
  switch (field.fieldKind) {
    case "list":
      return writeList(codecs, field, value);
    case "map":
      return writeMap(codecs, field, value);
    default: {
      const isSet =
        field.fieldKind === "message" || field.presence === explicit
          ? `${value} !== undefined`
          : nonZero(field, value);
      return [`if (${isSet}) ${writeItem(codecs, field, value)}`];
    }
  }
}

/** True for a value that is not the one which an absent field stands for. */
function nonZero(field: DescField, value: string): string {
  const { type, zero, stem } = scalarForm(field.scalar);
  if (isLongText(field)) return `${value} !== "0"`;
  if (type === "Uint8Array") return `${value}?.length !== 0`;
  // Minus zero has bits of its own.
  if (stem === "Double" || stem === "Float") return `!Object.is(${value}, 0)`;
  return `${value} !== ${zero}`;
}

/** A statement that writes one value behind its tag; `tag` 0 is written inside a packed list. */
function writeItem(codecs: MessageCodecs, field: DescField, value: string, tag?: number): string {
  const at = stringLiteral(field.fieldKind === "list" ? `${field.localName}[]` : field.localName);
  const { message } = field;
  if (message === undefined) {
    const { stem, wireType } = scalarForm(field.scalar);
    const given = isLongText(field) ? `${use(codecs, "longOf")}(w, ${value}, ${at})` : value;
    return `p = ${use(codecs, `put${stem}`)}(w, p, ${tag ?? tagOf(field.number, wireType)}, ${given}, ${at});`;
  }
  const write = isTime(message) ? use(codecs, "writeTime") : messageFunction(codecs, "write", message);
  return `p = ${write}(w, p, ${tag ?? tagOf(field.number, 2)}, ${isUnwrapped(field) ? wrapped(message, value) : value}, ${at});`;
}

/** Wrapper types are unwrapped in a field of their own: neither in a oneof, nor in a list or map. */
export function isUnwrapped(field: DescField): boolean {
  return field.fieldKind === "message" && field.oneof === undefined && isWrapper(field.message);
}

/** A wrapper message around a value. */
export function wrapped(message: DescMessage, value: string): string {
  return `{ $typeName: ${stringLiteral(message.typeName)}, value: ${value} }`;
}

function writeList(
  codecs: MessageCodecs,
  field: DescField & { fieldKind: "list" },
  value: string,
): readonly string[] {
  const list = `${use(codecs, "listOfField")}(w, ${value}, ${stringLiteral(field.localName)})`;
  if (field.message !== undefined || !field.packed)
    return [`for (const item of ${list}) ${writeItem(codecs, field, "item")}`];
  return [
    `if (${list}.length > 0) {`,
    ...indent([
      `p = ${use(codecs, "openLength")}(w, p, ${tagOf(field.number, 2)});`,
      "const start = p - w.start;",
      `for (const item of ${value}) ${writeItem(codecs, field, "item", 0)}`,
      `p = ${use(codecs, "closeLength")}(w, start, p);`,
    ]),
    "}",
  ];
}

const keyNumber = 1;
const valueNumber = 2;

function writeMap(
  codecs: MessageCodecs,
  field: DescField & { fieldKind: "map" },
  value: string,
): readonly string[] {
  const at = stringLiteral(field.localName);
  const key = scalarForm(field.mapKey);
  const putKey = `p = ${use(codecs, `put${key.stem}`)}(w, p, ${tagOf(keyNumber, key.wireType)}, ${keyText((name) => use(codecs, name), key, at)}, ${at});`;
  const wireType = field.message === undefined ? scalarForm(field.scalar).wireType : 2;
  const item = `${value}[key${key.type === "number" ? " as unknown as number" : ""}]!`;
  return [
    `for (const key in ${use(codecs, "mapOfField")}(w, ${value}, ${at})) {`,
    ...indent([
      `p = ${use(codecs, "openLength")}(w, p, ${tagOf(field.number, 2)});`,
      "const start = p - w.start;",
      putKey,
      writeItem(codecs, field, item, tagOf(valueNumber, wireType)),
      `p = ${use(codecs, "closeLength")}(w, start, p);`,
    ]),
    "}",
  ];
}
