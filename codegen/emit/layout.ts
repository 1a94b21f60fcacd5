/** Generated lines keep to this width where they can be broken; it is that of the code written by hand. */
const lineWidth = 110;

/** Printed text as a formatter would leave it: its lines short enough to follow. */
export function breakLines(text: string): string {
  return text
    .split("\n")
    .map((line) => (line.length <= lineWidth || isText.test(line) ? line : breakLine(line)))
    .join("\n");
}

/** A comment, or a literal by itself. */
const isText = /^ *(?:\/?\*|\/\/|["'])/;

function breakLine(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const text = line.slice(indent.length);
  const head = /^(?:if|for) (?=\()/.exec(text)?.[0];
  if (head !== undefined) {
    const condition = `${head}(${splitOutside(text.slice(head.length + 1), ")")[0]})`;
    const statement = text.slice(condition.length).trim();
    if (statement !== "{") return `${indent}${condition}\n${indented(`${indent}  `, statement)}`;
  }
  const name = /^(?:readonly [\w$]+\??:|export type [\w$]+ =)(?= )/.exec(text)?.[0];
  const branches = name && breakUnion(text.slice(name.length + 1), `${indent}  `);
  if (branches !== undefined && branches !== "") return `${indent}${name}\n${indent}  ${branches}`;
  return `${indent}${breakList(text, indent)}`;
}

/** The text behind an indent, broken where the line would be too long. */
function indented(indent: string, text: string): string {
  return indent.length + text.length <= lineWidth ? `${indent}${text}` : breakLine(`${indent}${text}`);
}

/** The first list of a text, one item to a line, and what stands behind it likewise where it is too long. */
function breakList(text: string, indent: string): string {
  const list = findList(text);
  if (list === undefined) return text;
  const { before, items, mark, after } = list;
  const lines = items.map((item) => `${indent}  ${breakItem(item, `${indent}  `)}`);
  // A list of types ends in no mark, and neither does what only stands in parentheses.
  const last = /<$|[^\w$>]\($/.test(before) ? "" : mark;
  return `${before}\n${lines.join(`${mark}\n`)}${last}\n${indent}${breakRest(after, indent)}`;
}

/** A closing bracket and what stands behind it: another list, or the type that a function returns. */
function breakRest(text: string, indent: string): string {
  if (indent.length + text.length <= lineWidth) return text;
  const returns = /^\): (.*) \{$/.exec(text)?.[1] ?? "";
  const branches = breakUnion(returns, `${indent}  `);
  if (branches !== undefined) return `):\n${indent}  ${branches} {`;
  return `${text.charAt(0)}${breakList(text.slice(1), indent)}`;
}

/** An item of a list: as a whole, or what stands behind its name. */
function breakItem(item: string, indent: string): string {
  if (indent.length + item.length < lineWidth) return item;
  const name = /^(?:readonly )?[\w$]+\??:(?= )/.exec(item)?.[0];
  if (name === undefined) return breakUnion(item, indent) ?? breakList(item, indent);
  const text = item.slice(name.length + 1);
  const branches = breakUnion(text, `${indent}  `);
  return branches === undefined ? `${name} ${breakList(text, indent)}` : `${name}\n${indent}  ${branches}`;
}

function breakUnion(text: string, indent: string): string | undefined {
  const branches = splitOutside(text, " | ");
  if (branches.length < 2) return undefined;
  return branches.map((one) => `| ${breakItem(one, `${indent}  `)}`).join(`\n${indent}`);
}

interface List {
  /** With the opening bracket. */
  readonly before: string;
  readonly items: readonly string[];
  readonly mark: "," | ";";
  /** From the closing bracket on. */
  readonly after: string;
}

const closing: ReadonlyMap<string, string> = new Map([
  ["{", "}"],
  ["[", "]"],
  ["<", ">"],
  ["(", ")"],
]);

/** What stands between the first brackets that hold something. */
function findList(text: string): List | undefined {
  for (const { 0: found, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{[(]|(?<=[\w$])</g)) {
    const end = closing.get(found);
    if (end === undefined) continue;
    const start = index + 1;
    const inside = splitOutside(text.slice(start), end)[0] ?? "";
    if (inside.trim() === "" || start + inside.length === text.length) continue;
    const members = splitOutside(inside.trim(), "; ");
    const items = members.length > 1 ? members : splitOutside(inside.trim(), ", ");
    return {
      ...{ before: text.slice(0, start), after: text.slice(start + inside.length).trimStart() },
      ...{ items, mark: members.length > 1 ? ";" : "," },
    };
  }
  return undefined;
}

/** Splits at a mark that stands neither in quotes nor in brackets. */
function splitOutside(text: string, mark: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (depth === 0 && text.startsWith(mark, at)) {
      parts.push(text.slice(start, at));
      start = at + mark.length;
      at = start - 1;
    } else if (character === '"') {
      for (at++; at < text.length && text.charAt(at) !== '"'; at++) if (text.charAt(at) === "\\") at++;
    } else depth += nesting(character, text.charAt(at - 1));
  }
  return [...parts, text.slice(start)];
}

/** 1 for an opening bracket, -1 for a closing one; a comparison stands between blanks, and no type does. */
function nesting(character: string, before: string): number {
  if (character === "<") return /[\w$]/.test(before) ? 1 : 0;
  if (character === ">") return /[\s=]/.test(before) ? 0 : -1;
  if (closing.has(character)) return 1;
  return "}])".includes(character) ? -1 : 0;
}
