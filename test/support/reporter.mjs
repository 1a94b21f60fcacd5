// Prints each suite with its sentences, then failures in full, then the one line that machines read.
import Mocha from "mocha";

const { Spec } = Mocha.reporters;

export default class ClosingLine extends Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    runner.once("end", () => {
      const { passes, failures } = this.stats;
      if (skipped.length > 0)
        console.log(
          `Skipped, with the reason printed above:\n${skipped.map((title) => `  - ${title}`).join("\n")}\n`,
        );
      console.log(`${passes} passed, ${failures} failed, ${skipped.length} skipped`);
    });
  }
}
