import { expect } from "chai";
import { suggest } from "../../../src/core/suggest.ts";
import { cpuTimeMs } from "../schema/cpu-time.ts";

describe("suggest", () => {
  const options = ["topic", "key", "id", "retry", "deadLetter", "compatibility"];

  it("finds the word that was meant", () => {
    expect(suggest("topci", options)).to.equal("topic");
    expect(suggest("dead_letter", options)).to.equal("deadLetter");
    expect(suggest("KEY", options)).to.equal("key");
    expect(suggest("compatability", options)).to.equal("compatibility");
  });

  it("says nothing when no word is near", () => {
    expect(suggest("partitions", options)).to.equal(undefined);
    expect(suggest("", options)).to.equal(undefined);
    expect(suggest("zz", options)).to.equal(undefined);
  });

  it("does not spend time on words that nobody types", () => {
    const long = "k".repeat(1 << 20);
    const timeMs = cpuTimeMs(() => expect(suggest(long, [long.slice(1), ...options])).to.equal(undefined));
    expect(timeMs).to.be.below(200);
  });
});
