import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { capital } from "../avro/context.ts";
import { keyLiteral, stringLiteral } from "../literal.ts";
import {
  functionName,
  indent,
  initType,
  type MessageCodecs,
  type MessageFunction,
  messageFunction,
  messageType,
  use,
} from "./context.ts";
import { isLongText, scalarForm } from "./scalars.ts";
import { isTime, isWrapper } from "./subset.ts";
import { isUnwrapped } from "./write.ts";

const explicit = 1;

/** The function that makes a message without any field set, in protobuf-es' shape. */
export function emptyMessage(codecs: MessageCodecs, message: DescMessage): MessageFunction {
  const members = message.members.flatMap((member): string[] => {
    const key = keyLiteral(member.localName);
    if (member.kind === "oneof") return [`${key}: { case: undefined }`];
    const zero = zeroOf(member);
    return zero === undefined ? [] : [`${key}: ${zero}`];
  });
  const all = [`$typeName: ${stringLiteral(message.typeName)}`, ...members];
  return {
    kind: "function",
    name: functionName("empty", message),
    doc: {},
    exported: !isWrapper(message),
    parameters: [],
    returns: messageType(codecs, message),
    body: [
      all.length === 1 ? `return { ${all[0]} };` : `return {\n${all.map((one) => `  ${one},\n`).join("")}};`,
    ],
  };
}

/** What an absent field reads as; undefined: the property is not there. */
function zeroOf(field: DescField): string | undefined {
  switch (field.fieldKind) {
    case "list":
      return "[]";
    case "map":
      return "{}";
    case "message":
      return undefined;
    default:
      if (field.presence === explicit) return undefined;
      return isLongText(field) ? `"0"` : scalarForm(field.scalar).zero;
  }
}

/** The functions that complete an init value: the message's own, and one for each oneof. */
export function createMessage(codecs: MessageCodecs, message: DescMessage): readonly MessageFunction[] {
  const type = messageType(codecs, message);
  const oneofs = message.oneofs.filter((oneof) => message.members.includes(oneof));
  const body = message.members.map((member) => {
    const name = member.localName;
    if (member.kind === "oneof") return `value.${name} = ${oneofName(member)}(init.${name});`;
    const given = createValue(codecs, member, `init.${name}`);
    return `if (init.${name} != null) value.${name} = ${given};`;
  });
  return [
    {
      kind: "function",
      name: functionName("create", message),
      doc: {},
      exported: !isWrapper(message),
      parameters: [["init", initType(codecs, message)]],
      returns: type,
      body: [
        `if (${use(codecs, "isMessage")}<${type}>(init, ${stringLiteral(message.typeName)})) return init;`,
        `const value = ${functionName("empty", message)}();`,
        ...body,
        "return value;",
      ],
    },
    ...oneofs.map((oneof) => createOneof(codecs, message, oneof)),
  ];
}

/** An expression that completes the value of a field. */
function createValue(codecs: MessageCodecs, field: DescField, init: string): string {
  const { message } = field;
  if (message === undefined || isUnwrapped(field)) return init;
  const create = (item: string): string =>
    isTime(message)
      ? `${use(codecs, "createTime")}(${stringLiteral(message.typeName)}, ${item})`
      : `${messageFunction(codecs, "create", message)}(${item})`;
  switch (field.fieldKind) {
    case "list":
      return `${init}.map((item) => ${create("item")})`;
    case "map":
      return `${use(codecs, "mapValues")}(${init}, (item) => ${create("item")})`;
    default:
      return create(init);
  }
}

function oneofName(oneof: DescOneof): string {
  return `${functionName("create", oneof.parent)}${capital(oneof.localName)}`;
}

function createOneof(codecs: MessageCodecs, message: DescMessage, oneof: DescOneof): MessageFunction {
  const member = `[${stringLiteral(oneof.localName)}]`;
  const cases = oneof.fields.flatMap((field) => {
    const name = stringLiteral(field.localName);
    return [
      `case ${name}:`,
      `  return { case: ${name}, value: ${createValue(codecs, field, "init.value")} };`,
    ];
  });
  return {
    kind: "function",
    name: oneofName(oneof),
    doc: {},
    exported: false,
    parameters: [["init", `${initType(codecs, message)}${member}`]],
    returns: `${messageType(codecs, message)}${member}`,
    body: ["switch (init?.case) {", ...indent([...cases, "default:", "  return { case: undefined };"]), "}"],
  };
}
