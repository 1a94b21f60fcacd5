#!/usr/bin/env node
// Joins the command tables and runs one command line: on the JavaScript of the package, or on the sources of a checkout.
import { existsSync } from "node:fs";
import module from "node:module";
import process from "node:process";

// Most of a command's time is the loading of its code. Not under coverage, which counts cached code less exactly.
if ((process.env.NODE_V8_COVERAGE ?? "") === "") module.enableCompileCache();

const built = new URL("../dist/", import.meta.url);
const source = new URL("../", import.meta.url);
// The package's own name leads to the sources under `--conditions=@keryx/source`.
const onSource = import.meta.resolve("keryx").endsWith(".ts") || !existsSync(built);
const load = (path) => import(new URL(`${path}.${onSource ? "ts" : "js"}`, onSource ? source : built));

// A reader that closes the pipe early, like `head`, is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error) => {
    if (error.code !== "EPIPE") throw error;
  });
const exitInterrupted = () => process.exit(130);
process.once("SIGINT", exitInterrupted);

// For a command that runs until it is told to end. A second signal does not wait for the first.
const interrupted = () =>
  new Promise((resolve) => {
    process.off("SIGINT", exitInterrupted);
    for (const signal of ["SIGINT", "SIGTERM"])
      process.once(signal, () => {
        process.once(signal, exitInterrupted);
        resolve();
      });
  });

const { stdout } = process;
// A reader that is gone never drains the stream: it is closed then.
const drained = () =>
  new Promise((resolve) => {
    const settle = () => {
      stdout.off("drain", settle).off("close", settle);
      resolve(!stdout.destroyed);
    };
    if (!stdout.writableNeedDrain || stdout.destroyed) settle();
    else stdout.on("drain", settle).on("close", settle);
  });

const [{ commands }, { runProgram }, { loadManifest }] = await Promise.all([
  load("codegen/cli/commands"),
  load("codegen/cli/program"),
  load("codegen/cli/package"),
]);
const { env } = process;
const colour = (stream) => stream.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
process.exitCode = await runProgram(
  process.argv.slice(2),
  commands,
  {
    cwd: process.cwd(),
    env,
    color: { out: colour(process.stdout), note: colour(process.stderr) },
    out: (text) => process.stdout.write(text),
    note: (text) => process.stderr.write(text),
    // Opened only by a command that reads it.
    get input() {
      return process.stdin;
    },
    drained,
    interrupted,
    ...(process.stdout.isTTY === true ? { columns: process.stdout.columns } : {}),
  },
  loadManifest().version,
);
