import type { RuleSetName } from "./difference.ts";

/** Whose rules are asked: those of one release of Confluent's registry. Avro's are the same in all of them. */
export interface Dialect {
  /** As it was asked for, for example `confluent-8`. */
  readonly name: string;
  /** What the name stands for, for example `8.3.1`, or `head`. */
  readonly release: string;
  readonly ruleSet: RuleSetName;
  /** Whether a required field that comes or goes has a kind of its own. */
  readonly hasRequiredKinds: boolean;
  /** `error_code` in the body of a refused registration; its status is 409 everywhere. */
  readonly refusalCode: 409 | 40901;
}

/** One line of releases: where rule set C and the longer error code begin, and the newest patch known. */
interface ReleaseLine {
  readonly line: string;
  /** Patch that rule set C begins with; what the line released before has B. */
  readonly c: number;
  /** Patch that `40901` begins with; absent: never. */
  readonly longCode?: number;
  readonly newest: number;
}

// Ordered from old to new. Lines before 7.0 are not modelled: their rules are another page.
const lines: readonly ReleaseLine[] = [
  { line: "7.0", c: 14, newest: 14 },
  { line: "7.1", c: 12, newest: 12 },
  { line: "7.2", c: 10, newest: 10 },
  { line: "7.3", c: 8, newest: 8 },
  { line: "7.4", c: 5, newest: 5 },
  { line: "7.5", c: 4, newest: 4 },
  { line: "7.6", c: 1, newest: 1 },
  { line: "7.7", c: 0, newest: 0 },
  { line: "7.8", c: 0, newest: 0 },
  { line: "7.9", c: 0, newest: 0 },
  { line: "8.0", c: 0, longCode: 4, newest: 4 },
  { line: "8.1", c: 0, longCode: 2, newest: 2 },
  { line: "8.2", c: 0, longCode: 0, newest: 0 },
  { line: "8.3", c: 0, longCode: 0, newest: 1 },
];

/** What `findDialect` knows, for messages about a name that it does not. */
export const knownDialects: string = `confluent-${lines[0]?.line}.0 to confluent-${lines.at(-1)?.line}.${lines.at(-1)?.newest}, shortened (confluent-7.4, confluent-8) for the newest of a line, and confluent-head`;

/** Names to suggest and to complete; full releases inside the lines are known besides. */
export const dialectNames: readonly string[] = [
  ...lines.map(({ line }) => `confluent-${line}`),
  ...["confluent-7", "confluent-8", "confluent-head"],
];

const form = /^confluent-((?:0|[1-9]\d?)(?:\.(?:0|[1-9]\d?))?)(?:\.(0|[1-9]\d{0,2}))?$/;

/**
 * The dialect of a name: `confluent-head`, a full release (`confluent-7.6.0`), or a shortened one, which stands for the
 * newest of its line, because that is what a patched server runs. Undefined for what is not known: lines before the
 * table's first, lines and patches after its newest, whose rules nobody can know yet. Patches of the lines before are
 * known with any number: rule set C stays until a release takes it back.
 */
export function findDialect(name: string): Dialect | undefined {
  if (name === "confluent-head")
    return { name, release: "head", ruleSet: "D", hasRequiredKinds: true, refusalCode: 40901 };
  const [, asked, written] = form.exec(name) ?? [];
  if (asked === undefined) return undefined;
  const isMajor = !asked.includes(".");
  if (isMajor && written !== undefined) return undefined;
  const line = lines.findLast((one) => one.line === asked || (isMajor && one.line.startsWith(`${asked}.`)));
  if (line === undefined) return undefined;
  const patch = written === undefined ? line.newest : Number(written);
  if (line === lines.at(-1) && patch > line.newest) return undefined;
  return {
    name,
    release: `${line.line}.${patch}`,
    ruleSet: patch >= line.c ? "C" : line.line === "7.0" && patch === 0 ? "A" : "B",
    hasRequiredKinds: line.line !== "7.0" || patch >= 2,
    refusalCode: line.longCode !== undefined && patch >= line.longCode ? 40901 : 409,
  };
}
