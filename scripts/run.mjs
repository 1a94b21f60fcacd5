// Runs a command of this repository on its own Node, installing what is missing first. Plain JavaScript: any Node from 20 on.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const node = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const stamp = join(modules, ".keryx-stamp");

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

function install() {
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && existsSync(node)) return;
  process.stderr.write("Installing the dependencies of the lock file …\n");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const shell = process.platform === "win32";
  if (
    run(npm, ["ci", "--ignore-scripts", "--loglevel=error"], {
      shell,
      stdio: ["ignore", "ignore", "inherit"],
    }) !== 0
  )
    process.exit(1);
  if (!existsSync(node))
    run(npm, ["rebuild", "node", "--ignore-scripts=false", "--loglevel=error"], {
      shell,
      stdio: ["ignore", "ignore", "inherit"],
    });
  if (!existsSync(node)) {
    process.stderr.write(
      "The project's own Node could not be installed: run `npm rebuild node --ignore-scripts=false`.\n",
    );
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

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
process.exit(run(node, [...commands[name], ...rest], { env: { ...process.env, PATH: path } }));
