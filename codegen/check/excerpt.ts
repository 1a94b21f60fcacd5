import type { TextSpan } from "../../src/schema/text-span.ts";
import { showText } from "../diagnostics-print.ts";

/** One schema text, and the part of it to be shown. */
export interface ExcerptSide {
  readonly file: string;
  readonly text: string;
  /** Absent: this text has nothing there, which is said. */
  readonly span?: TextSpan | undefined;
}

export interface ExcerptRequest {
  readonly old?: ExcerptSide;
  readonly new?: ExcerptSide;
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
}

const maxLines = 6;
// Two columns of code need room; below this, one stands under the other.
const minColumnsWidth = 96;
const indent = "  ";
const separator = " │ ";

/** The old and the new text with line numbers: side by side where there is room, else old above new. */
export function excerpt(request: ExcerptRequest): string {
  const width = Math.max(request.width, 30);
  const isWide = width >= minColumnsWidth && request.old !== undefined && request.new !== undefined;
  const room = isWide ? Math.floor((width - indent.length - separator.length) / 2) : width - indent.length;
  const old = request.old === undefined ? [] : linesOfSide(request.old, "old", room);
  const young = request.new === undefined ? [] : linesOfSide(request.new, "new", room);
  const red = (text: string): string => (request.color ? `\u001b[31m${text}\u001b[0m` : text);
  const green = (text: string): string => (request.color ? `\u001b[32m${text}\u001b[0m` : text);
  if (!isWide) return [...old.map(red), ...young.map(green)].map((line) => `${indent}${line}\n`).join("");
  return Array.from({ length: Math.max(old.length, young.length) }, (_, index) => {
    const left = pad(old[index] ?? "", room);
    const right = young[index] ?? "";
    return `${indent}${red(left)}${separator}${green(right)}`.trimEnd();
  })
    .map((line) => `${line}\n`)
    .join("");
}

function linesOfSide({ file, text, span }: ExcerptSide, name: string, room: number): readonly string[] {
  const head = `${name} ${showText(file)}`;
  if (span === undefined) return [cut(head, room), cut("    (nothing there)", room)];
  const lines = rawLines(text, span);
  const digits = String(span.line + lines.length).length;
  const margin = Math.min(...lines.filter((line) => line.trim() !== "").map(leadingBlanks));
  const shown = lines.map((line, index) => {
    const number = String(span.line + index).padStart(digits);
    return cut(`${number} ${showText(line.slice(Number.isFinite(margin) ? margin : 0))}`, room);
  });
  return [cut(`${head}:${span.line}`, room), ...shown];
}

/** The lines of a span, at most a few; found from its offset, so that a long text is not split for every difference. */
function rawLines(text: string, span: TextSpan): readonly string[] {
  const start = lineStart(text, span);
  const lines: string[] = [];
  for (let from = start; lines.length < maxLines; ) {
    const next = text.indexOf("\n", from);
    const end = next < 0 ? text.length : next;
    const line = text.slice(from, Math.min(end, from + maxLineLength)).replaceAll("\t", "  ");
    lines.push(line.endsWith("\r") ? line.slice(0, -1) : line);
    if (next < 0 || next + 1 >= span.end) return lines;
    from = next + 1;
  }
  return [...lines.slice(0, -1), `${lines.at(-1)} …`];
}

const maxLineLength = 400;
const maxBefore = 40;

/** In a text without line ends the line starts far off: then what stands shortly in front of the span is enough. */
function lineStart(text: string, { offset }: TextSpan): number {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const isBlank = offset - start <= maxBefore || text.slice(start, offset).trim() === "";
  return offset === 0 ? 0 : isBlank ? start : offset;
}

function leadingBlanks(line: string): number {
  return line.length - line.trimStart().length;
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

function pad(text: string, room: number): string {
  return text.padEnd(room);
}
