/** Anything that generated code states as data. */
export type Literal =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Literal[]
  | { readonly [key: string]: Literal };

/** Characters that control, end a line, turn its direction or do not show, and halves of surrogate pairs. */
export const unseenCharacters: RegExp = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Spells a character as an escape, so that it cannot act. */
export function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).padStart(4, "0");
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex}`;
}

/**
 * A string as a TypeScript literal; the only way from schema text to code. Node looks for the address of a source
 * map by text, inside literals too.
 */
export function stringLiteral(text: string): string {
  return JSON.stringify(text)
    .replaceAll(unseenCharacters, escapeCharacter)
    .replaceAll(/(?<=[/*])[#@](?=\s*sourceMappingURL)/g, escapeCharacter);
}

/** A key of an object literal; `__proto__` is computed, because plain it would set the prototype. */
export function keyLiteral(key: string): string {
  if (key === "__proto__") return `["__proto__"]`;
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(key) ? key : stringLiteral(key);
}

function numberLiteral(value: number): string {
  if (Number.isNaN(value)) return "Number.NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Number.POSITIVE_INFINITY" : "Number.NEGATIVE_INFINITY";
  return Object.is(value, -0) ? "-0" : String(value);
}

const lineWidth = 100;

/** A value as a TypeScript literal, on one line where it fits. Members that are undefined are left out. */
export function literal(value: Literal, indent = ""): string {
  switch (typeof value) {
    case "string":
      return stringLiteral(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return numberLiteral(value);
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null) return "null";
  if (value instanceof Uint8Array) return `Uint8Array.of(${[...value].join(", ")})`;
  const inner = `${indent}  `;
  if (isList(value))
    return enclose(
      "[",
      value.map((item) => literal(item, inner)),
      "]",
      indent,
    );
  const members = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${keyLiteral(key)}:${behindColon(item, inner)}`);
  return enclose("{", members, "}", indent);
}

function behindColon(value: Literal, indent: string): string {
  const lines = typeof value === "string" ? linesOf(value) : [];
  // Compilers go down a sum step by step, and a text of so many lines is read in its schema.
  if (lines.length < 2 || lines.length > 500) return ` ${literal(value, indent)}`;
  return lines.map((line) => `\n${indent}  ${pieceLiteral(line)}`).join(" +");
}

/** Between single quotes where that spares escapes: JSON in a string is unreadable otherwise. */
function pieceLiteral(text: string): string {
  const plain = stringLiteral(text);
  if (!text.includes('"')) return plain;
  return `'${plain.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** A long text in pieces that read well: its lines, those of JSON after a member or a word. */
function linesOf(text: string): readonly string[] {
  if (text.length <= lineWidth) return [text];
  return text.match(/[^\n]{1,95}?(?:\n|\},(?=\{)|$)|[^\n]{40,94}[ ,]|[^\n]{1,95}|\n/g) ?? [];
}

function isList(value: Literal): value is readonly Literal[] {
  return Array.isArray(value);
}

/** Joins members between brackets, one to a line when they are too long for one. */
export function enclose(open: string, members: readonly string[], close: string, indent = ""): string {
  if (members.length === 0) return `${open}${close}`;
  const space = open === "{" ? " " : "";
  const flat = `${open}${space}${members.join(", ")}${space}${close}`;
  if (flat.length + indent.length <= lineWidth && !flat.includes("\n")) return flat;
  return `${open}\n${members.map((member) => `${indent}  ${member},\n`).join("")}${indent}${close}`;
}
