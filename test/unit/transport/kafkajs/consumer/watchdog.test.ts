import { expect } from "chai";
import type { Clock } from "../../../../../src/core/clock.ts";
import { createWatchdog, type Watchdog } from "../../../../../src/transport/kafkajs/consumer/watchdog.ts";

interface ManualClock extends Clock {
  /** Moves on second by second, and lets promises settle in between. */
  advance(ms: number): Promise<void>;
}

function createManualClock(): ManualClock {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    schedule(delayMs, run) {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      for (const end = now + ms; now < end; ) {
        now += 500;
        for (const timer of timers)
          if (timer.at <= now) {
            timers.delete(timer);
            timer.run();
          }
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

describe("watchdog of a consumer", () => {
  const options = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 10_000 };
  let clock: ManualClock;
  let stalls: { ageMs: number; isRepeated: boolean }[];
  let isReachable: boolean;
  let watchdog: Watchdog;
  beforeEach(() => {
    clock = createManualClock();
    stalls = [];
    isReachable = true;
    watchdog = createWatchdog({
      clock,
      options,
      isReachable: async () => isReachable,
      onStall: (ageMs, isRepeated) => stalls.push({ ageMs, isRepeated }),
    });
  });

  it("stays quiet as long as heartbeats get through and fetches come back", async () => {
    watchdog.joined();
    for (let i = 0; i < 20; i++) {
      await clock.advance(2_000);
      watchdog.heartbeat();
      watchdog.fetched();
    }
    expect(stalls).to.deep.equal([]);
  });

  for (const missing of ["heartbeat", "fetched"] as const)
    it(`speaks when only ${missing === "heartbeat" ? "heartbeats" : "fetches"} stay away`, async () => {
      watchdog.joined();
      for (let i = 0; i < 5; i++) {
        await clock.advance(2_000);
        watchdog[missing === "heartbeat" ? "fetched" : "heartbeat"]();
      }
      expect(stalls.map(({ isRepeated }) => isRepeated)).to.deep.equal([false]);
    });

  it("speaks once when no heartbeat got through for longer than the session", async () => {
    watchdog.joined();
    await clock.advance(60_000);
    expect(stalls).to.have.length(1);
    expect(stalls[0]!.ageMs).to.be.within(6_000, 9_000);
    expect(stalls[0]!.isRepeated).to.equal(false);
  });

  it("calls a second stall within five minutes repeated, and a later one not", async () => {
    for (const pauseMs of [0, 60_000, 400_000]) {
      await clock.advance(pauseMs);
      watchdog.joined();
      await clock.advance(20_000);
    }
    expect(stalls.map(({ isRepeated }) => isRepeated)).to.deep.equal([false, true, false]);
  });

  it("stays quiet while no broker can be reached, and goes on watching after", async () => {
    isReachable = false;
    watchdog.joined();
    await clock.advance(60_000);
    expect(stalls).to.deep.equal([]);
    isReachable = true;
    await clock.advance(10_000);
    expect(stalls).to.have.length(1);
  });

  it("is more patient with a join, and not endlessly so", async () => {
    watchdog.started();
    await clock.advance(20_000);
    watchdog.rejoining();
    await clock.advance(30_000);
    expect(stalls).to.deep.equal([]);
    await clock.advance(30_000);
    expect(stalls).to.have.length(1);
  });

  it("is quiet once it was stopped, also in the middle of a question", async () => {
    watchdog.joined();
    await clock.advance(7_000);
    watchdog.stopped();
    await clock.advance(60_000);
    expect(stalls.length).to.be.lessThan(2);
    const { length } = stalls;
    await clock.advance(60_000);
    expect(stalls).to.have.length(length);
  });
});
