import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Figure } from "./compat.ts";
import { median } from "./median.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The package as users have it: JavaScript, with what it needs beside it. */
function buildPackage(folder: string): string {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const flags = ["--noCheck", "--declaration", "false", "--isolatedDeclarations", "false"];
  const args = [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", join(folder, "dist"), ...flags];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stdout);
  for (const path of ["bin", "package.json", "schemas/keryx"])
    cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return join(folder, "bin/keryx.mjs");
}

type Format = "protobuf" | "avro";

/** A message of four fields; an event where it has a topic. */
function message(format: Format, name: string, field: string, topic = `t-${name}`): string {
  if (format === "avro") {
    const fields = ["eventId", "orderId", field].map((one) => ({ name: one, type: "string" }));
    const lines = { name: "amounts", type: { type: "array", items: "long" } };
    const event = topic === "" ? {} : { keryx: { topic } };
    return JSON.stringify({ type: "record", name, ...event, fields: [...fields, lines] });
  }
  const options = topic === "" ? "" : `option (keryx.v1.event) = { topic: "${topic}" };`;
  const fields = `string event_id = 1; string order_id = 2; string ${field} = 3; repeated int64 amounts = 4;`;
  return `message ${name} { ${options} ${fields} }\n`;
}

const head = (at: string): string =>
  `syntax = "proto3";\npackage bench.${at}.v1;\nimport "keryx/v1/options.proto";\n`;

interface BenchProject {
  readonly root: string;
  write(path: string, text: string): void;
}

function createProject(under: string): BenchProject {
  const folder = mkdtempSync(join(under, "project-"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  cpSync(join(root, "schemas/keryx"), join(folder, "schemas/keryx"), { recursive: true });
  write("keryx.yaml", "defaults: { owner: bench }\n");
  return { root: folder, write };
}

const schemaPath = (format: Format, at: number): string =>
  format === "avro" ? `schemas/avro/event${at}.avsc` : `schemas/bench/e${at}/v1/event.proto`;

function writeSchema({ write }: BenchProject, format: Format, at: number, field: string): void {
  const text = message(format, `${format === "avro" ? `bench.e${at}.` : ""}Event${at}`, field);
  write(schemaPath(format, at), format === "avro" ? text : `${head(`e${at}`)}${text}`);
}

/** Projects of so many one-message schemas, every other one in each format unless one is named. */
function createSchemas(under: string, count: number, only?: Format): BenchProject {
  const project = createProject(under);
  for (let at = 0; at < count; at++)
    writeSchema(project, only ?? (at % 2 === 0 ? "protobuf" : "avro"), at, "note");
  return project;
}

interface Run {
  readonly ms: number;
  readonly peakMiB: number;
  readonly changed: number;
}

const tellPeak = `import { writeSync } from "node:fs";
process.on("exit", () => writeSync(3, String(process.resourceUsage().maxRSS)));`;

/** One run of the command as a process, its start included. */
async function generate(command: string, project: string): Promise<Run> {
  const started = performance.now();
  const args = ["--import", `data:text/javascript,${encodeURIComponent(tellPeak)}`, command, "generate"];
  const child = spawn(process.execPath, [...args, "--project", project, "--json"], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const said = ["", "", "", ""];
  for (const at of [1, 2, 3]) child.stdio[at]?.on("data", (chunk: Buffer) => (said[at] += String(chunk)));
  const exit = await new Promise((resolve) => child.on("close", resolve));
  const ms = performance.now() - started;
  if (exit !== 0) throw new Error(`exit ${exit}: ${said[2]}`);
  const { files } = JSON.parse(said[1] ?? "") as { readonly files: readonly unknown[] };
  return { ms, peakMiB: Number(said[3]) / 1024, changed: files.length };
}

const show = (values: readonly number[]): string =>
  `${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;

async function repeat<T>(rounds: number, run: (round: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  for (let round = 0; round < rounds; round++) results.push(await run(round));
  return results;
}

async function benchCold(command: string, folder: string, count: number, goalMs: number): Promise<Figure[]> {
  const project = createSchemas(folder, count);
  const cold = await repeat(3, () => {
    rmSync(join(project.root, "generated"), { recursive: true, force: true });
    rmSync(join(project.root, "schemas.lock.json"), { force: true });
    return generate(command, project.root);
  });
  const times = cold.map(({ ms }) => ms);
  const peak = Math.max(...cold.map(({ peakMiB }) => peakMiB));
  const name = `${count.toLocaleString("en")} schemas of one message`;
  const figures: Figure[] = [
    { name, value: show(times), goal: `${goalMs} ms`, isReached: median(times) <= goalMs },
    {
      name: `${name}: peak memory`,
      value: `${peak.toFixed(0)} MiB`,
      goal: "500 MiB",
      isReached: peak <= 500,
    },
  ];
  if (count > 100) return figures;
  const warm = await repeat(5, () => generate(command, project.root));
  const again = warm.map(({ ms }) => ms);
  const isQuiet = warm.every(({ changed }) => changed === 0);
  return [
    ...figures,
    {
      name: `${name}, nothing changed${isQuiet ? "" : ", and files written"}`,
      value: show(again),
      goal: "400 ms",
      isReached: isQuiet && median(again) <= 400,
    },
  ];
}

/** Twice the messages in one file, three times over. */
async function benchDoubling(command: string, folder: string, format: Format): Promise<Figure> {
  const times: number[] = [];
  for (const count of [100, 200, 400, 800]) {
    const project = createProject(folder);
    // One event, as the samples have it: the text of a file stands in each of its events.
    const types = Array.from({ length: count }, (_, at) => message(format, `Type${at}`, "note", ""));
    if (format === "protobuf") {
      const event = message(format, "All", "note", "t");
      project.write("schemas/bench/all/v1/all.proto", [head("all"), event, ...types].join(""));
    } else {
      const fields = types.map((type, at) => ({ name: `f${at}`, type: JSON.parse(type) as object }));
      const all = { type: "record", name: "bench.All", keryx: { topic: "t" }, fields };
      project.write("schemas/all.avsc", JSON.stringify(all));
    }
    const runs = await repeat(3, () => {
      rmSync(join(project.root, "generated"), { recursive: true, force: true });
      return generate(command, project.root);
    });
    times.push(median(runs.map(({ ms }) => ms)));
  }
  const steps = times.slice(1).map((ms, at) => ms / (times[at] ?? Number.NaN));
  const worst = Math.max(...steps);
  return {
    name: `100, 200, 400, 800 messages in one ${format === "avro" ? ".avsc" : ".proto"} file: the worst doubling`,
    value: `${worst.toFixed(2)}x (${times.map((ms) => ms.toFixed(0)).join(", ")} ms)`,
    goal: "2.3x",
    isReached: worst <= 2.3,
  };
}

/** From the end of the save to the output that shows it, one of a hundred schemas at a time. */
async function benchWatch(command: string, folder: string, format: Format): Promise<Figure> {
  const project = createSchemas(folder, 100, format);
  const child = spawn(process.execPath, [command, "generate", "--watch", "--project", project.root], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let runs = 0;
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += String(chunk);
    runs = said.split("Watching for changes").length - 1;
  });
  const times: number[] = [];
  try {
    while (runs === 0) await delay(20);
    for (let round = 0; round < 12; round++) {
      // The plugin of the next run starts when a run has ended.
      await delay(1_500);
      const at = (round * 7) % 100;
      const name = format === "avro" ? `bench/e${at}/event${at}.ts` : `bench/e${at}/v1/event_pb.ts`;
      const output = join(project.root, "generated", name);
      const before = statSync(output).mtimeMs;
      const ended = runs;
      writeSchema(project, format, at, `note_${round}`);
      const saved = performance.now();
      while (statSync(output).mtimeMs === before) await delay(2);
      const took = performance.now() - saved;
      while (runs === ended) await delay(10);
      if (!readFileSync(output, "utf8").includes(format === "avro" ? `note_${round}` : `note${round}`))
        throw new Error(`${output} is not what was saved`);
      // Code is compiled while the first run for the purpose goes on.
      if (round > 1) times.push(took);
    }
  } finally {
    child.kill("SIGTERM");
  }
  return {
    name: `--watch: one of 100 ${format === "avro" ? ".avsc" : ".proto"} files saved, to its output`,
    value: show(times),
    goal: "300 ms",
    isReached: median(times) <= 300,
  };
}

/** How long `keryx generate` takes, as the process that users start. */
export async function benchGenerate(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "keryx-bench-"));
  try {
    const command = buildPackage(join(folder, "package"));
    // Once without counting: it fills the cache of compiled code, as any run before does.
    await generate(command, createSchemas(folder, 2).root);
    const figures: Figure[] = [];
    const add = (...found: readonly Figure[]): void => {
      figures.push(...found);
      for (const { name, value, goal } of found) console.log(`${name}: ${value}, goal ${goal}`);
    };
    add(...(await benchCold(command, folder, 100, 1_200)));
    add(...(await benchCold(command, folder, 1_000, 5_000)));
    for (const format of ["protobuf", "avro"] as const) {
      add(await benchWatch(command, folder, format));
      add(await benchDoubling(command, folder, format));
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
