import { expect } from "chai";
import { createTestClock } from "../../../src/testing/clock.ts";

describe("The clock of tests", () => {
  it("lets time pass as it does outside", async () => {
    const clock = createTestClock();
    expect(Math.abs(clock.now() - Date.now())).to.be.lessThan(1_000);
    await new Promise<void>((resolve) => void clock.schedule(1, resolve));
  });

  it("runs what falls due on the way in order, each at its own time, and nothing that lies further", async () => {
    const clock = createTestClock();
    const startMs = clock.now();
    const ran: [string, number][] = [];
    const note = (name: string) => () => void ran.push([name, Math.round((clock.now() - startMs) / 1_000)]);
    clock.schedule(20_000, note("second"));
    clock.schedule(10_000, () => {
      note("first")();
      clock.schedule(5_000, note("set going by the first"));
    });
    clock.schedule(40_000, note("too late"));
    const cancel = clock.schedule(15_000, note("cancelled"));
    cancel();
    await clock.advance(30_000);
    expect(ran).to.deep.equal([
      ["first", 10],
      ["set going by the first", 15],
      ["second", 20],
    ]);
    expect(Math.round((clock.now() - startMs) / 1_000)).to.equal(30);
    await clock.advance(10_000);
    expect(ran.at(-1)).to.deep.equal(["too late", 40]);
  });

  it("comes nearer to what is still to come, so that the rest passes outside", async () => {
    const clock = createTestClock();
    const done = new Promise<void>((resolve) => void clock.schedule(60_000, resolve));
    await clock.advance(59_995);
    await done;
  });
});
