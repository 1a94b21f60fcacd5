import { limitFault, quote, type SchemaLimits, schemaError } from "../../limits.ts";
import type { TextSpan } from "../../text-span.ts";
import type { ProtoOption, ProtoValue, ProtoValueField } from "../model.ts";
import type { Refuse } from "./checks.ts";
import { createProtoScanner, type ProtoToken } from "./tokens.ts";

/** A position in a .proto text with the small words of its grammar; one token ahead, one more on request. */
export interface ProtoReader {
  readonly limits: SchemaLimits;
  readonly token: () => ProtoToken;
  /** The token after the current one. */
  readonly ahead: () => ProtoToken;
  readonly next: () => ProtoToken;
  /** The span from `first` to the token that was taken last. */
  readonly since: (first: TextSpan) => TextSpan;
  readonly is: (text: string) => boolean;
  readonly skip: (text: string) => boolean;
  readonly expect: (text: string) => ProtoToken;
  readonly identifier: (what: string) => string;
  /** `a.b.C`, with a leading dot where one is allowed. */
  readonly dotted: (what: string) => string;
  /** One string or several in a row, which are one. */
  readonly string: (what: string) => Uint8Array;
  /** A whole number within bounds, in any notation. */
  readonly integer: (what: string, min: number, max: number) => number;
  readonly fail: (message: string, at?: ProtoToken) => Error;
  /** The same at the current token, with more in `details`. */
  readonly refuse: Refuse;
}

const maxNameLength = 1_000;
/** Looking a name up costs its parts times those of the scope. */
const maxNameParts = 100;
const start = { line: 1, column: 1 };

export function createProtoReader(text: string, limits: SchemaLimits): ProtoReader {
  if (text.length > limits.textBytes || Buffer.byteLength(text) > limits.textBytes)
    throw schemaError(`The text is larger than ${limits.textBytes} bytes.`, start, [], limitFault);
  const scan = createProtoScanner(text);
  let current = scan();
  let following: ProtoToken | undefined;
  let taken = current;

  const fail = (message: string, at = current): Error => schemaError(message, at, []);
  const refuse: Refuse = (message, details) => schemaError(message, current, [], details);
  const unexpected = (what: string): Error =>
    fail(`${what} is expected, not ${current.kind === "end" ? "the end of the text" : quote(current.text)}.`);
  const next = (): ProtoToken => {
    taken = current;
    current = following ?? scan();
    following = undefined;
    return taken;
  };
  const since = ({ line, column, offset }: TextSpan): TextSpan => ({ line, column, offset, end: taken.end });
  const ahead = (): ProtoToken => {
    following ??= scan();
    return following;
  };
  // A string's text starts with its quote, so no literal passes for a word or a symbol.
  const is = (wanted: string): boolean => current.text === wanted;
  const skip = (wanted: string): boolean => {
    if (!is(wanted)) return false;
    next();
    return true;
  };
  const expect = (wanted: string): ProtoToken => {
    if (!is(wanted)) throw unexpected(quote(wanted));
    return next();
  };
  const identifier = (what: string): string => {
    if (current.kind !== "identifier") throw unexpected(what);
    return next().text;
  };
  const dotted = (what: string): string => {
    let name = (skip(".") ? "." : "") + identifier(what);
    for (let parts = 1; skip("."); parts++) {
      name += `.${identifier(what)}`;
      if (parts > maxNameParts || name.length > maxNameLength)
        throw refuse(`A name has more than ${maxNameLength} letters or ${maxNameParts} parts.`, limitFault);
    }
    return name;
  };
  const string = (what: string): Uint8Array => {
    if (current.kind !== "string") throw unexpected(what);
    const parts: Uint8Array[] = [];
    while (current.kind === "string") parts.push(next().bytes ?? new Uint8Array());
    return parts.length === 1 && parts[0] ? parts[0] : new Uint8Array(Buffer.concat(parts));
  };
  const integer = (what: string, min: number, max: number): number => {
    const at = current;
    const sign = min < 0 && skip("-") ? -1 : 1;
    const value = current.kind === "number" ? sign * toInteger(current.text) : Number.NaN;
    if (!(value >= min && value <= max)) throw fail(`${what} is a whole number from ${min} to ${max}.`, at);
    next();
    return value === 0 ? 0 : value;
  };
  return {
    ...{ limits, token: () => current, ahead, next, since, is, skip, expect },
    ...{ identifier, dotted, string, integer, fail, refuse },
  };
}

/** NaN when the text is no whole number; beyond 2^53 it may be rounded, which no bound in use admits. */
function toInteger(text: string): number {
  if (/^0[xX]/.test(text)) return Number(text);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9][0-9]*$/.test(text) ? Number(text) : Number.NaN;
}

/** The text of a string literal where text is meant. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** `option name = value;`, the reader standing behind `option`. */
export function readOptionStatement(reader: ProtoReader): ProtoOption {
  const option = readOption(reader);
  reader.expect(";");
  return option;
}

/** `[a = 1, (b).c = "x"]`, or nothing. */
export function readBracketOptions(reader: ProtoReader): readonly ProtoOption[] {
  if (!reader.skip("[")) return [];
  const options = [readOption(reader)];
  while (reader.skip(",")) options.push(readOption(reader));
  reader.expect("]");
  return options;
}

function readOption(reader: ProtoReader): ProtoOption {
  const first = reader.token();
  const name: ProtoOption["name"][number][] = [];
  do {
    if (reader.skip("(")) {
      name.push({ name: reader.dotted("The name of an extension"), isExtension: true });
      reader.expect(")");
    } else name.push({ name: reader.identifier("The name of an option"), isExtension: false });
  } while (reader.skip("."));
  reader.expect("=");
  const value = reader.is("{") ? readMessageValue(reader, 1) : readScalar(reader);
  return { name, value, at: reader.since(first) };
}

function readScalar(reader: ProtoReader): ProtoValue {
  const token = reader.token();
  if (token.kind === "string") return { kind: "string", bytes: reader.string("A string") };
  const sign = reader.skip("-") ? "-" : reader.skip("+") ? "+" : "";
  const { kind, text } = reader.token();
  if (kind === "identifier" || kind === "number") {
    reader.next();
    return { kind, text: `${sign}${text}` };
  }
  throw reader.fail("A value is expected.");
}

/** A message in text form, between braces or angle brackets. */
function readMessageValue(reader: ProtoReader, depth: number): ProtoValue {
  if (depth > reader.limits.depth)
    throw reader.refuse(`The option's value is nested more than ${reader.limits.depth} deep.`, limitFault);
  const close = reader.next().text === "<" ? ">" : "}";
  const fields: ProtoValueField[] = [];
  while (!reader.skip(close)) {
    const { name, isExtension } = readValueName(reader);
    const hasColon = reader.skip(":");
    // Only messages and lists of them may follow a name without a colon.
    if (!hasColon && !["{", "<", "["].some(reader.is)) throw reader.fail('":" is expected.');
    fields.push({ name, isExtension, value: readValue(reader, depth) });
    if (!reader.skip(",")) reader.skip(";");
  }
  return { kind: "message", fields };
}

function readValue(reader: ProtoReader, depth: number): ProtoValue {
  if (reader.is("{") || reader.is("<")) return readMessageValue(reader, depth + 1);
  if (!reader.skip("[")) return readScalar(reader);
  const items: ProtoValue[] = [];
  if (reader.skip("]")) return { kind: "list", items };
  do {
    if (reader.is("[")) throw reader.fail("A list stands inside a list.");
    items.push(readValue(reader, depth));
  } while (reader.skip(","));
  reader.expect("]");
  return { kind: "list", items };
}

function readValueName(reader: ProtoReader): { name: string; isExtension: boolean } {
  if (!reader.skip("[")) return { name: reader.identifier("The name of a field"), isExtension: false };
  const host = reader.dotted("The name of an extension");
  const name = reader.skip("/") ? `${host}/${reader.dotted("The name of a type")}` : host;
  reader.expect("]");
  return { name, isExtension: true };
}
