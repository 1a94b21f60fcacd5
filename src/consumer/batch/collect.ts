import type { Clock } from "../../core/clock.ts";
import type { Partition, Work } from "../assignment/partition.ts";
import type { Lanes } from "../lanes.ts";
import type { Pipeline, Prepared } from "../pipeline.ts";
import { conclude, slotOf } from "../steps/invoke.ts";
import type { Pass, Settlement } from "../steps/pass.ts";

/** Gathers the records of a batch from their lane. */
export interface Collector {
  /** Takes a record up to its handler, filters included; one that was put back comes as it was. */
  ready(work: Work): Promise<Prepared>;
  /**
   * Takes records behind the first one until the batch is full, has waited, or ends before one that cannot be in it.
   * @param taken The first record's work; gets all that is taken from the lane.
   */
  collect(first: Pass, taken: Work[]): Promise<Collected>;
  /** A record came to stand behind others of its lane. */
  arrived(partition: Partition): void;
  /** Keeps what is known of a record that has to wait for its batch. */
  putBack(pass: Pass): void;
}

export interface Collected {
  /** What the batch holds. */
  readonly members: readonly Pass[];
  /** Settled on the way, but not finished: it waits, and its partition with it. */
  readonly stuck: Work | undefined;
  /** Taken and not in the batch: the lane goes on with it. */
  readonly next: Work | undefined;
}

export interface CollectorDeps {
  readonly clock: Clock;
  readonly lanes: Pick<Lanes, "follow">;
  readonly pipeline: Pipeline;
  /** Lets more of what was fetched into the lanes. */
  readonly admit: (partition: Partition) => void;
}

// What leaves at once, and neither keeps nor needs the order of the lane.
const leaving: ReadonlySet<Settlement["kind"]> = new Set([
  "skip",
  "duplicate",
  "later",
  "deadLetter",
  "discard",
]);

export function createCollector({ clock, lanes, pipeline, admit }: CollectorDeps): Collector {
  const waiting = new Map<Partition, () => void>();
  const known = new WeakMap<Work, Pass>();

  // Ends early where the assignment ends: its timers are cancelled then.
  const wait = (partition: Partition, forMs: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        cancel();
        partition.timers.delete(end);
        waiting.delete(partition);
        resolve();
      };
      const cancel = clock.schedule(forMs, end);
      partition.timers.add(end);
      waiting.set(partition, end);
    });

  const follow = async (last: Work, untilMs: number): Promise<Work | undefined> => {
    const { partition } = last;
    while (partition.phase === "open") {
      if (!last.next) admit(partition);
      const next = lanes.follow(last);
      const leftMs = untilMs - clock.now();
      if (next || leftMs <= 0 || partition.pauses.blocksWork()) return next;
      await wait(partition, leftMs);
    }
    return undefined;
  };

  const ready = async (work: Work): Promise<Prepared> => {
    const before = known.get(work);
    known.delete(work);
    // Without its claim somebody else may have handled it meanwhile.
    if (before && !work.claim?.isLost) return { pass: before, settlement: undefined };
    const prepared = await pipeline.prepare(work);
    if (prepared.settlement || !prepared.pass.known?.batch) return prepared;
    return { ...prepared, settlement: await sift(prepared.pass, pipeline) };
  };

  const putBack = (pass: Pass): void => void known.set(pass.work, pass);

  return {
    ready,
    putBack,
    arrived: (partition) => waiting.get(partition)?.(),
    async collect(first, taken) {
      const { work: head, known: event } = first;
      const { maxRecords = 1, maxWaitMs = 0 } = event?.batch ?? {};
      const untilMs = clock.now() + maxWaitMs;
      const members = [first];
      // What failed before is tried alone: it must not fail others again.
      while (head.triesHere === 0 && members.length < maxRecords) {
        const next = await follow(taken.at(-1) ?? head, untilMs);
        if (!next) break;
        taken.push(next);
        const { pass, settlement } = next.resume ? stranger : await ready(next);
        if (pass && !settlement && pass.known === event) members.push(pass);
        else if (pass && settlement && leaving.has(settlement.kind)) {
          if (!(await pipeline.settle(pass, settlement))) return { members, stuck: next, next: undefined };
        } else {
          if (pass && !settlement) putBack(pass);
          return { members, stuck: undefined, next };
        }
      }
      return { members, stuck: undefined, next: undefined };
    },
  };
}

// Only waits for its settlement to be repeated.
const stranger = { pass: undefined, settlement: undefined };

/** Asks the filters of a record that is about to join a batch. */
async function sift(pass: Pass, { plan }: Pipeline): Promise<Settlement | undefined> {
  const { around } = slotOf(pass);
  const { delivery } = pass;
  if (!around || !delivery) return undefined;
  try {
    const outcome = await around(delivery, async () => ({ kind: "done" }));
    return outcome.kind === "done" ? undefined : conclude(pass, outcome);
  } catch (error) {
    pass.thrown = { error, where: "handler" };
    return plan(pass);
  }
}
