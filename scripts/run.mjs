// Runs a command of this repository on its own Node, installing what is missing first. Plain JavaScript: any Node from 20 on.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { install, modules, node, root } from "./install.mjs";

const bin = (...path) => join(modules, ...path);
// Plain kafkajs, which the demo, the benchmarks and some tests run beside ours, warns on every connection under Node 24.
const flags = [
  "--conditions=@keryx/source",
  "--disable-warning=ExperimentalWarning",
  "--disable-warning=TimeoutNegativeWarning",
];
const commands = {
  demo: [...flags, "examples/demo/main.ts"],
  test: ["scripts/test.mjs"],
  "test:codecs": ["scripts/codecs.mjs"],
  "test:peers": [...flags, "test/peers/run.ts"],
  // What a full run wrote down is judged in memory.
  "test:chaos": [...flags, "--max-old-space-size=12288", "test/chaos/main.ts"],
  mocha: [bin("mocha", "bin", "mocha.js")],
  keryx: [...flags, "bin/keryx.mjs"],
  generate: [...flags, "bin/keryx.mjs", "generate", "--docs"],
  check: [...flags, "scripts/check.mjs"],
  build: [...flags, "scripts/build.mjs"],
  format: [bin("@biomejs", "biome", "bin", "biome"), "check", "--write", "."],
  bench: [...flags, "test/support/with-servers.ts", "bench/main.ts"],
  docs: [...flags, "scripts/docs.mjs"],
  node: flags,
};

const [name = "", ...rest] = process.argv.slice(2);
if (!Object.hasOwn(commands, name)) {
  process.stderr.write(`Usage: node scripts/run.mjs <${Object.keys(commands).join("|")}> [arguments]\n`);
  process.exit(2);
}
install();
const path = `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}`;
const ended = spawnSync(node, [...commands[name], ...rest], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PATH: path },
});
if (ended.error) throw ended.error;
process.exit(ended.status ?? 1);
