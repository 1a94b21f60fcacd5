import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ChaosResult } from "./workload.ts";

/** A run as it is kept. */
export interface ChaosRecord extends ChaosResult {
  readonly name: string;
  readonly scale: string;
  readonly seed: number;
}

interface Kept extends ChaosRecord {
  readonly date: string;
  readonly versions: string;
}

const toPath = (file: string): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url));
const page = toPath("docs/reliability.md");
const data = toPath("test/chaos/results.json");
const [begin, end] = ["<!-- results: written by npm run test:chaos -->", "<!-- end of results -->"];

/** Keeps the newest run of each workload and size, and writes the table of the page anew. */
export function record(result: ChaosRecord): void {
  keep([{ ...result, date: new Date().toISOString().slice(0, 10), versions: readVersions() }]);
}

/** Keeps the runs of another checkout beside those of this one. */
export function recordAll(path: string): void {
  keep(JSON.parse(readFileSync(path, "utf8")));
}

function keep(results: readonly Kept[]): void {
  const kept: Kept[] = JSON.parse(readFileSync(data, "utf8"));
  const isNew = ({ name, scale }: Kept): boolean =>
    results.some((one) => one.name === name && one.scale === scale);
  const all = [...kept.filter((one) => !isNew(one)), ...results];
  all.sort((a, b) => a.name.localeCompare(b.name) || a.scale.localeCompare(b.scale));
  writeFileSync(data, `${JSON.stringify(all, undefined, 2)}\n`);
  const text = readFileSync(page, "utf8");
  const [before, rest = ""] = text.split(begin);
  const after = rest.split(end)[1];
  if (after === undefined) throw new Error(`${page} has no place for results`);
  writeFileSync(page, `${before}${begin}\n${toTable(all)}\n${end}${after}`);
}

function toTable(all: readonly Kept[]): string {
  const rows = all.map(({ name, scale, seed, figures, problems, date, versions }) => {
    const measured = Object.entries(figures).map(
      ([figure, value]) => `${figure}: ${value.toLocaleString("en")}`,
    );
    return `| ${name} | ${scale} | ${problems.length} | ${measured.join("; ")} | ${seed} | ${date}, ${versions} |`;
  });
  const head = "| Run | Size | Violations | Measured | Seed | When, with what |\n|---|---|---|---|---|---|";
  return [head, ...rows].join("\n");
}

function readVersions(): string {
  const { version, dependencies } = JSON.parse(readFileSync(toPath("package.json"), "utf8"));
  return `keryx ${version}, kafkajs ${dependencies.kafkajs}, Node ${process.versions.node}, embedded brokers`;
}
