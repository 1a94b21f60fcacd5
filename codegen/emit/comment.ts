import { escapeCharacter, unseenCharacters } from "./literal.ts";

/** What a documentation comment says. The texts come from schemas and are not trusted. */
export interface Doc {
  readonly text?: string;
  /** Facts of our own, one line each, below the text. */
  readonly notes?: readonly string[];
  readonly deprecated?: string | true;
  /** The thing itself, or paths of what is sensitive in it. */
  readonly sensitive?: boolean | readonly string[];
}

/**
 * Makes text harmless inside a block comment: no comment end or start, no tag or compiler directive
 * (`@ts-expect-error` works inside comments), no source map address, no character that hides or turns text.
 */
function neutralise(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll("\t", "  ")
    .replaceAll(unseenCharacters, escapeCharacter)
    .replaceAll(/\*(?=\/)/g, "* ")
    .replaceAll(/\/(?=\*)/g, "/ ")
    .replaceAll(/([/*])(?=[#@])/g, "$1 ")
    .replaceAll(/(^|[^\w\\])@/g, "$1\\@");
}

/** The lines of a comment, without its borders. Empty: there is nothing to say. */
export function commentLines(doc: Doc): readonly string[] {
  const text = neutralise(doc.text ?? "").trim();
  const lines = text === "" ? [] : text.split("\n").map((line) => line.trimEnd());
  const notes = (doc.notes ?? []).map(oneLine);
  const tags = [
    ...sensitiveTag(doc.sensitive),
    ...(doc.deprecated === undefined
      ? []
      : [`@deprecated ${doc.deprecated === true ? "" : oneLine(doc.deprecated)}`.trimEnd()]),
  ];
  const parts = [lines, notes, tags].filter((part) => part.length > 0);
  return parts.flatMap((part, at) => (at === 0 ? part : ["", ...part]));
}

function oneLine(text: string): string {
  return neutralise(text)
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();
}

/** A documentation comment, ending in a line break; empty when there is nothing to say. */
export function commentText(doc: Doc, indent = ""): string {
  const lines = commentLines(doc);
  if (lines.length === 0) return "";
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

function sensitiveTag(sensitive: Doc["sensitive"]): readonly string[] {
  if (sensitive === undefined || sensitive === false) return [];
  if (sensitive === true) return ["@sensitive"];
  return sensitive.length === 0 ? [] : [`@sensitive ${oneLine(sensitive.join(", "))}`];
}
