import type { Clock } from "../../core/clock.ts";
import type { Observe } from "../../core/signals.ts";
import type { Holds } from "../assignment/holds.ts";
import type { Partition, Work } from "../assignment/partition.ts";
import type { Dedupe } from "../dedupe.ts";
import type { LaneRun, Lanes } from "../lanes.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Pass } from "../steps/pass.ts";
import { createCallBatch } from "./call.ts";
import { createCollector } from "./collect.ts";
import { createHandleBatch } from "./handle.ts";

/** Runs the lanes of topics whose events are handled in batches: one lane for each partition. */
export interface Batches {
  /** Runs what stands at the head of a lane, with what can be handled along with it. */
  run(work: Work): void;
  /** A record came to stand behind others of its lane. */
  arrived(partition: Partition): void;
}

export interface BatchesDeps {
  readonly clock: Clock;
  readonly observe: Observe;
  readonly group: string;
  readonly lanes: Lanes;
  readonly holds: Pick<Holds, "passed">;
  readonly dedupe: Pick<Dedupe, "release"> | undefined;
  readonly pipeline: Pipeline;
  readonly admit: (partition: Partition) => void;
}

export function createBatches(deps: BatchesDeps): Batches {
  const { observe, lanes, holds, dedupe, pipeline } = deps;
  const collector = createCollector(deps);
  const handle = createHandleBatch(createCallBatch(deps), pipeline);

  const runLane = async (head: Work, taken: Work[]): Promise<LaneRun> => {
    const { pass, settlement } = await collector.ready(head);
    const alone = (isFinished: boolean): LaneRun => ({
      taken,
      left: isFinished ? [] : taken,
      isReady: false,
    });
    if (settlement) return alone(await pipeline.settle(pass, settlement));
    if (!pass.known?.batch) return alone(await pipeline.handle(pass));
    const { members, stuck, next } = await collector.collect(pass, taken);
    const left = stuck ? { isWaiting: false, passes: members } : await handle(members);
    const unsettled = left.passes.slice(left.isWaiting ? 1 : 0);
    if (head.partition.phase !== "open") {
      for (const one of unsettled) await pipeline.settle(one, { kind: "abandon", why: "closing" });
      // Its claim would be renewed for ever: the assignment gave up those that nothing was about to do with.
      if (next) dedupe?.release(next);
      return { taken, left: [], isReady: false };
    }
    for (const one of unsettled) putBack(one);
    // What is stuck leaves the topic and is no part of the batch: it may stand before it.
    const works = [stuck, ...left.passes.map(({ work }) => work), next];
    return {
      taken,
      left: works.filter((work) => work !== undefined),
      isReady: !stuck && !left.isWaiting,
    };
  };

  // Whatever it was tried for, it was not held again: its partition need not wait for it.
  const putBack = (pass: Pass): void => {
    const { work } = pass;
    if (work.resume === undefined) collector.putBack(pass);
    if (work.partition.isHeld) holds.passed(work, undefined);
  };

  return {
    arrived: collector.arrived,
    run(work) {
      const taken = [work];
      runLane(work, taken).then(lanes.endRun, (error: unknown) => {
        // A defect: the lane must not go on over it.
        observe({ kind: "internal.error", where: "consumer batches", error });
        lanes.endRun({ taken, left: taken, isReady: false });
      });
    },
  };
}
