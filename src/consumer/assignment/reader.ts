import { type Clock, within } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { Observe } from "../../core/signals.ts";
import type { ConsumerEvent, PortAssignment, PortBatch, PortConsumer } from "../../transport/port.ts";
import type { Dedupe } from "../dedupe.ts";
import type { Flow } from "../flow.ts";
import { dropQueued, untilIdle } from "../lanes.ts";
import { decodeOffsetMap, type ReadMap } from "../offset-map.ts";
import type { Route } from "../plan/handlers.ts";
import { createCommitter } from "./committer.ts";
import type { Holds } from "./holds.ts";
import { createPartition, type Partition } from "./partition.ts";
import { createSession, type Session } from "./session.ts";

/** Where a topic of a reader belongs: its route, and 0 for the source itself or the number of the retry stage. */
export interface TopicPlace {
  readonly route: Route;
  readonly stage: number;
}

/** One group member: its assignments, from the first fetch to the last commit. */
export interface Reader {
  start(): Promise<void>;
  /** Starts nothing more, of partitions to come either, until `resume`. */
  pause(): void;
  resume(): void;
  /** Those assigned now. */
  partitions(): readonly Partition[];
  /** Drains, commits and leaves the group. */
  close(): Promise<void>;
}

export interface ReaderDeps {
  readonly port: PortConsumer;
  readonly group: string;
  readonly places: ReadonlyMap<string, TopicPlace>;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly flow: Flow;
  readonly holds: Holds;
  readonly dedupe: Dedupe | undefined;
  readonly offsetMapMaxBytes: number;
  readonly drainTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly commitTimeoutMs: number;
  readonly sessionTimeoutMs: number;
}

/** Called-off handlers get so long to give up, and hand-overs under way to be acknowledged. */
const maxGraceMs = 2_000;

export function createReader(deps: ReaderDeps): Reader {
  const { port, group, places, observe, flow, dedupe } = deps;
  const session = createSession(deps.clock, deps.sessionTimeoutMs);
  const partitions = new Map<string, Partition>();
  // Read from another place from now on, further on or further back.
  const resets = new Set<string>();
  let isPaused = false;
  let isClosing = false;

  const assigned = (assignments: readonly PortAssignment[]): void => {
    session.begin();
    // A rebalance in the middle of a close: nothing begins any more, and nobody would wait for it.
    if (isClosing) port.pause(assignments.map(({ topic, partition }) => ({ topic, partition })));
    else
      for (const assignment of assignments) {
        const { topic, partition, epoch } = assignment;
        const place = places.get(topic);
        const before = partitions.get(toKey(topic, partition));
        if (!place || before?.epoch === epoch) continue;
        if (before) endAssignment(before, true);
        begin(assignment, place);
      }
  };

  const begin = (at: PortAssignment, place: TopicPlace): Partition => {
    const begun = openPartition({ ...deps, session }, committer.touch, at, place);
    partitions.set(toKey(at.topic, at.partition), begun);
    if (isPaused) begun.pauses.add("operator");
    return begun;
  };

  // What is known of the offsets is of a log that is no more: cut off behind, or made anew under the same name.
  const beginAgain = (before: Partition): Partition => {
    endAssignment(before, true);
    // Its pauses are forgotten, and the client does not know that.
    port.resume([{ topic: before.topic, partition: before.partition }]);
    return begin({ topic: before.topic, partition: before.partition, epoch: before.epoch }, before);
  };

  const endAssignment = (ended: Partition, isLost: boolean): void => {
    if (ended.phase === "closed") return;
    const { topic, partition, epoch, queue } = ended;
    const unfinished = queue.running.size();
    stopAdmitting(deps, ended);
    callOff(ended);
    ended.phase = "closed";
    ended.pauses.forget();
    dedupe?.forget(ended);
    const key = toKey(topic, partition);
    if (partitions.get(key) === ended) partitions.delete(key);
    observe({ kind: "partition.revoked", group, topic, partition, epoch, lost: isLost, unfinished });
  };

  const lose = (lost: readonly Partition[]): void => {
    for (const partition of lost) endAssignment(partition, true);
  };

  const committer = createCommitter({ ...deps, onCommitted: flow.settled, onFenced: lose });

  // Handlers finish, or are told to; then what they completed is committed, and the assignment is over.
  const drain = async (leaving: readonly Partition[], timeoutMs: number): Promise<void> => {
    await finish(deps, leaving, timeoutMs);
    await committer.flush(leaving, deps.commitTimeoutMs);
    for (const partition of leaving) endAssignment(partition, false);
  };

  const receive = (batch: PortBatch): void => {
    const { topic, partition: number, epoch } = batch;
    const key = toKey(topic, number);
    let partition = partitions.get(key);
    if (resets.delete(key) && partition?.phase === "open") {
      flow.disown(partition);
      if (flow.isBehind(partition, batch)) partition = beginAgain(partition);
      // A log that grows beyond what stands on the broker would be read from there: its place is said at once.
      partition.committed ??= -1n;
      partition.touch();
    }
    if (partition) flow.receive(partition, batch);
    else observe({ kind: "offsets.dropped", group, topic, partition: number, epoch, why: "batch" });
  };

  return {
    start: () =>
      port.start(
        [...places.keys()],
        receive,
        {
          assigned,
          revoked: (assignments) => drain(findOf(partitions, assignments), deps.drainTimeoutMs),
          lost: (assignments) => lose(findOf(partitions, assignments)),
        },
        (event) => report(event, deps, session, resets),
      ),
    pause() {
      isPaused = true;
      for (const { pauses } of partitions.values()) pauses.add("operator");
    },
    resume() {
      isPaused = false;
      for (const partition of partitions.values()) resume(partition, flow);
    },
    partitions: () => [...partitions.values()],
    async close() {
      isClosing = true;
      const open = [...partitions.values()];
      if (open.length > 0) port.pause(open.map(({ topic, partition }) => ({ topic, partition })));
      await drain(open, deps.closeTimeoutMs);
      committer.close();
      await port.close();
    },
  };
}

function resume(partition: Partition, flow: Flow): void {
  partition.pauses.remove("operator");
  flow.wake(partition);
}

function findOf(
  partitions: ReadonlyMap<string, Partition>,
  assignments: readonly PortAssignment[],
): readonly Partition[] {
  return assignments.flatMap(({ topic, partition, epoch }) => {
    const found = partitions.get(toKey(topic, partition));
    return found && found.epoch === epoch ? found : [];
  });
}

function stopAdmitting({ flow, holds }: ReaderDeps, partition: Partition): void {
  if (partition.phase === "open") partition.phase = "draining";
  flow.drop(partition);
  holds.drop(partition);
  dropQueued(partition);
}

async function finish(deps: ReaderDeps, leaving: readonly Partition[], timeoutMs: number): Promise<void> {
  for (const partition of leaving) stopAdmitting(deps, partition);
  const idle = Promise.all(leaving.map(untilIdle));
  await within(deps.clock, idle, timeoutMs);
  if (leaving.every(({ queue }) => queue.running.size() === 0)) return;
  for (const partition of leaving) callOff(partition);
  await within(deps.clock, idle, Math.min(maxGraceMs, timeoutMs));
}

function openPartition(
  { clock, group, port, observe, offsetMapMaxBytes, session }: ReaderDeps & { readonly session: Session },
  touch: (partition: Partition) => void,
  { topic, partition, epoch, offset, metadata = "" }: PortAssignment,
  { route, stage }: TopicPlace,
): Partition {
  observe({ kind: "partition.assigned", group, topic, partition, epoch });
  const at = { topic, partition, epoch, route, stage, group, session };
  const committed = { maxMapLength: offsetMapMaxBytes, committedMetadata: metadata };
  const read: ReadMap =
    offset === undefined || offsetMapMaxBytes === 0 ? { kind: "none" } : decodeOffsetMap(metadata, offset);
  if (read.kind === "fault") observe({ kind: "offsets.map_dropped", group, topic, partition, why: read.why });
  const inherited = read.kind === "map" ? read.map : undefined;
  return createPartition({ ...at, ...committed, port, observe, touch: touchAt(clock, touch), inherited });
}

function touchAt(clock: Clock, touch: (partition: Partition) => void): (partition: Partition) => void {
  return (partition) => {
    partition.completedMs = clock.now();
    touch(partition);
  };
}

// A handler that already failed by itself is not told any more.
function callOff(partition: Partition): void {
  partition.isCalledOff = true;
  const reason = new KeryxError("aborted", "The partition is given up");
  for (const work of partition.queue.running.items()) work.delivery?.callOff(reason);
}

function toKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function report(
  event: ConsumerEvent,
  { group, observe }: ReaderDeps,
  session: Session,
  resets: Set<string>,
): void {
  if (event.kind === "heartbeat") session.beat();
  else if (event.kind === "joined") observe({ kind: "consumer.joined", group });
  else if (event.kind === "crash")
    observe({ kind: "consumer.crashed", group, error: event.error, willRestart: event.willRestart });
  else if (event.kind === "stalled") observe({ kind: "consumer.stalled", group, ageMs: event.ageMs });
  else if (event.kind === "out_of_range") {
    const { topic, partition } = event.partition;
    resets.add(toKey(topic, partition));
    observe({ kind: "offsets.reset", group, topic, partition });
  } else if (event.kind === "unreadable") {
    const { at, error } = event;
    observe({ kind: "partition.stopped", group, ...at, failureClass: "bad-bytes", error });
  }
}
