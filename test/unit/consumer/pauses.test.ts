import { expect } from "chai";
import { createPauseSet } from "../../../src/consumer/assignment/pauses.ts";
import type { Signal } from "../../../src/core/signals.ts";

describe("The pause set of a partition", () => {
  const create = () => {
    const calls: string[] = [];
    const signals: Signal[] = [];
    const port = { pause: () => void calls.push("pause"), resume: () => void calls.push("resume") };
    const set = createPauseSet(port, { topic: "t", partition: 0 }, "g", (signal) => signals.push(signal));
    return { calls, signals, set };
  };

  it("pauses with its first cause and resumes with its last, never while another cause stands", () => {
    const { calls, signals, set } = create();
    set.add("buffer");
    set.add("registry");
    set.add("registry");
    set.remove("buffer");
    expect(calls).to.deep.equal(["pause"]);
    set.remove("window");
    expect(calls).to.deep.equal(["pause"]);
    set.remove("registry");
    expect(calls).to.deep.equal(["pause", "resume"]);
    expect(signals.map(({ kind }) => kind.split(".")[1])).to.deep.equal([
      "paused",
      "paused",
      "resumed",
      "resumed",
    ]);
  });

  it("lets nobody resume what another cause paused, in whatever order causes come and go", () => {
    const { calls, set } = create();
    set.add("stopped");
    for (const cause of ["buffer", "window", "delay", "registry"] as const) {
      set.remove(cause);
      set.add(cause);
      set.remove(cause);
      expect([set.has("stopped"), set.blocksWork()], cause).to.deep.equal([true, true]);
    }
    expect(calls).to.deep.equal(["pause"]);
    set.remove("stopped");
    expect(calls).to.deep.equal(["pause", "resume"]);
  });

  it("keeps records from starting for some causes only", () => {
    const { set } = create();
    for (const cause of ["buffer", "window", "delay"] as const) set.add(cause);
    expect(set.blocksWork()).to.equal(false);
    for (const cause of ["registry", "sink", "dedupe", "stopped", "operator"] as const) {
      set.add(cause);
      expect(set.blocksWork(), cause).to.equal(true);
      set.remove(cause);
      expect(set.blocksWork(), cause).to.equal(false);
    }
  });

  it("forgets everything when its assignment is over, without resuming", () => {
    const { calls, set } = create();
    set.add("stopped");
    set.forget();
    expect([set.has("stopped"), set.blocksWork(), calls]).to.deep.equal([false, false, ["pause"]]);
  });
});
