import type { ProtoEnum, ProtoMessage } from "../../../src/schema/proto/model.ts";
import type { ProtoSchema } from "../../../src/schema/proto/schema.ts";
import type { TextSpan } from "../../../src/schema/text-span.ts";
import type { Locator } from "./locator.ts";

/** What a part of a path may name next. `span` is where it stands; absent for the file as a whole. */
interface Spot {
  readonly span?: TextSpan;
  readonly message?: ProtoMessage;
  readonly enumeration?: ProtoEnum;
}

/** Paths such as `#/Order/3`, `#/Order/payment/7`, `#/Order/Status/2`. */
export function createProtobufLocator(schema: ProtoSchema, text: string): Locator {
  const isText = isProtoText(text);
  const walk = (path: string): { readonly span: TextSpan | undefined; readonly isWhole: boolean } => {
    if (!isText) return { span: undefined, isWhole: false };
    let spot: Spot = {};
    for (const part of path.split("/").slice(1)) {
      if (part === "") continue;
      const next = step(schema, spot, part);
      if (next === undefined) return { span: spot.span, isWhole: false };
      spot = next;
    }
    return { span: spot.span ?? packageSpan(text), isWhole: true };
  };
  return {
    exact(path) {
      const { span, isWhole } = walk(path);
      return isWhole ? span : undefined;
    },
    nearest: (path) => walk(path).span,
  };
}

function step(schema: ProtoSchema, { message, enumeration, span }: Spot, part: string): Spot | undefined {
  if (/^-?\d+$/.test(part)) {
    const number = Number(part);
    const value = enumeration?.values.find((one) => one.number === number);
    if (value !== undefined) return { span: value.at };
    const field = message?.fields.find((one) => one.number === number);
    if (field === undefined || message === undefined) return undefined;
    const { type } = field;
    const name = type.kind === "named" ? type.name : type.kind === "group" ? type.name : undefined;
    const found = name === undefined ? undefined : schema.resolve(name, message.fullName);
    // What stands in another file has no place in this text.
    if (found === undefined || found.path !== undefined) return { span: field.at };
    return found.kind === "message"
      ? { span: field.at, message: found.type }
      : { span: field.at, enumeration: found.type };
  }
  const scope = message ?? (span === undefined ? schema.file : undefined);
  const nested = scope?.messages.find((one) => one.name === part);
  if (nested !== undefined) return { span: nested.at, message: nested };
  const found = scope?.enums.find((one) => one.name === part);
  if (found !== undefined) return { span: found.at, enumeration: found };
  const oneof = message?.oneofs.find((one) => one.name === part);
  return oneof === undefined || message === undefined ? undefined : { span: oneof.at, message };
}

/** The alternative is a descriptor in base64, which has none of the marks of a .proto text. */
function isProtoText(text: string): boolean {
  return /[;{]/.test(text);
}

/** The model keeps no place of it; what the whole file differs in, its package names. */
function packageSpan(text: string): TextSpan | undefined {
  const found = /^[ \t]*(package\s[^;]*;)/m.exec(text);
  if (found === null) return undefined;
  const statement = found[1] ?? "";
  const offset = found.index + found[0].length - statement.length;
  const before = text.slice(0, offset);
  const line = before.split(/\r\n|\r|\n/).length;
  const column = offset - Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r"));
  return { line, column, offset, end: offset + statement.length };
}
