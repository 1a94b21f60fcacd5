import type { OrderMode } from "../core/app.ts";
import { asBuffer } from "../core/record.ts";
import type { Partition, Work } from "./assignment/partition.ts";
import type { Ring } from "./ring.ts";
import { createRing } from "./ring.ts";

/** Serial queues by key, served in turn over all partitions, so many at once. */
export interface Lanes {
  /** Puts an admitted record behind its predecessors of the same lane. */
  enqueue(work: Work): void;
  /** Gives a record that waited its turn again, at the head of its lane. */
  requeue(work: Work): void;
  /** Runs one record although its partition's causes keep the others from starting. */
  probe(work: Work): void;
  /** The partition may have something to start. */
  wake(partition: Partition): void;
  /** Takes the record behind a running one of the same lane into its run, where there is one. */
  follow(work: Work): Work | undefined;
  /** Ends a run over several records of one lane. */
  endRun(run: LaneRun): void;
}

/** What became of a run. */
export interface LaneRun {
  /** All that it took, in the order of the lane; the first one is what was started. */
  readonly taken: readonly Work[];
  /** Those that are not finished, as the lane goes on with them. */
  readonly left: readonly Work[];
  /** The first of those may start at once; else it is given back. */
  readonly isReady: boolean;
}

export interface LanesDeps {
  readonly concurrency: number;
  /**
   * Settles one pass and tells of it once; not finished means that the record is given back with `requeue` or `probe`.
   * A run that takes more records of the lane ends with `endRun` instead.
   */
  readonly run: (work: Work, onEnd: (work: Work, isFinished: boolean) => void) => void;
  /** A record came to stand behind others of its lane. */
  readonly onQueued?: (work: Work) => void;
  /** A record left the running ones. */
  readonly onSettled: (work: Work, isFinished: boolean) => void;
}

/** Records started in one go before timers and sockets get their turn. */
const maxStartsPerTurn = 256;

/**
 * The lane of a record: equal key bytes share one, exactly; undefined where no order is kept.
 * Latin-1 maps each byte to one character, so that different bytes never meet.
 */
export function toLane(key: Uint8Array | null, order: OrderMode): string | undefined {
  if (order === "partition") return "";
  if (order === "none" || key === null) return undefined;
  return asBuffer(key).toString("latin1");
}

// The next record of the lane takes its turn; a lane without one ends.
function release(work: Work, ring: Ring): void {
  const { partition, lane, next } = work;
  if (lane === undefined) return;
  const { queue } = partition;
  // Else each record would keep all that came after it in its lane alive.
  work.next = undefined;
  if (next) {
    queue.ready.push(next);
    ring.list(partition);
  } else if (queue.tails.get(lane) === work) queue.tails.delete(lane);
}

// What is finished leaves the lane, the rest stands before what came meanwhile.
function relink({ taken, left, isReady }: LaneRun, lane: string, ring: Ring): void {
  const last = taken.at(-1);
  if (!last) return;
  const { queue } = last.partition;
  const { next: behind } = last;
  for (const work of taken) work.next = undefined;
  for (const [index, work] of left.entries()) work.next = left[index + 1] ?? behind;
  const first = left[0] ?? behind;
  if (queue.tails.get(lane) === last) {
    const tail = left.at(-1);
    if (tail) queue.tails.set(lane, tail);
    else queue.tails.delete(lane);
  }
  queue.queued += left.length;
  if (!first || (left.length > 0 && !isReady)) return;
  queue.ready.push(first);
  ring.list(last.partition);
}

// True when the record stands at the head of its lane.
function join(work: Work): boolean {
  const { partition, lane } = work;
  const { queue } = partition;
  queue.queued++;
  const tail = lane === undefined ? undefined : queue.tails.get(lane);
  if (lane !== undefined) queue.tails.set(lane, work);
  if (tail) tail.next = work;
  else queue.ready.push(work);
  return tail === undefined;
}

/** Forgets what has not started. */
export function dropQueued({ queue }: Partition): void {
  queue.ready.clear();
  queue.tails.clear();
  queue.queued = 0;
}

/** Resolves when nothing of the partition runs. */
export function untilIdle({ queue }: Partition): Promise<void> {
  if (queue.running.size() === 0) return Promise.resolve();
  return new Promise((resolve) => {
    queue.idleWaiters.add(resolve);
  });
}

function tellIdle({ queue }: Partition): void {
  if (queue.running.size() > 0 || queue.idleWaiters.size === 0) return;
  for (const resolve of queue.idleWaiters) resolve();
  queue.idleWaiters.clear();
}

export function createLanes({ concurrency, run, onSettled, onQueued }: LanesDeps): Lanes {
  const ring = createRing();
  let inFlight = 0;
  let starts = 0;
  let isScheduled = false;
  let isPumping = false;

  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      starts = 0;
      pump();
    });
  };

  const pump = (): void => {
    if (isPumping) return;
    isPumping = true;
    while (inFlight < concurrency) {
      if (starts >= maxStartsPerTurn) {
        schedule();
        break;
      }
      const work = ring.take();
      if (!work) break;
      starts++;
      start(work);
    }
    isPumping = false;
  };

  const start = (work: Work): void => {
    const { queue } = work.partition;
    inFlight++;
    queue.queued--;
    queue.running.add(work);
    run(work, end);
  };

  const end = (work: Work, isFinished: boolean): void => {
    const { partition } = work;
    const { queue } = partition;
    inFlight--;
    queue.running.remove(work);
    if (isFinished) release(work, ring);
    else queue.queued++;
    tellIdle(partition);
    onSettled(work, isFinished);
    pump();
  };

  return {
    enqueue(work) {
      if (!join(work)) return onQueued?.(work);
      ring.list(work.partition);
      schedule();
    },
    requeue(work) {
      work.partition.queue.ready.push(work);
      ring.list(work.partition);
      schedule();
    },
    probe(work) {
      start(work);
      schedule();
    },
    wake(partition) {
      ring.list(partition);
      schedule();
    },
    follow({ next, partition: { queue } }) {
      if (!next) return undefined;
      queue.queued--;
      queue.running.add(next);
      return next;
    },
    endRun(ended) {
      const [{ partition, lane } = {}] = ended.taken;
      if (!partition) return;
      inFlight--;
      for (const work of ended.taken) partition.queue.running.remove(work);
      relink(ended, lane ?? "", ring);
      tellIdle(partition);
      for (const work of ended.taken) onSettled(work, !ended.left.includes(work));
      pump();
    },
  };
}
