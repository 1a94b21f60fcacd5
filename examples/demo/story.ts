const isColoured = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
const paint =
  (code: number) =>
  (text: string): string =>
    isColoured ? `\u001b[${code}m${text}\u001b[0m` : text;

export const bold: (text: string) => string = paint(1);
export const dim: (text: string) => string = paint(2);
export const red: (text: string) => string = paint(31);
export const green: (text: string) => string = paint(32);
export const yellow: (text: string) => string = paint(33);

const beganMs = Date.now();

/** A chapter of the story. */
export function chapter(title: string): void {
  console.log(`\n${bold(title)}`);
}

/** One thing that happened, with the time since the beginning. */
export function tell(text: string): void {
  const seconds = ((Date.now() - beganMs) / 1000).toFixed(2).padStart(6);
  console.log(`${dim(`${seconds} s`)}  ${text}`);
}

export interface Count {
  readonly what: string;
  readonly found: number;
  readonly expected: number;
}

/** Prints what was counted beside what it must be; false when any is off. */
export function settle(counts: readonly Count[]): boolean {
  const width = Math.max(...counts.map(({ what }) => what.length));
  for (const { what, found, expected } of counts) {
    const isRight = found === expected;
    const mark = isRight ? green("✔") : red("✘");
    console.log(`  ${mark} ${what.padEnd(width)}  ${found}${isRight ? "" : red(` instead of ${expected}`)}`);
  }
  return counts.every(({ found, expected }) => found === expected);
}
