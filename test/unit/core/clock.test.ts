import { expect } from "chai";
import { createStoppableClock } from "../../../src/core/clock.ts";
import { createManualClock } from "../../support/manual-clock.ts";

describe("a clock that can be stopped", () => {
  it("runs what is due, and not what was cancelled", async () => {
    const manual = createManualClock();
    const clock = createStoppableClock(manual);
    const ran: string[] = [];
    clock.schedule(10, () => void ran.push("first"));
    clock.schedule(10, () => void ran.push("cancelled"))();
    await manual.advance(10);
    expect(ran).to.deep.equal(["first"]);
    expect(clock.now()).to.equal(manual.now());
  });

  it("takes off everything that is still to run, and takes nothing on afterwards", async () => {
    const manual = createManualClock();
    const clock = createStoppableClock(manual);
    const ran: string[] = [];
    clock.schedule(10, () => void ran.push("before"));
    clock.stop();
    clock.schedule(10, () => void ran.push("after"))();
    expect(manual.pending()).to.equal(0);
    await manual.advance(10);
    expect(ran).to.deep.equal([]);
  });

  it("leaves the clock below it to its other owners", async () => {
    const manual = createManualClock();
    const ran: string[] = [];
    manual.schedule(10, () => void ran.push("other"));
    createStoppableClock(manual).stop();
    await manual.advance(10);
    expect(ran).to.deep.equal(["other"]);
  });
});
