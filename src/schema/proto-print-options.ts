import type { ProtoOption, ProtoValue } from "./proto-model.ts";

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
    return `"${[...bytes].map((byte) => (byte > 0x7e || byte < 0x20 ? octal(byte) : escapeChar(String.fromCharCode(byte)))).join("")}"`;
  }
  return `"${text.replace(/["\\\p{Cc}]/gu, escapeChar)}"`;
}

function escapeChar(char: string): string {
  const code = char.charCodeAt(0);
  return named.get(char) ?? (code < 0x20 || code === 0x7f ? octal(code) : char);
}

/** Three digits, so that no digit behind it can belong to it. */
function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, "0")}`;
}

export function printValue(value: ProtoValue): string {
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

/** `name = value`, of every option; sorted when asked for. */
export function printOptions(options: readonly ProtoOption[], isSorted: boolean): readonly string[] {
  const printed = options.map(({ name, value }) => {
    const path = name.map((part) => (part.isExtension ? `(${part.name})` : part.name)).join(".");
    return `${path} = ${printValue(value)}`;
  });
  return isSorted ? printed.sort() : printed;
}

/** ` [a = 1, b = 2]`, or nothing. */
export function printBrackets(options: readonly ProtoOption[], isSorted: boolean): string {
  const printed = printOptions(options, isSorted);
  return printed.length === 0 ? "" : ` [${printed.join(", ")}]`;
}
