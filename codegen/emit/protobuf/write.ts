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
      ...writeGroups(codecs, groupsOf(fields)),
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

/** Single values that there is room for behind `openMessage` and `makeRoom`. */
const fieldsInRoom = 64;

function writeGroups(codecs: MessageCodecs, groups: readonly Group[]): readonly string[] {
  let left = fieldsInRoom;
  return groups.flatMap((group) => {
    const isMissing = left === 0 && group.fields.some(isBounded);
    if (isMissing) left = fieldsInRoom;
    // What has parts of its own takes the room that they need, and maybe that of what follows.
    left = group.fields.every(isBounded) ? left - 1 : 0;
    const room = isMissing ? [`p = ${use(codecs, "makeRoom")}(w, p);`] : [];
    return [...room, ...writeGroup(codecs, group)];
  });
}

/** Values that ask for no room of their own, unless they are long. */
function isBounded({ fieldKind }: DescField): boolean {
  return fieldKind === "scalar" || fieldKind === "enum";
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

/** A statement that writes one value behind its tag, which its field's number gives if nothing else does. */
function writeItem(codecs: MessageCodecs, field: DescField, value: string, own?: number, from = "p"): string {
  const { message, scalar } = field;
  if (message === undefined) {
    const tag = own ?? tagOf(field.number, scalarForm(scalar).wireType);
    if (tag <= longestShortTag) return putScalar(codecs, field, value, from, tag);
    return putScalar(codecs, field, value, `${use(codecs, "putLongTag")}(w, ${from}, ${tag})`, lastByte(tag));
  }
  const write = isTime(message) ? use(codecs, "writeTime") : messageFunction(codecs, "write", message);
  return `p = ${write}(w, p, ${own ?? tagOf(field.number, 2)}, ${isUnwrapped(field) ? wrapped(message, value) : value}, ${nameOf(field)});`;
}

function putScalar(
  codecs: MessageCodecs,
  field: DescField,
  value: string,
  from: string,
  tag: number | string,
): string {
  const put = use(codecs, `put${scalarForm(field.scalar).stem}`);
  const given = isLongText(field) ? `${use(codecs, "longOf")}(w, ${value}, ${nameOf(field)})` : value;
  return `p = ${put}(w, ${from}, ${tag}, ${given}, ${nameOf(field)});`;
}

/** The largest tag that is a single byte, with seven bits. */
const longestShortTag = 0x7f;

/** The last byte of a tag: what is left of it above its other bytes. */
function lastByte(tag: number): number {
  return tag > longestShortTag ? lastByte(tag >>> 7) : tag;
}

/** How a refusal names the field. */
function nameOf({ fieldKind, localName }: DescField): string {
  return stringLiteral(fieldKind === "list" ? `${localName}[]` : localName);
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
  if (field.message !== undefined) return [`for (const item of ${list}) ${writeItem(codecs, field, "item")}`];
  const room = `${use(codecs, "makeRoom")}(w, p)`;
  if (!field.packed)
    return [`for (const item of ${list}) ${writeItem(codecs, field, "item", undefined, room)}`];
  return [
    `if (${list}.length > 0) {`,
    ...indent([
      `p = ${use(codecs, "openLength")}(w, p, ${tagOf(field.number, 2)});`,
      "const start = p - w.start;",
      `for (const item of ${value}) {`,
      ...indent([
        `p = ${room};`,
        // A packed list has no tags: the byte in front stays as it is.
        putScalar(codecs, field, "item", "p - 1", `${use(codecs, "byteBefore")}(w, p)`),
      ]),
      "}",
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
  // In a variable of its own: a property of what `for … in` goes through is found at once. No function is called so.
  const map = `map${field.number}`;
  const item = `${map}[key${key.type === "number" ? " as unknown as number" : ""}]!`;
  return [
    `const ${map} = ${use(codecs, "mapOfField")}(w, ${value}, ${at});`,
    `for (const key in ${map}) {`,
    ...indent([
      `if (!${use(codecs, "isOwn")}(${map}, key)) continue;`,
      `p = ${use(codecs, "openLength")}(w, p, ${tagOf(field.number, 2)});`,
      "const start = p - w.start;",
      putKey,
      writeItem(codecs, field, item, tagOf(valueNumber, wireType)),
      `p = ${use(codecs, "closeLength")}(w, start, p);`,
    ]),
    "}",
  ];
}
