// The checks of every run, one line each: format and lint, types, imports, regenerate-and-compare, package, lock file, coverage.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(fileURLToPath(import.meta.url), "..", "..");
const bin = (...path) => join(root, "node_modules", ...path);

function run(command, args) {
  const options = { cwd: root, maxBuffer: 64 << 20, env: { ...process.env, NODE_V8_COVERAGE: "" } };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ ok: !error, output: `${stdout}${stderr}`, stdout }),
    );
  });
}

const node = (args) => run(process.execPath, args);

async function imports() {
  const depcruise = bin("dependency-cruiser", "bin", "dependency-cruiser.mjs");
  const folders = ["src", "codegen", "generated", "test", "examples", "bench", "demo", "bin"].filter((name) =>
    existsSync(join(root, name)),
  );
  const done = await node([
    depcruise,
    ...folders,
    "--config",
    ".dependency-cruiser.mjs",
    "--output-type",
    "json",
  ]);
  let summary;
  try {
    summary = JSON.parse(done.stdout).summary;
  } catch {
    return { ok: false, output: done.output };
  }
  const lines = summary.violations.map((one) => `${one.rule.name}: ${one.from} → ${one.to}`);
  // A compiler that dependency-cruiser cannot use makes it see nothing and pass.
  if (summary.totalCruised < 50) lines.push(`only ${summary.totalCruised} modules were seen`);
  return { ok: lines.length === 0, output: lines.join("\n") };
}

async function regenerated() {
  const keryx = await node(["--conditions=@keryx/source", "bin/keryx.mjs", "generate", "--check", "--docs"]);
  if (!keryx.ok) return keryx;
  return node(["--conditions=@keryx/source", "scripts/docs.mjs", "--check"]);
}

async function packed() {
  // The tests may have packed it just now.
  const folder = process.env.KERYX_PACKED ?? mkdtempSync(join(tmpdir(), "keryx-pack-"));
  const findTarball = () => readdirSync(folder).find((name) => name.endsWith(".tgz"));
  try {
    if (findTarball() === undefined) {
      const built = await node(["scripts/build.mjs"]);
      if (!built.ok) return built;
      const npm = await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder]);
      if (!npm.ok) return npm;
    }
    const tarball = join(folder, findTarball());
    const results = await Promise.all([
      node([bin("publint", "src", "cli.js"), tarball, "--strict"]),
      node([bin("@arethetypeswrong", "cli", "dist", "index.js"), tarball, "--profile", "esm-only"]),
    ]);
    return { ok: results.every((one) => one.ok), output: results.map((one) => one.output).join("\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lockFile() {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const problems = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === "") continue;
    if (entry.resolved) problems.push(`${path} names a download address`);
    if (!entry.integrity && !entry.link) problems.push(`${path} has no integrity`);
    if (entry.hasInstallScript && !entry.dev && !entry.optional && !entry.peer)
      problems.push(`${path} has an install script`);
  }
  for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    if (!/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
      problems.push(`${name} is not pinned: ${range}`);
  }
  return { ok: problems.length === 0, output: problems.join("\n") };
}

async function coverage() {
  const folder = process.env.KERYX_COVERAGE;
  if (!folder) return undefined;
  const done = await node([
    bin("c8", "bin", "c8.js"),
    "report",
    "--temp-directory",
    folder,
    "--all",
    "--include",
    "src/**/*.ts",
    "--include",
    "codegen/**/*.ts",
    "--exclude-after-remap=false",
    "--reporter",
    "text",
    "--check-coverage",
    "--lines",
    "90",
    "--branches",
    "85",
    "--functions",
    "0",
    "--statements",
    "0",
  ]);
  const total = /^All files.*$/m.exec(done.output)?.[0] ?? "";
  return { ...done, note: total };
}

const checks = [
  ["format and lint", () => node([bin("@biomejs", "biome", "bin", "biome"), "ci", "--colors=off", "."])],
  ["types", () => node([bin("typescript", "bin", "tsc"), "-p", "."])],
  ["imports follow the table", imports],
  ["generated files equal their sources", regenerated],
  ["the package is well-formed", packed],
  ["lock file: pinned, with integrity, no addresses, no install scripts", lockFile],
  ["coverage: 90 % of lines, 85 % of branches", coverage],
];

let passed = 0;
let failed = 0;
const wanted = process.argv[2];
const chosen = checks.filter(([name]) => !wanted || name.includes(wanted));
// All at once: most of them use one core each.
const running = chosen.map(([, check]) => check());
for (const [index, [name]] of chosen.entries()) {
  const result = await running[index];
  if (result === undefined) continue;
  if (result.ok) passed++;
  else failed++;
  console.log(`${result.ok ? "✔" : "✘"} ${name}${result.note ? `: ${result.note}` : ""}`);
  if (!result.ok) console.log(result.output.trimEnd().replace(/^/gm, "    "));
}
console.log(`${passed} passed, ${failed} failed`);
// Not process.exit: it would cut off what a pipe has not taken yet.
process.exitCode = failed === 0 ? 0 : 1;
