// How fast generated codecs are beside the libraries that teams use, each contender in a process of its own.
//   node scripts/run.mjs node bench/codec.ts
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { median } from "./median.ts";

/** One contender on one shape: medians of rounds in nanoseconds a call. */
export interface CodecRow {
  readonly name: string;
  readonly keryx: readonly number[];
  readonly other: readonly number[];
  /** How many times as fast Keryx is: the median of the runs' own ratios. */
  readonly ratio: number;
  readonly goal: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));
/** Where the code under test is generated. */
const work: string = `${root}.tmp/bench-codec`;
const flags = ["--conditions=@keryx/source"];
const runs = Number(process.env["KERYX_BENCH_RUNS"] ?? 7);

function keryx(...args: readonly string[]): void {
  execFileSync(process.execPath, [...flags, `${root}bin/keryx.mjs`, ...args, "--project", work], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Generates the code under test; the order in Avro was released in an older version before. */
export function prepare(): void {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(`${work}/schemas`, { recursive: true });
  writeFileSync(`${work}/tsconfig.json`, '{ "compilerOptions": { "allowImportingTsExtensions": true } }\n');
  cpSync(`${root}bench/codec/schemas`, `${work}/schemas`, { recursive: true });
  cpSync(`${root}schemas/keryx`, `${work}/schemas/keryx`, { recursive: true });
  cpSync(`${root}bench/codec/earlier/order.avsc`, `${work}/schemas/bench/v1/order.avsc`);
  keryx("generate");
  keryx("lock", "release", "bench.v1.AvroOrder");
  cpSync(`${root}bench/codec/schemas`, `${work}/schemas`, { recursive: true });
  keryx("generate");
}

/** Nanoseconds a call: the median of one process of a program beside this one. */
export function measure(program: string, ...args: readonly string[]): number {
  const all = [...flags, `${root}bench/codec/${program}`, `${work}/generated`, ...args];
  const out = execFileSync(process.execPath, all, { encoding: "utf8" });
  return median((JSON.parse(out) as { times: number[] }).times);
}

/** Lets two contenders take turns. */
export function compare(name: string, goal: number, mine: () => number, theirs: () => number): CodecRow {
  const pairs = Array.from({ length: runs }, () => ({ mine: mine(), theirs: theirs() }));
  const row: CodecRow = {
    name,
    keryx: pairs.map((pair) => pair.mine),
    other: pairs.map((pair) => pair.theirs),
    ratio: median(pairs.map((pair) => pair.theirs / pair.mine)),
    goal,
  };
  console.log(`${row.name}: ${row.ratio.toFixed(2)}, goal ${goal}`);
  return row;
}

interface Comparison {
  readonly ours: string;
  readonly other: string;
  readonly shape: string;
  readonly direction: "encode" | "decode";
  readonly goal: number;
}

const comparisons: readonly Comparison[] = [
  ...(["order", "login"] as const).flatMap((shape): Comparison[] => [
    { ours: "keryx", other: "protobuf-es", shape, direction: "encode", goal: 4 },
    { ours: "keryx", other: "protobuf-es", shape, direction: "decode", goal: 3 },
    { ours: "keryx", other: "protobufjs", shape, direction: "encode", goal: 1.4 },
    { ours: "keryx", other: "protobufjs", shape, direction: "decode", goal: 1.2 },
    { ours: "keryx", other: "by-hand", shape, direction: "encode", goal: 0.85 },
    { ours: "keryx", other: "by-hand", shape, direction: "decode", goal: 0.85 },
  ]),
  { ours: "keryx-avro", other: "avsc", shape: "order", direction: "encode", goal: 2 },
  { ours: "keryx-avro", other: "avsc", shape: "order", direction: "decode", goal: 1.6 },
  { ours: "keryx-avro", other: "avsc", shape: "resolved", direction: "decode", goal: 1.7 },
  { ours: "keryx-avro", other: "avsc", shape: "login", direction: "encode", goal: 1.25 },
  { ours: "keryx-avro", other: "avsc", shape: "login", direction: "decode", goal: 1.25 },
];

/** Codecs beside those of other libraries; the contenders take turns. */
export function benchCodec(): readonly CodecRow[] {
  prepare();
  return comparisons.map(({ ours, other, shape, direction, goal }) => {
    const format = ours === "keryx" ? "Protobuf" : "Avro";
    const measured = (contender: string) => () => measure("contender.ts", contender, shape, direction);
    return compare(`${format}, ${shape} ${direction}, ${other}`, goal, measured(ours), measured(other));
  });
}

/** The rows as lines of a table. */
export function codecTable(rows: readonly CodecRow[]): string {
  return rows
    .map(({ name, keryx, other, ratio, goal }) => {
      const reached = ratio >= goal ? "reached" : "**missed**";
      return `| ${name} | ${describe(other)} | ${describe(keryx)} | ${ratio.toFixed(2)} | ${goal} (${reached}) |`;
    })
    .join("\n");
}

function describe(runsOf: readonly number[]): string {
  const [low, high] = [Math.min(...runsOf), Math.max(...runsOf)];
  return `${median(runsOf).toFixed(0)} (${low.toFixed(0)}–${high.toFixed(0)})`;
}

if (import.meta.main) benchCodec();
