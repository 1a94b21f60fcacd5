import type { Diagnostic } from "./diagnostics.ts";

/**
 * Text from a schema, safe to print: control characters, line and paragraph separators, characters that turn
 * the direction of writing, and lone surrogates appear as escapes.
 */
export function showText(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** JSON whose text holds no control character either, so that it can be shown on a terminal. */
export function showJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The same on one line. */
export function showJsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const units = [
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
] as const;

/** A duration as people write it: `200ms`, `30s`, `5m`, `24h`. */
export function showDuration(ms: number): string {
  const [size, unit] = units.find(([size]) => ms >= size && ms % size === 0) ?? [1, "ms"];
  return `${ms / size}${unit}`;
}

export interface PrintOptions {
  /** Put before each schema's path, for example `schemas/`, so that editors and terminals find the file. */
  readonly prefix: string;
  readonly color: boolean;
}

/** Settings and lock file lie at the project's root, and are no schemas. */
function pathOf(file: string, prefix: string): string {
  return /\.(proto|avsc)$/.test(file) ? `${prefix}${file}` : file;
}

const paint = { error: 31, warning: 33, faint: 2 } as const;

/** `file:line:column severity rule message`, and the help on a line of its own. */
export function formatText(diagnostics: readonly Diagnostic[], { prefix, color }: PrintOptions): string {
  const tint = (style: keyof typeof paint, text: string): string =>
    color ? `\u001b[${paint[style]}m${text}\u001b[0m` : text;
  return diagnostics
    .map((one) => {
      const place = showText(`${pathOf(one.file, prefix)}:${one.line}:${one.column}`);
      const help = tint("faint", `  ${showText(one.help)}`);
      return `${place} ${tint(one.severity, one.severity)} ${one.rule} ${showText(one.message)}\n${help}\n`;
    })
    .join("");
}

/** `{ ok, findings }`; the layout is stable, programs read it. */
export function formatJson(diagnostics: readonly Diagnostic[], { prefix }: PrintOptions): string {
  const findings = diagnostics.map(({ rule, severity, file, line, column, message, help }) => ({
    rule,
    severity,
    file: pathOf(file, prefix),
    line,
    column,
    message,
    help,
  }));
  const ok = diagnostics.every((one) => one.severity !== "error");
  return `${showJson({ ok, findings })}\n`;
}

/** For example `2 errors, 1 warning`. */
export function countDiagnostics(diagnostics: readonly Pick<Diagnostic, "severity">[]): string {
  const count = (severity: Diagnostic["severity"]): string => {
    const number = diagnostics.filter((one) => one.severity === severity).length;
    return `${number} ${severity}${number === 1 ? "" : "s"}`;
  };
  return `${count("error")}, ${count("warning")}`;
}
