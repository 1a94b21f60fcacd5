import { expect } from "chai";
import type { HoldCause } from "../../../src/consumer/assignment/holds.ts";
import { createHolds } from "../../../src/consumer/assignment/holds.ts";
import type { Work } from "../../../src/consumer/assignment/partition.ts";
import { createPartition, createWork } from "../../../src/consumer/assignment/partition.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const backoffs: Readonly<Record<HoldCause, readonly number[]>> = {
  registry: [1, 2, 4, 5, 5],
  sink: [1, 2, 4, 8, 16, 30, 30],
  dedupe: [1, 2, 4, 5, 5],
};

describe("A partition that waits for something outside", () => {
  const create = () => {
    const clock = createManualClock();
    const probed: Work[] = [];
    const requeued: Work[] = [];
    const lanes = {
      probe: (work: Work) => void probed.push(work),
      requeue: (work: Work) => void requeued.push(work),
      wake() {},
      enqueue() {},
      follow: () => undefined,
      endRun() {},
    };
    const partition = createPartition({
      topic: "notes",
      partition: 0,
      epoch: 1,
      route: {} as never,
      stage: 0,
      group: "billing",
      port: { pause() {}, resume() {} },
      observe: () => {},
      touch: () => {},
    } as never);
    const workAt = (offset: bigint): Work =>
      createWork(
        partition,
        { ...partition, offset, key: null, value: null, headers: [], timestampMs: 0 },
        "",
      );
    return { clock, probed, requeued, partition, workAt, holds: createHolds(clock, lanes) };
  };

  for (const [cause, seconds] of Object.entries(backoffs) as [HoldCause, readonly number[]][])
    it(`for the cause ${cause} tries one record at a time, after ${seconds.join(", ")} s`, async () => {
      const { clock, probed, partition, workAt, holds } = create();
      const [first, second] = [workAt(0n), workAt(1n)];
      holds.hold(first, cause);
      holds.hold(second, cause);
      for (const [index, wait] of seconds.entries()) {
        await clock.advance(wait * 1_000 - 1);
        expect(probed).to.have.length(index);
        await clock.advance(1);
        expect(probed).to.have.length(index + 1);
        const probe = probed.at(-1) ?? first;
        holds.hold(probe, cause);
        holds.passed(probe, cause);
      }
      expect(partition.pauses.has(cause)).to.equal(true);
    });

  it("goes on with all its records once one gets through, and begins with one second at the next outage", async () => {
    const { clock, probed, requeued, partition, workAt, holds } = create();
    const [first, second] = [workAt(0n), workAt(1n)];
    holds.hold(first, "sink");
    holds.hold(second, "sink");
    await clock.advance(1_000);
    holds.passed(first, undefined);
    expect([requeued, partition.pauses.has("sink")]).to.deep.equal([[second], false]);
    holds.hold(second, "sink");
    await clock.advance(1_000);
    expect(probed).to.deep.equal([first, second]);
  });

  it("tries nothing more when its assignment ends", async () => {
    const { clock, probed, partition, workAt, holds } = create();
    holds.hold(workAt(0n), "registry");
    holds.wait(workAt(1n), 500);
    holds.drop(partition);
    await clock.advance(60_000);
    expect([probed, clock.pending(), partition.isHeld]).to.deep.equal([[], 0, false]);
  });
});
