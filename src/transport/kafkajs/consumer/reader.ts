import type { EachBatchPayload } from "kafkajs";
import { type Clock, sleep } from "../../../core/clock.ts";
import { KeryxError } from "../../../core/errors.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../../core/record.ts";
import type { Observe } from "../../../core/signals.ts";
import type { TransportOptions } from "../../options.ts";
import type {
  ConsumerEvent,
  PortAdmin,
  PortBatch,
  PortConsumerOptions,
  RebalanceHandlers,
} from "../../port.ts";
import { toKeryxError } from "../errors.ts";
import {
  type Assignment,
  createAssignment,
  deliverBatch,
  deliverStretch,
  readStartPositions,
  type StartPosition,
  toAssignments,
  toKey,
} from "./assignment.ts";
import { createMembership, type Membership } from "./membership.ts";
import type { Watchdog } from "./watchdog.ts";

const retryMs = 500;
const unreadableRetryMs = 5_000;

/** What the user of the port handed over at start. */
export interface ReaderCallbacks {
  readonly topics: readonly string[];
  readonly handle: (batch: PortBatch) => void | Promise<void>;
  readonly rebalance: RebalanceHandlers;
  readonly onEvent: (event: ConsumerEvent) => void;
}

export interface ReaderDeps {
  readonly transport: TransportOptions;
  readonly admin: Pick<PortAdmin, "groupOffsets" | "offsets">;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly options: PortConsumerOptions;
  readonly callbacks: ReaderCallbacks;
  readonly watchdog: Watchdog;
  nextEpoch(): number;
  /** An assignment is ready to be read. */
  onReady(): void;
  /** This reader cannot go on. */
  onCrash(error: unknown): void;
}

/** One membership and its assignments, one after the other. After a crash a new reader takes over. */
export interface Reader {
  readonly deps: ReaderDeps;
  readonly membership: Membership;
  current: Assignment | undefined;
  /** Whatever a reader that is over still says is not heard. */
  isOver: boolean;
}

export function createReader(deps: ReaderDeps): Reader {
  const { callbacks, watchdog } = deps;
  const membership = createMembership(deps.transport, deps.options, {
    joined: (memberId, partitions) => onJoined(reader, memberId, partitions),
    searching: () => {
      if (!reader.isOver) watchdog.rejoining();
    },
    rejoining: (isLost) => endAssignment(reader, isLost),
    batch: (payload) => onBatch(reader, payload),
    skipped: (at, stretch) => {
      if (reader.current) deliverStretch(reader.current, at, stretch, (batch) => handle(reader, batch));
    },
    outOfRange: (at) => onOutOfRange(reader, at),
    unreadable: (at, error) => onUnreadable(reader, at, error),
    heartbeat: () => {
      watchdog.heartbeat();
      callbacks.onEvent({ kind: "heartbeat" });
    },
    fetched: () => {
      watchdog.fetched();
      callbacks.onEvent({ kind: "fetch" });
    },
    // Nothing is fetched before the start positions are known: kafkajs' own are not ours.
    isOpen: (at) => reader.current?.state === "ready" && reader.current.has(at) && !reader.current.isHeld(at),
    crashed: (error) => {
      if (!reader.isOver) deps.onCrash(error);
    },
  });
  const reader: Reader = { deps, membership, current: undefined, isOver: false };
  return reader;
}

/** Fetches next from `to`. */
export function moveTo({ membership }: Reader, assignment: Assignment, to: TopicPartitionOffset): void {
  assignment.positions.set(toKey(to), to.offset);
  membership.seek(to);
}

/** Gives up what this reader holds, without a commit. */
export function endReader(reader: Reader): void {
  const { current } = reader;
  reader.isOver = true;
  reader.current = undefined;
  if (current && current.partitions.length > 0) reader.deps.callbacks.rebalance.lost(toAssignments(current));
}

function onJoined(reader: Reader, memberId: string, partitions: readonly TopicPartition[]): void {
  const { deps } = reader;
  if (reader.isOver) return;
  const assignment = createAssignment(deps.nextEpoch(), partitions);
  reader.current = assignment;
  deps.watchdog.joined();
  deps.callbacks.onEvent({ kind: "joined", memberId });
  prepare(reader, assignment).catch((error: unknown) => {
    if (assignment === reader.current) deps.onCrash(error);
  });
}

async function prepare(reader: Reader, assignment: Assignment): Promise<void> {
  const { deps, membership } = reader;
  const isOver = (): boolean => reader.current !== assignment;
  const starts = await moveToStart(reader, assignment);
  if (isOver()) return;
  const { epoch } = assignment;
  await deps.callbacks.rebalance.assigned(starts.map(({ isFresh: _, ...start }) => ({ ...start, epoch })));
  if (isOver()) return;
  assignment.state = "ready";
  membership.pausesChanged();
  deps.onReady();
}

async function moveToStart(reader: Reader, assignment: Assignment): Promise<readonly StartPosition[]> {
  const { admin, options, clock } = reader.deps;
  const isOver = (): boolean => reader.current !== assignment;
  while (!isOver()) {
    try {
      const starts = await readStartPositions(admin, options, assignment.partitions);
      if (isOver()) break;
      const fresh = starts.filter(({ isFresh }) => isFresh);
      if (fresh.length > 0) await reader.membership.commit(fresh);
      if (isOver()) break;
      for (const start of starts) moveTo(reader, assignment, start);
      return starts;
    } catch (error) {
      const mapped = toKeryxError(error, { action: "read start positions", group: options.group });
      // A fenced commit means that the group moved on: the next assignment is on its way.
      if (!mapped.retriable && mapped.code !== "fenced") throw mapped;
      await sleep(clock, retryMs);
    }
  }
  return [];
}

async function endAssignment(reader: Reader, isLost: boolean): Promise<void> {
  const { deps, current: ending } = reader;
  if (reader.isOver) return;
  deps.watchdog.rejoining();
  deps.callbacks.onEvent({ kind: "rejoining" });
  if (ending === undefined) return;
  ending.state = "ending";
  if (!isLost && ending.partitions.length > 0) {
    try {
      await revokeInTime(deps, ending);
    } catch (error) {
      // Late is not broken: what still runs belongs to an assignment that is over.
      const isPassing = error instanceof KeryxError && error.code === "aborted";
      deps.observe({ kind: "internal.error", where: "revoked", error, ...(isPassing && { isPassing }) });
    }
  }
  if (reader.current !== ending) return;
  reader.current = undefined;
  if (isLost && ending.partitions.length > 0) deps.callbacks.rebalance.lost(toAssignments(ending));
}

async function revokeInTime({ clock, options, callbacks }: ReaderDeps, ending: Assignment): Promise<void> {
  const patience = new AbortController();
  const late = sleep(clock, options.rebalanceTimeoutMs, patience.signal).then(() => {
    throw new KeryxError("aborted", "the revoke outlived the rebalance timeout");
  });
  late.catch(() => {});
  try {
    await Promise.race([callbacks.rebalance.revoked(toAssignments(ending)), late]);
  } finally {
    patience.abort();
  }
}

async function onBatch(reader: Reader, payload: EachBatchPayload): Promise<void> {
  const { deps, membership, current } = reader;
  const { topic, partition } = payload.batch;
  const delivery = deliverBatch(
    current,
    payload,
    () => reader.current,
    (batch) => handle(reader, batch),
  );
  if (delivery.kind === "delivered") await delivery.handled;
  if (delivery.kind !== "stale") return;
  deps.observe({
    kind: "offsets.dropped",
    group: deps.options.group,
    topic,
    partition,
    epoch: current?.epoch ?? 0,
    why: "batch",
  });
  // kafkajs' position and ours differ, for instance after a seek while this batch was on its way.
  if (delivery.position !== undefined) membership.seek({ topic, partition, offset: delivery.position });
}

async function handle({ deps }: Reader, batch: PortBatch): Promise<void> {
  try {
    await deps.callbacks.handle(batch);
  } catch (error) {
    // Thrown into kafkajs it would restart the loop for all partitions.
    deps.observe({ kind: "internal.error", where: "batch", error });
  }
}

function onOutOfRange(reader: Reader, at: TopicPartition): void {
  const { admin, clock, callbacks } = reader.deps;
  const assignment = hold(reader, at);
  if (assignment === undefined) return;
  callbacks.onEvent({ kind: "out_of_range", partition: at });
  const recover = async (): Promise<void> => {
    while (reader.current === assignment) {
      try {
        const range = (await admin.offsets(at.topic)).find(({ partition }) => partition === at.partition);
        if (reader.current !== assignment) return;
        // Never forward in silence: to the first record that is left, and the event tells of it.
        if (range) moveTo(reader, assignment, { ...at, offset: range.low });
        return release(reader, assignment, at);
      } catch {
        await sleep(clock, retryMs);
      }
    }
  };
  void recover();
}

function onUnreadable(reader: Reader, at: TopicPartitionOffset, error: unknown): void {
  const { clock, callbacks, options } = reader.deps;
  const assignment = hold(reader, at);
  if (assignment === undefined) return;
  const mapped = toKeryxError(error, { action: "fetch", topics: [at.topic], group: options.group });
  callbacks.onEvent({ kind: "unreadable", at, error: mapped });
  // Left running at close: it finds that its assignment is over.
  clock.schedule(unreadableRetryMs, () => release(reader, assignment, at));
}

function hold(reader: Reader, at: TopicPartition): Assignment | undefined {
  const assignment = reader.current;
  if (!assignment?.has(at) || assignment.recovering.has(toKey(at))) return undefined;
  assignment.recovering.add(toKey(at));
  reader.membership.pausesChanged();
  return assignment;
}

function release(reader: Reader, assignment: Assignment, at: TopicPartition): void {
  assignment.recovering.delete(toKey(at));
  if (assignment === reader.current) reader.membership.pausesChanged();
}
