// Prints each suite with its sentences, then failures in full, and leaves the counts where scripts/test.mjs reads them.
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

// Coverage is of what runs in here. The hundreds of processes that tests start would spend a third of their time on it.
delete process.env.NODE_V8_COVERAGE;

const { Spec } = Mocha.reporters;

export default class Summary extends Spec {
  constructor(runner, options) {
    super(runner, options);
    const [skipped, failures] = [[], []];
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    runner.on("fail", (test) => failures.push(test.fullTitle()));
    runner.once("end", () => {
      const { passes, failures: failed } = this.stats;
      const summary = { passed: passes, failed, skipped, failures };
      writeFileSync(process.env.KERYX_TEST_SUMMARY, JSON.stringify(summary));
    });
  }
}
