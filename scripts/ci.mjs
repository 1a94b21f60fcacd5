// What CI runs: the README's test command, then every check; one closing line for both.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(fileURLToPath(import.meta.url), "..", "..");
const coverage = join(root, "coverage", "raw");

/** Runs a command, shows its output as it comes, and reads its closing line. */
function run(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let tail = "";
    child.stdout.on("data", (chunk) => {
      process.stdout.write(chunk);
      tail = (tail + chunk).slice(-10_000);
    });
    child.on("close", (status) => {
      const [, passed = 0, failed = 0, skipped = 0] = (
        tail.match(/(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/) ?? []
      ).map(Number);
      const counted = passed + failed > 0;
      // A command that failed without counting a failure counts as one.
      resolve({
        passed,
        failed: failed === 0 && (status !== 0 || !counted) ? 1 : failed,
        skipped: skipped || 0,
      });
    });
  });
}

const has = (command) => spawnSync(command, ["-version"], { stdio: "ignore" }).status === 0;

rmSync(join(root, "coverage"), { recursive: true, force: true });
mkdirSync(coverage, { recursive: true });
const servers = has("java") && has("mvn") ? { KERYX_REQUIRE_KAFKA: "1" } : {};
const packed = mkdtempSync(join(tmpdir(), "keryx-packed-"));
const tests = await run("npm", ["test", "--silent"], {
  NODE_V8_COVERAGE: coverage,
  KERYX_PACKED: packed,
  ...servers,
});
const checks = await run(process.execPath, ["scripts/run.mjs", "check"], {
  KERYX_COVERAGE: coverage,
  KERYX_PACKED: packed,
});
rmSync(packed, { recursive: true, force: true });
const failed = tests.failed + checks.failed;
console.log(
  `\n${tests.passed + checks.passed} passed, ${failed} failed, ${tests.skipped + checks.skipped} skipped`,
);
// Not process.exit: it would cut off what a pipe has not taken yet.
process.exitCode = failed === 0 ? 0 : 1;
