/** Lines of both texts as a unified diff shows them, with a line around each change; a jump is marked with `…`. */
export function lineDiff(before: string, after: string): readonly string[] {
  const lines = alignLines(before.trimEnd().split("\n"), after.trimEnd().split("\n"));
  const isChanged = (line = " "): boolean => !line.startsWith(" ");
  const shown: string[] = [];
  let last = -1;
  for (const [index, line] of lines.entries()) {
    if (![lines[index - 1], line, lines[index + 1]].some(isChanged)) continue;
    if (last >= 0 && index > last + 1) shown.push("   …");
    shown.push(line.trimEnd());
    last = index;
  }
  return shown;
}

/** By the longest list of lines that both have. */
function alignLines(before: readonly string[], after: readonly string[]): readonly string[] {
  const lengths = Array.from({ length: before.length + 1 }, () =>
    new Array<number>(after.length + 1).fill(0),
  );
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) {
      const row = lengths[i] ?? [];
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  const lines: string[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length; )
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push(`  ${before[i]}`);
      i++;
      j++;
    } else if (i < before.length && (j === after.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`- ${before[i]}`);
      i++;
    } else {
      lines.push(`+ ${after[j]}`);
      j++;
    }
  return lines;
}
