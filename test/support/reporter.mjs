// Prints each suite with its sentences, then failures in full, and leaves the counts where scripts/test.mjs reads them.
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

const mostLines = 40;

// Coverage is of what runs in here. The hundreds of processes that tests start would spend a third of their time on it, and
// another third on compiling what the ones before them have compiled.
delete process.env.NODE_V8_COVERAGE;
process.env.NODE_COMPILE_CACHE ??= process.env.KERYX_TEST_COMPILED;

const { Spec } = Mocha.reporters;

export default class Summary extends Spec {
  constructor(runner, options) {
    super(runner, options);
    const [skipped, failures] = [[], []];
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    runner.on("fail", (test, error) => failures.push(`${test.fullTitle()}\n${briefly(error)}`));
    // mocha lets them pass. A set, because it also hands each on to all who listen.
    const rejections = new Set();
    process.on("unhandledRejection", (reason) => {
      if (rejections.has(reason)) return;
      rejections.add(reason);
      console.error("A rejection that nobody handled:", reason);
      failures.push(`A rejection that nobody handled\n${briefly(reason)}`);
    });
    runner.once("end", () => {
      const { passes, failures: failed } = this.stats;
      const summary = { passed: passes, failed: failed + rejections.size, skipped, failures };
      writeFileSync(process.env.KERYX_TEST_SUMMARY, JSON.stringify(summary));
    });
  }
}

// A failure where only the end of the output is kept: the message, what was found, and where it was thrown.
function briefly(error) {
  // mocha has made a text of it already.
  const found = error?.showDiff === true ? `\nfound: ${error.actual}` : "";
  const lines = `${error?.stack ?? error}${found}`.split("\n");
  const kept = lines.slice(0, mostLines).map((line) => `      ${line.slice(0, 500)}`);
  return [...kept, ...(lines.length > mostLines ? ["      and so on"] : [])].join("\n");
}
