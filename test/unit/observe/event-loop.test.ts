import { expect } from "chai";
import { type EventLoopWatch, watchEventLoop } from "../../../src/observe/event-loop.ts";

describe("the watch over the event loop", () => {
  let nowMs = 0;
  let tick = (): void => {};
  let isCancelled = false;
  let watch: EventLoopWatch;

  beforeEach(() => {
    nowMs = 0;
    isCancelled = false;
    watch = watchEventLoop({
      now: () => nowMs,
      every(_, run) {
        tick = run;
        return () => {
          isCancelled = true;
        };
      },
    });
  });

  const pass = (ms: number): void => {
    for (const end = nowMs + ms; nowMs < end; ) {
      nowMs += 500;
      tick();
    }
  };

  it("sees nothing in a loop that turns", () => {
    pass(60_000);
    nowMs += 400;
    expect(watch.blockedMs()).to.equal(0);
  });

  it("sees a standstill that goes on, before its own tick is late", () => {
    nowMs += 6_500;
    expect(watch.blockedMs()).to.equal(6_000);
  });

  it("remembers a standstill for half a minute, and then no longer", () => {
    pass(1_000);
    nowMs += 7_000;
    tick();
    pass(29_000);
    expect(watch.blockedMs()).to.equal(6_500);
    pass(1_500);
    expect(watch.blockedMs()).to.equal(0);
  });

  it("stops with its app", () => {
    watch.close();
    expect(isCancelled).to.equal(true);
  });

  it("notices a real standstill, and keeps no process alive", () => {
    const real = watchEventLoop();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_200);
    expect(real.blockedMs()).to.be.within(600, 20_000);
    real.close();
  });
});
