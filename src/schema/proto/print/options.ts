import { toInteger } from "../encode/values.ts";
import type { ProtoOption, ProtoValue, ProtoValueField } from "../model.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const named: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ['"', '\\"'],
  ["\\", "\\\\"],
]);

/** A string literal that reads as these bytes. */
export function printBytes(bytes: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return `"${escapeBytes(bytes)}"`;
  }
  return `"${text.replace(/["\\\p{Cc}]/gu, escapeChar)}"`;
}

/** Bytes as the inside of a literal, in ASCII. */
export function escapeBytes(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => (byte > 0x7e || byte < 0x20 ? octal(byte) : escapeChar(String.fromCharCode(byte))))
    .join("");
}

function escapeChar(char: string): string {
  const code = char.charCodeAt(0);
  return named.get(char) ?? (code < 0x20 || code === 0x7f ? octal(code) : char);
}

/** Three digits, so that no digit behind it can belong to it. */
function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, "0")}`;
}

function printValue(value: ProtoValue): string {
  switch (value.kind) {
    case "string":
      return printBytes(value.bytes);
    case "list":
      return `[${value.items.map(printValue).join(", ")}]`;
    case "message": {
      const fields = value.fields.map(
        (field) => `${field.isExtension ? `[${field.name}]` : field.name}: ${printValue(field.value)}`,
      );
      return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
    }
    default:
      return value.text;
  }
}

/** The complete name of an extension, from one as it is written. */
export type NameExtension = (written: string) => string;

/**
 * `name = value`, of every option.
 * @param normalize makes the same text of the same options in another order; absent: they stay as they are
 */
export function printOptions(options: readonly ProtoOption[], normalize?: NameExtension): readonly string[] {
  if (normalize !== undefined)
    return normalizeFields(options.map((option) => toField(option, normalize))).map(
      ({ name, isExtension, value }) => `${isExtension ? `(${name})` : name} = ${printValue(value)}`,
    );
  return options.map(({ name, value }) => {
    const path = name.map((part) => (part.isExtension ? `(${part.name})` : part.name)).join(".");
    return `${path} = ${printValue(value)}`;
  });
}

/** ` [a = 1, b = 2]`, or nothing. */
export function printBrackets(options: readonly ProtoOption[], normalize?: NameExtension): string {
  const printed = printOptions(options, normalize);
  return printed.length === 0 ? "" : ` [${printed.join(", ")}]`;
}

/** `a.b = 1` as what it means, `a = { b: 1 }`. */
function toField({ name, value }: ProtoOption, nameOf: NameExtension): ProtoValueField {
  const parts = name.map((part) => (part.isExtension ? { ...part, name: nameOf(part.name) } : part));
  const [first = { name: "", isExtension: false }, ...others] = parts;
  const inner = others.reduceRight<ProtoValue>(
    (nested, part) => ({ kind: "message", fields: [{ ...part, value: nested }] }),
    value,
  );
  return { ...first, value: inner };
}

/** By name, messages of one name merged, lists taken apart. */
function normalizeFields(
  fields: readonly ProtoValueField[],
  isRepeatable = false,
): readonly ProtoValueField[] {
  const single = fields.flatMap((field) =>
    field.value.kind === "list" ? field.value.items.map((value) => ({ ...field, value })) : [field],
  );
  const byName = Map.groupBy(single, ({ name, isExtension }) => (isExtension ? `(${name})` : name));
  return [...byName.keys()].sort().flatMap((key) => {
    const all = byName.get(key) ?? [];
    const [first] = all;
    const isMerged = !isRepeatable && all.length > 1 && all.every(({ value }) => value.kind === "message");
    if (first === undefined || !isMerged) return all.map((one) => ({ ...one, value: normalize(one.value) }));
    const merged = all.flatMap(({ value }) => (value.kind === "message" ? value.fields : []));
    return [{ ...first, value: { kind: "message", fields: normalizeFields(merged) } as const }];
  });
}

function normalize(value: ProtoValue): ProtoValue {
  switch (value.kind) {
    case "message":
      // Inside of a value, messages of one name are the items of a list.
      return { kind: "message", fields: normalizeFields(value.fields, true) };
    case "number":
      return { kind: "number", text: String(toInteger(value.text) ?? toFloat(value.text)) };
    default:
      return value;
  }
}

/** In words where it is no number in JavaScript. */
function toFloat(text: string): number | string {
  const value = Number(text.replace(/[fF]$/, ""));
  return Number.isNaN(value) ? text : value;
}
