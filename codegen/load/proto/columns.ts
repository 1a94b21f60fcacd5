const tabStop = 4;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

// East Asian Wide and Fullwidth, in blocks.
const wide =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d8f}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;

/**
 * UTF-16 offset in a line of a display column, as buf counts them: tab stops every 4, wide characters and emoji 2,
 * combining marks and controls 0. Undefined when the column lies inside a character or behind the line.
 */
export function offsetOfColumn(line: string, column: number): number | undefined {
  if (/^[ -~]*$/.test(line.slice(0, column + 1))) return column <= line.length ? column : undefined;
  let at = 0;
  for (const { segment, index } of graphemes.segment(line)) {
    if (at === column) return index;
    if (at > column) return undefined;
    at = segment === "\t" ? at + tabStop - (at % tabStop) : at + widthOf(segment);
  }
  return at === column ? line.length : undefined;
}

function widthOf(segment: string): number {
  if (/^[ -~]/.test(segment)) return segment.endsWith("\ufe0f") ? 2 : 1;
  if (/^[\p{Cc}\p{Cf}\p{M}\p{Zl}\p{Zp}]/u.test(segment)) return 0;
  if (segment.includes("\ufe0f")) return 2;
  return wide.test(segment) || /^[\p{Emoji_Presentation}\p{RI}]/u.test(segment) ? 2 : 1;
}

/** UTF-16 column, counting from 1, of a byte column that counts from 1. */
export function columnOfByte(line: string, byteColumn: number): number {
  return (
    Buffer.from(line)
      .subarray(0, Math.max(byteColumn - 1, 0))
      .toString("utf8").length + 1
  );
}

/** Lines of a text as buf counts them: only a line feed ends one. */
export function linesOf(text: string): readonly { readonly start: number; readonly text: string }[] {
  let start = 0;
  return text.split("\n").map((line) => {
    const found = { start, text: line };
    start += line.length + 1;
    return found;
  });
}
