import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { createDeadlines, type Timed } from "../../../src/consumer/steps/deadlines.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const toItem = (name: string): Timed & { readonly name: string } => ({ name, cancelDeadline: undefined });

describe("The deadlines of handlers", () => {
  const create = () => {
    const clock = createManualClock();
    const due: string[] = [];
    const scheduled: number[] = [];
    const counting = {
      now: clock.now,
      schedule(delayMs: number, run: () => void) {
        scheduled.push(delayMs);
        return clock.schedule(delayMs, run);
      },
    };
    const deadlines = createDeadlines<Timed & { readonly name: string }>(
      counting,
      () => 1_000,
      ({ name }) => due.push(name),
    );
    return { clock, due, scheduled, deadlines };
  };

  it("set no timer for what settles in the turn in which it began", async () => {
    const { scheduled, deadlines } = create();
    const item = toItem("quick");
    deadlines.start(item);
    deadlines.stop(item);
    await nextTurn();
    expect(scheduled).to.deep.equal([]);
  });

  it("tell each that outlives its time once, and none that stopped before", async () => {
    const { clock, due, scheduled, deadlines } = create();
    const [slow, stopped] = [toItem("slow"), toItem("stopped")];
    deadlines.start(slow);
    deadlines.start(stopped);
    await nextTurn();
    expect(scheduled).to.deep.equal([1_000, 1_000]);
    await clock.advance(999);
    deadlines.stop(stopped);
    expect(due).to.deep.equal([]);
    await clock.advance(10_000);
    expect(due).to.deep.equal(["slow"]);
    deadlines.stop(slow);
    await clock.advance(10_000);
    expect(due).to.deep.equal(["slow"]);
  });
});
