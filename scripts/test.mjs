// Runs every test, in four processes side by side: what waits for workers and faults, what runs on real servers, and what
// computes, with less right to the processor than what keeps time.
// Arguments go to mocha. Ends with one line of counts for all.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(fileURLToPath(import.meta.url), "..", "..");
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
const globs = (...folders) => folders.map((name) => `test/${name}/**/*.test.ts`);
const units = globs("package", "unit");
const properties = globs("property");
// What takes the whole machine comes last here, and first among the others: `chaos`.
const onServers = ["test/kafka/*.test.ts", ...globs("peers", "kafka/faults")];
const others = [
  ...globs("**"),
  ...[...units, ...properties, ...globs("kafka", "peers")].flatMap((glob) => ["--ignore", glob]),
];
const folder = mkdtempSync(join(tmpdir(), "keryx-test-"));

let started = 0;
/** One part's output, shown as it comes once `show` was called, and its counts at the end. */
function start(args, { priority = 0, isCounted = true } = {}) {
  const summary = join(folder, `${started++}.json`);
  const child = spawn(
    process.execPath,
    [mocha, "--reporter", "test/support/reporter.mjs", ...args, ...process.argv.slice(2)],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        KERYX_TEST_SUMMARY: summary,
        KERYX_TEST_COMPILED: join(folder, "compiled"),
        ...(isCounted ? {} : { NODE_V8_COVERAGE: "" }),
        ...colours(),
      },
    },
  );
  if (child.pid !== undefined) setPriority(child.pid, priority);
  const waiting = [];
  let isShown = false;
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ])
    from.on("data", (chunk) => {
      if (isShown) to.write(chunk);
      else waiting.push([to, chunk]);
    });
  const done = new Promise((resolve) => {
    child.on("close", (status) => resolve({ status, ...read(summary) }));
  });
  const show = () => {
    isShown = true;
    for (const [to, chunk] of waiting.splice(0)) to.write(chunk);
  };
  return { child, show, done };
}

// A pipe tells mocha nothing of the terminal behind it.
function colours() {
  return process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: "1" } : {};
}

/** A part that ended without its counts, by a crash for instance, is one failure. */
function read(summary) {
  try {
    return JSON.parse(readFileSync(summary, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: [], failures: ["The tests ended before they were through"] };
  }
}

const children = new Set();
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    isInterrupted = true;
    for (const child of children) child.kill(signal);
  });
let isInterrupted = false;
const results = [];
const begin = (args, options) => {
  const part = start(args, options);
  children.add(part.child);
  return part;
};
const finish = async (part) => {
  part.show();
  results.push(await part.done);
};
// What has to wait for the processor may take its time.
const patient = ["--timeout", "60000"];
const parts = [
  begin(others),
  // What no machine without Java covers does not count; nor does what goes through the same lines a thousand times, which
  // takes several times as long where they are counted.
  begin(onServers, { isCounted: false }),
  begin([...units, ...patient], { priority: 10 }),
  begin([...properties, ...patient], { priority: 10, isCounted: false }),
];
for (const part of parts) await finish(part);
rmSync(folder, { recursive: true, force: true });

const list = (heading, titles) => {
  if (titles.length > 0) console.log(`${heading}\n${titles.map((title) => `  - ${title}`).join("\n")}\n`);
};
const sum = (name) => results.reduce((total, result) => total + result[name], 0);
list(
  "Failed, with the output around it above:",
  results.flatMap(({ failures }) => failures),
);
list(
  "Skipped, with the reason printed above:",
  results.flatMap(({ skipped }) => skipped),
);
const skipped = results.reduce((total, result) => total + result.skipped.length, 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed, ${skipped} skipped`);
// Not process.exit: it would cut off what a pipe has not taken yet.
process.exitCode =
  !isInterrupted && results.every(({ status, failed }) => status === 0 && failed === 0) ? 0 : 1;
