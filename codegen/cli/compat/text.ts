import type {
  Direction,
  PlacedDifference,
  PlacedWireProblem,
  Verdict,
} from "../../../src/compatibility/difference.ts";
import type { CompatibilityLevel } from "../../../src/core/event.ts";
import { excerpt } from "../../check/excerpt.ts";
import type { Locator } from "../../check/locate/locator.ts";
import { createLocator } from "../../check/locate.ts";
import { showText } from "../../diagnostics-print.ts";
import type { CompatFile } from "./files.ts";

export interface CompatShown {
  /** Oldest first; `against` counts them. */
  readonly old: readonly CompatFile[];
  readonly new: CompatFile;
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
}

const maxShown = 50;
const reads: Readonly<Record<Direction, string>> = { backward: "new reads old", forward: "old reads new" };
const paint = { red: 31, green: 32, yellow: 33, bold: 1, faint: 2 } as const;

type Found = (PlacedDifference & { readonly by: "registry" }) | (PlacedWireProblem & { readonly by: "wire" });
type Tint = (style: keyof typeof paint, text: string) => string;

/** Both verdicts, what stands in their way with the old and the new text, and what would have been taken. */
export function formatCompat(verdict: Verdict, shown: CompatShown): string {
  const tint: Tint = (style, text) => (shown.color ? `\u001b[${paint[style]}m${text}\u001b[0m` : text);
  const { registry, wire } = verdict;
  const failing = registry.differences.filter(({ compatible }) => !compatible);
  const passing = registry.differences.filter(({ compatible }) => compatible);
  const find = createFinder(shown);
  const groups = groupByPlace([
    ...failing.map((one): Found => ({ ...one, by: "registry" })),
    ...wire.problems.map((one): Found => ({ ...one, by: "wire" })),
  ]);
  const places = cut(groups, (found) => formatPlace(found, { tint, find, versions: shown.old.length }));
  const others = cut(passing, (one) => {
    const pair = nameOfPair(one, shown.old.length);
    return `  ${one.kind} ${showText(one.path)} (${pair}): ${showText(one.message)}\n`;
  });
  const rest = passing.length === 0 ? "" : `\n${tint("faint", "Different, but compatible:")}\n${others}`;
  return `${formatVerdicts(verdict, tint)}${places}${rest}`;
}

function formatVerdicts({ registry, wire, level, dialect, ruleSet }: Verdict, tint: Tint): string {
  const answer = (yes: boolean, word: string): string =>
    tint(yes ? "green" : "red", yes ? word : `in${word}`);
  const safety = wire.safe ? tint("green", "safe") : tint("red", "unsafe");
  const asked = `(${level}, ${showText(dialect)}, rule set ${ruleSet})`;
  return `registry  ${answer(registry.compatible, "compatible")} ${asked}${formatStrongest(registry.strongest)}
wire      ${safety}
`;
}

function formatStrongest(level: CompatibilityLevel | undefined): string {
  if (level === undefined) return "";
  if (level === "NONE") return "; no level would take it but NONE, which checks nothing";
  return `; the strongest level that would take it: ${level}`;
}

/** What registry and wire say of one place is shown together: the texts stand there once. */
function groupByPlace(found: readonly Found[]): readonly (readonly Found[])[] {
  const groups = new Map<string, Found[]>();
  for (const one of found) {
    const key = JSON.stringify([one.direction, one.against, one.path]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

interface PlaceOptions {
  readonly tint: Tint;
  readonly find: Finder;
  /** How many old versions there are: one needs no number. */
  readonly versions: number;
}

function formatPlace(found: readonly Found[], { tint, find, versions }: PlaceOptions): string {
  const [first] = found;
  if (first === undefined) return "";
  const { direction, against, path } = first;
  const pair = nameOfPair(first, versions);
  const said = found.map((one) => {
    const isWarning = one.by === "wire" && one.severity === "warning";
    const title = tint(isWarning ? "yellow" : "red", isWarning ? "wire warning" : one.by);
    return `${title} ${one.kind}: ${showText(one.message)}\n`;
  });
  const advice = new Set(found.map((one) => one.advice).filter((one) => one !== undefined));
  const next = [...advice].map((one) => `  ${tint("faint", "next:")} ${showText(one)}\n`);
  const texts = first.kind === "SCHEMA_TYPE_CHANGED" ? "" : find(direction, against, path);
  return `\n${tint("bold", showText(path))} (${pair})\n${said.join("")}${texts}${next.join("")}`;
}

function nameOfPair({ direction, against }: PlacedDifference | PlacedWireProblem, versions: number): string {
  return versions > 1 ? `${reads[direction]}, version ${against + 1}` : reads[direction];
}

function cut<T>(list: readonly T[], show: (one: T) => string): string {
  const rest = list.length - maxShown;
  const more = rest > 0 ? `  and ${rest} more; \`--json\` lists them all\n` : "";
  return `${list.slice(0, maxShown).map(show).join("")}${more}`;
}

type Finder = (direction: Direction, against: number, path: string) => string;

/** Shows a path in both texts. One locator for each text and direction, however many differences there are. */
function createFinder(shown: CompatShown): Finder {
  const known = new Map<string, { readonly old: Locator; readonly new: Locator }>();
  return (direction, against, path) => {
    const old = shown.old[against];
    if (old === undefined) return "";
    const key = `${direction} ${against}`;
    const reader = direction === "backward" ? shown.new.schema : old.schema;
    const locators = known.get(key) ?? {
      old: createLocator(old.schema, old.text, reader),
      new: createLocator(shown.new.schema, shown.new.text, reader),
    };
    known.set(key, locators);
    const spans = { old: locators.old.exact(path), new: locators.new.exact(path) };
    if (spans.old === undefined && spans.new === undefined) return "";
    return excerpt({
      old: { file: old.file, text: old.text, span: spans.old },
      new: { file: shown.new.file, text: shown.new.text, span: spans.new },
      width: shown.width,
      color: shown.color,
    });
  };
}
