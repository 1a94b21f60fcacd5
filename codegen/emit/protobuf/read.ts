import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { capital } from "../avro/context.ts";
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
import { isLongText, scalarForm, tagOf } from "./scalars.ts";
import { isTime, isWrapper } from "./subset.ts";
import { isUnwrapped, wrapped } from "./write.ts";

/** The function that reads a message up to `end`, into a value that is there already or a new one. */
export function readMessage(codecs: MessageCodecs, message: DescMessage): MessageFunction {
  const type = messageType(codecs, message);
  return {
    kind: "function",
    name: functionName("read", message),
    doc: { text: "Reads up to `end`. A message that comes twice is one: the second is read into the first." },
    exported: !isWrapper(message),
    parameters: [
      ["r", useType(codecs, "Reader")],
      ["end", "number"],
      ["value", type, `${functionName("empty", message)}()`],
    ],
    returns: type,
    body: [
      `${use(codecs, "enter")}(r);`,
      ...readLoop(
        codecs,
        message.fields.flatMap((field) => readField(codecs, field)),
        `${use(codecs, "keepUnknown")}(r, tag, end, value);`,
      ),
      `${use(codecs, "leave")}(r);`,
      "return value;",
    ],
  };
}

function readLoop(codecs: MessageCodecs, cases: readonly string[], unknown: string): readonly string[] {
  const tag = `const tag = ${use(codecs, "takeTag")}(r, end);`;
  if (cases.length === 0) return ["while (r.position < end) {", `  ${tag}`, `  ${unknown}`, "}"];
  return [
    "while (r.position < end) {",
    `  ${tag}`,
    "  switch (tag) {",
    ...indent(indent(cases)),
    "    default:",
    `      ${unknown}`,
    "  }",
    "}",
  ];
}

function readCase(tag: number, statements: readonly string[]): readonly string[] {
  return [`case ${tag}:`, ...indent([...statements, "break;"])];
}

function readField(codecs: MessageCodecs, field: DescField): readonly string[] {
  const place = `value.${field.localName}`;
  switch (field.fieldKind) {
    case "list":
      return readList(codecs, field, place);
    case "map":
      return readCase(tagOf(field.number, 2), [
        `${use(codecs, "countItem")}(r);`,
        `${entryReader(codecs, field)}(r, ${length(codecs)}, ${place});`,
      ]);
    case "message":
      return readCase(tagOf(field.number, 2), [readSingular(codecs, field, place)]);
    default: {
      const { wireType } = scalarForm(field.scalar);
      const value = takeText(codecs, field, "end");
      return readCase(tagOf(field.number, wireType), [
        field.oneof === undefined ? `${place} = ${value};` : chosen(field, value),
      ]);
    }
  }
}

function chosen(field: DescField, value: string): string {
  return `value.${field.oneof?.localName} = { case: ${stringLiteral(field.localName)}, value: ${value} };`;
}

/** A message that is there already takes in the fields of the next one. */
function readSingular(
  codecs: MessageCodecs,
  field: DescField & { fieldKind: "message" },
  place: string,
): string {
  const { message } = field;
  if (field.oneof !== undefined) {
    const choice = `value.${field.oneof.localName}`;
    const known = `${choice}.case === ${stringLiteral(field.localName)} ? ${choice}.value : undefined`;
    return chosen(field, readItem(codecs, message, known));
  }
  const known = `${use(codecs, "own")}(value, ${stringLiteral(field.localName)})`;
  if (!isUnwrapped(field)) return `${place} = ${readItem(codecs, message, known)};`;
  const { zero } = scalarForm(message.fields[0]?.scalar);
  return `${place} = ${readItem(codecs, message, wrapped(message, `${known} ?? ${zero}`))}.value;`;
}

function length(codecs: MessageCodecs): string {
  return `${use(codecs, "takeLength")}(r, end)`;
}

/** An expression that reads a message behind its length. */
function readItem(codecs: MessageCodecs, message: DescMessage, known?: string): string {
  const into = known === undefined ? "" : `, ${known}`;
  if (isTime(message))
    return `${use(codecs, "readTime")}(r, ${length(codecs)}, ${stringLiteral(message.typeName)}${into})`;
  return `${messageFunction(codecs, "read", message)}(r, ${length(codecs)}${into})`;
}

/** An expression that reads a value without parts. */
function takeText(codecs: MessageCodecs, field: DescField, end: string): string {
  const { stem } = scalarForm(field.scalar);
  const take = stem === "Text" && codecs.owned.has(field) ? "takeOwnText" : `take${stem}`;
  const value = `${use(codecs, take)}(r, ${end})`;
  if (field.enum !== undefined) return `${value} as ${messageType(codecs, field.enum)}`;
  return isLongText(field) ? `String(${value})` : value;
}

function readList(
  codecs: MessageCodecs,
  field: DescField & { fieldKind: "list" },
  place: string,
): readonly string[] {
  const count = `${use(codecs, "countItem")}(r);`;
  if (field.message !== undefined)
    return readCase(tagOf(field.number, 2), [count, `${place}.push(${readItem(codecs, field.message)});`]);
  const { wireType } = scalarForm(field.scalar);
  const single = readCase(tagOf(field.number, wireType), [
    count,
    `${place}.push(${takeText(codecs, field, "end")});`,
  ]);
  // Text and bytes have a length of their own: they are never packed.
  if (wireType === 2) return single;
  const packed = [
    `for (const stop = ${length(codecs)}; r.position < stop; ) {`,
    `  ${count}`,
    `  ${place}.push(${takeText(codecs, field, "stop")});`,
    "}",
  ];
  return [...readCase(tagOf(field.number, 2), packed), ...single];
}

/** The private function that reads one entry of a map. */
function entryReader(codecs: MessageCodecs, field: DescField & { fieldKind: "map" }): string {
  const name = functionName("read", field.parent) + capital(field.localName);
  if (codecs.helpers.has(name)) return name;
  const key = scalarForm(field.mapKey);
  const { message } = field;
  const form = scalarForm(field.scalar);
  const type = `${messageType(codecs, field.parent)}[${stringLiteral(field.localName)}]`;
  const valueType = field.enum === undefined ? form.type : messageType(codecs, field.enum);
  // Of a literal the type is seen.
  const isSeen = field.enum === undefined && form.type !== "Uint8Array";
  const cases = [
    ...readCase(tagOf(1, key.wireType), [
      `key = ${key.type === "string" ? `${use(codecs, "takeKey")}(r, end)` : `String(${use(codecs, `take${key.stem}`)}(r, end))`};`,
    ]),
    ...readCase(tagOf(2, message === undefined ? form.wireType : 2), [
      `value = ${message === undefined ? takeText(codecs, field, "end") : readItem(codecs, message, "value")};`,
    ]),
  ];
  const start =
    message === undefined
      ? `let value${isSeen ? "" : `: ${valueType}`} = ${form.zero};`
      : `let value: ${messageTypeOrTime(codecs, message)} | undefined;`;
  const empty = message === undefined ? "value" : `value ?? ${emptyText(codecs, message)}`;
  codecs.helpers.set(name, [
    {
      kind: "function",
      name,
      doc: {},
      exported: false,
      parameters: [
        ["r", useType(codecs, "Reader")],
        ["end", "number"],
        ["map", type],
      ],
      returns: "void",
      body: [
        `let key = ${key.type === "string" ? `""` : `"${key.zero.replace("n", "")}"`};`,
        start,
        ...readLoop(codecs, cases, `${use(codecs, "skipField")}(r, tag, end);`),
        `${use(codecs, "setEntry")}(map, key, ${empty});`,
      ],
    },
  ]);
  return name;
}

function messageTypeOrTime(codecs: MessageCodecs, message: DescMessage): string {
  return isTime(message)
    ? `${useType(codecs, "TimeMessage")}<${stringLiteral(message.typeName)}>`
    : messageType(codecs, message);
}

/** A new message without any field set. */
export function emptyText(codecs: MessageCodecs, message: DescMessage): string {
  return isTime(message)
    ? `${use(codecs, "createTime")}(${stringLiteral(message.typeName)}, {})`
    : `${messageFunction(codecs, "empty", message)}()`;
}
