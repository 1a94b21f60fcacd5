import type { TextSpan } from "../../src/schema/text-span.ts";
import { showText } from "../diagnostics-print.ts";

/** One schema text, and the part of it to be shown. */
export interface ExcerptSide {
  /** A file, or what a version is called. */
  readonly file: string;
  /** The text is that of a released version, which lies in no file of its own. */
  readonly isVersion?: boolean;
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

/** The old and the new text with line numbers: side by side where both fit in whole, else old above new. */
export function excerpt(request: ExcerptRequest): string {
  const width = Math.max(request.width, 30);
  const old = request.old === undefined ? [] : linesOfSide(request.old, "old");
  const young = request.new === undefined ? [] : linesOfSide(request.new, "new");
  const half = Math.floor((width - indent.length - separator.length) / 2);
  // What differs often stands at the end of a line: two cut lines may look the same.
  const isFitting = [...old, ...young].every((line) => line.length <= half);
  const isWide = isFitting && width >= minColumnsWidth && old.length > 0 && young.length > 0;
  const red = (text: string): string => (request.color ? `\u001b[31m${text}\u001b[0m` : text);
  const green = (text: string): string => (request.color ? `\u001b[32m${text}\u001b[0m` : text);
  if (!isWide) {
    const show = (line: string): string => cut(line, width - indent.length);
    const stacked = [...old.map((line) => red(show(line))), ...young.map((line) => green(show(line)))];
    return stacked.map((line) => `${indent}${line}\n`).join("");
  }
  return Array.from({ length: Math.max(old.length, young.length) }, (_, index) => {
    const left = (old[index] ?? "").padEnd(half);
    const right = young[index] ?? "";
    return `${indent}${red(left)}${separator}${green(right)}`.trimEnd();
  })
    .map((line) => `${line}\n`)
    .join("");
}

function linesOfSide({ file, text, span, isVersion }: ExcerptSide, name: string): readonly string[] {
  const head = `${name} ${showText(file)}`;
  if (span === undefined) return [head, "    (nothing there)"];
  const lines = rawLines(text, span);
  const digits = String(span.line + lines.length).length;
  const margin = Math.min(...lines.filter((line) => line.trim() !== "").map(leadingBlanks));
  const shown = lines.map((line, index) => {
    const number = String(span.line + index).padStart(digits);
    return `${number} ${showText(line.slice(Number.isFinite(margin) ? margin : 0))}`;
  });
  return [`${head}${isVersion === true ? ", line " : ":"}${span.line}`, ...shown];
}

/** The lines of a span, at most a few; found from its offset, so that a long text is not split for every difference. */
function rawLines(text: string, span: TextSpan): readonly string[] {
  const start = lineStart(text, span);
  // From the middle of a line on, what stands behind the span is another part of the same line.
  const isPart = start === span.offset && start > 0 && text[start - 1] !== "\n";
  const lines: string[] = [];
  for (let from = start; lines.length < maxLines; ) {
    const next = text.indexOf("\n", from);
    const lineEnd = next < 0 ? text.length : next;
    const end = isPart ? Math.min(lineEnd, span.end) : lineEnd;
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
