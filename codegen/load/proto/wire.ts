import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { type ProtoToken, scanProto } from "../../../src/schema/proto/text/tokens.ts";
import { type Diagnostic, report } from "../../diagnostics.ts";
import { eventExtension, fieldExtension, optionNumber, optionsPath, withLineFeeds } from "../options.ts";
import type { Places } from "../places.ts";

/** A range of the text that goes; UTF-16 offsets. */
interface Cut {
  readonly start: number;
  readonly end: number;
}

/** A text with its tokens; `at` finds a token by its start. */
interface Source {
  readonly text: string;
  readonly tokens: readonly ProtoToken[];
  readonly at: ReadonlyMap<number, number>;
}

export type Projection =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "refused"; readonly diagnostic: Diagnostic };

/**
 * The text without our options and without the import of our options file. Layout elsewhere stays, and so does every
 * comment, one in front of an option too: what a person wrote about an event is not ours to drop.
 * The descriptor says what is ours, the tokens say how far it reaches. Where the two disagree nothing is guessed.
 */
export function projectProto(file: FileDescriptorProto, text: string, places: Places): Projection {
  const ours = places.all().filter(({ path }) => isOption(path) || isImport(path, file));
  if (ours.length === 0) return { kind: "text", text: withLineFeeds(text) };
  const tokens = scanProto(text);
  const source: Source = { text, tokens, at: new Map(tokens.map((token, index) => [token.offset, index])) };
  const cuts: Cut[] = [];
  const entries = new Map<number, Cut>();
  const isCovered = (offset: number): boolean =>
    [...cuts, ...entries.values()].some((cut) => cut.start <= offset && offset < cut.end);
  for (const { path, line, offset } of ours.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0))) {
    // A part of an option that is gone already: `{ sensitive: true }` has places of its own inside.
    if (offset !== undefined && isCovered(offset)) continue;
    const start = offset === undefined ? undefined : source.at.get(offset);
    const found = start === undefined ? undefined : cutAt(source, start, isImport(path, file));
    if (found === undefined) return refused(file.name, line + 1);
    if (found.kind === "statement") cuts.push(found.cut);
    else entries.set(found.cut.start, found.cut);
  }
  for (const [start] of entries) {
    if (isCoveredBy(cuts, start)) continue;
    const list = cutEntries(source, start, entries);
    if (list === undefined) return refused(file.name, 1);
    cuts.push(...list);
  }
  return { kind: "text", text: withLineFeeds(applyCuts(text, cuts)) };
}

function refused(file: string, line: number): Projection {
  const message = `The text of ${file} does not read as its descriptor says; Keryx cannot cut its options out.`;
  return { kind: "refused", diagnostic: report("wire-projection", { file, line, column: 1 }, message) };
}

function isCoveredBy(cuts: readonly Cut[], offset: number): boolean {
  return cuts.some((cut) => cut.start <= offset && offset < cut.end);
}

/** An option field (7 of a message; 8 of a field or file), then our number: the places of our options and of what is in them. */
function isOption(path: readonly number[]): boolean {
  return path.some((step, at) => (step === 7 || step === 8) && path[at + 1] === optionNumber);
}

/** Field 3 of a file lists its imports, field 15 those for options only. */
function isImport(path: readonly number[], file: FileDescriptorProto): boolean {
  const [list, index = -1] = path;
  if (path.length !== 2) return false;
  return (
    (list === 3 && file.dependency[index] === optionsPath) ||
    (list === 15 && file.optionDependency[index] === optionsPath)
  );
}

type Found = { readonly kind: "statement" | "entry"; readonly cut: Cut };

/** The statement or list entry that begins at a token, once it has been seen to be one of ours. */
function cutAt({ text, tokens }: Source, start: number, isImported: boolean): Found | undefined {
  const first = tokens[start];
  if (first === undefined) return undefined;
  if (isImported) {
    const end = first.text === "import" ? endOf(tokens, start, ";") : undefined;
    const names = tokens.slice(start, end).filter((token) => token.kind === "string");
    if (end === undefined || names.map((token) => token.text.slice(1, -1)).join("") !== optionsPath)
      return undefined;
    return { kind: "statement", cut: wholeLines(text, { start: first.offset, end: endAt(tokens, end) }) };
  }
  const before = tokens[start - 1]?.text;
  const keyword = first.text === "option" ? start : before === "option" ? start - 1 : undefined;
  const name = keyword === undefined ? start : keyword + 1;
  if (!isOurName(tokens, name)) return undefined;
  if (keyword !== undefined) {
    const end = endOf(tokens, name, ";");
    const from = tokens[keyword]?.offset ?? first.offset;
    return end === undefined
      ? undefined
      : { kind: "statement", cut: wholeLines(text, { start: from, end: endAt(tokens, end) }) };
  }
  const end = endOf(tokens, name, ",", "]");
  if (end === undefined || (before !== "[" && before !== ",")) return undefined;
  return { kind: "entry", cut: { start: first.offset, end: endAt(tokens, end - 1) } };
}

/** `( keryx . v1 . event )`, however much of the package is written. */
function isOurName(tokens: readonly ProtoToken[], start: number): boolean {
  if (tokens[start]?.text !== "(") return false;
  let name = "";
  for (let at = start + 1; tokens[at] !== undefined && tokens[at]?.text !== ")"; at++)
    name += tokens[at]?.text;
  const written = `.${name.replace(/^\./, "")}`;
  return [eventExtension, fieldExtension].some((full) => `.${full}`.endsWith(written));
}

/** Index of the first of the given symbols outside all braces and brackets. */
function endOf(tokens: readonly ProtoToken[], start: number, ...ends: readonly string[]): number | undefined {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const { kind, text } = tokens[at] as ProtoToken;
    if (kind !== "symbol") continue;
    if (depth === 0 && ends.includes(text)) return at;
    if (text === "{" || text === "[" || text === "(") depth++;
    else if (text === "}" || text === "]" || text === ")") depth--;
    if (depth < 0) return undefined;
  }
  return undefined;
}

function endAt(tokens: readonly ProtoToken[], index: number): number {
  return tokens[index]?.end ?? 0;
}

/** What goes from the option list that holds an entry of ours: all lists entries of ours in it at once. */
function cutEntries(
  source: Source,
  start: number,
  ours: ReadonlyMap<number, Cut>,
): readonly Cut[] | undefined {
  const { text, tokens } = source;
  const open = openingOf(tokens, (source.at.get(start) ?? 0) - 1);
  if (open === undefined) return undefined;
  const entries: { readonly cut: Cut; readonly isOurs: boolean; readonly comma: ProtoToken | undefined }[] =
    [];
  let close = open;
  for (let at = open + 1; tokens[close]?.text !== "]"; at = close + 1) {
    const end = endOf(tokens, at, ",", "]");
    const first = tokens[at];
    if (end === undefined || first === undefined) return undefined;
    const own = ours.get(first.offset);
    const cut = own ?? { start: first.offset, end: endAt(tokens, end - 1) };
    entries.push({
      cut,
      isOurs: own !== undefined,
      comma: tokens[end]?.text === "," ? tokens[end] : undefined,
    });
    close = end;
  }
  const last = entries.findLastIndex((entry) => !entry.isOurs);
  if (last < 0) return [{ start: blanksBefore(text, tokens[open]?.offset ?? 0), end: endAt(tokens, close) }];
  return entries.flatMap(({ cut, isOurs, comma }, index) => {
    // Behind the last entry that stays, the comma in front goes; before it, the comma behind.
    const own = !isOurs ? [] : [index > last ? { start: blanksBefore(text, cut.start), end: cut.end } : cut];
    const mark = comma !== undefined && (index >= last || isOurs) ? [comma] : [];
    const behind = mark.map(({ end }) => ({
      start: end - 1,
      end: index < last ? blanksAfter(text, end) : end,
    }));
    return [...own, ...behind];
  });
}

/** The `[` that opens the list in which a token stands. */
function openingOf(tokens: readonly ProtoToken[], from: number): number | undefined {
  let depth = 0;
  for (let at = from; at >= 0; at--) {
    const { kind, text } = tokens[at] as ProtoToken;
    if (kind !== "symbol") continue;
    if (text === "[" && depth === 0) return at;
    if (text === "]" || text === "}" || text === ")") depth++;
    else if (text === "[" || text === "{" || text === "(") depth--;
  }
  return undefined;
}

function blanksBefore(text: string, at: number): number {
  let start = at;
  while (/[ \t]/.test(text.charAt(start - 1))) start--;
  return start;
}

function blanksAfter(text: string, at: number): number {
  let end = at;
  while (/[ \t]/.test(text.charAt(end))) end++;
  return end;
}

/** Takes the line ends too where nothing else stands on the lines. */
function wholeLines(text: string, cut: Cut): Cut {
  const start = blanksBefore(text, cut.start);
  const end = blanksAfter(text, cut.end);
  const newline = /^\r?\n/.exec(text.slice(end, end + 2))?.[0];
  const isAlone = (start === 0 || text[start - 1] === "\n") && newline !== undefined;
  return isAlone ? { start, end: end + newline.length } : cut;
}

function applyCuts(text: string, cuts: readonly Cut[]): string {
  let result = "";
  let at = 0;
  for (const { start, end } of [...cuts].sort((a, b) => a.start - b.start)) {
    if (start > at) result += text.slice(at, start);
    at = Math.max(at, end);
  }
  return result + text.slice(at);
}
