import type { EachBatchPayload } from "kafkajs";
import { type Clock, sleep } from "../core/clock.ts";
import { type ErrorCode, KeryxError } from "../core/errors.ts";
import type { TopicPartition, TopicPartitionOffset } from "../core/record.ts";
import type { Observe } from "../core/signals.ts";
import type { KafkajsAdmin } from "./kafkajs-admin.ts";
import {
  type Assignment,
  createAssignment,
  deliverBatch,
  deliverStretch,
  readStartPositions,
} from "./kafkajs-assignment.ts";
import { toKeryxError } from "./kafkajs-errors.ts";
import { createMembership, type Membership, type MembershipHooks, toKey } from "./kafkajs-membership.ts";
import { createWatchdog } from "./kafkajs-watchdog.ts";
import type { TransportOptions } from "./options.ts";
import type {
  ConsumerEvent,
  PortBatch,
  PortConsumer,
  PortConsumerOptions,
  RebalanceHandlers,
} from "./port.ts";

export interface ConsumerDeps {
  readonly transport: TransportOptions;
  readonly admin: KafkajsAdmin;
  readonly clock: Clock;
  readonly observe: Observe;
  nextEpoch(): number;
}

const finalCodes: ReadonlySet<ErrorCode> = new Set([
  "auth_failed",
  "tls_failed",
  "not_authorized",
  "capability_missing",
  "config_invalid",
]);
const firstJoinPatienceMs = 60_000;
const restartBaseMs = 300;
const restartMaxMs = 5_000;
const retryMs = 500;
const unreadableRetryMs = 5_000;

interface Callbacks {
  readonly topics: readonly string[];
  readonly handle: (batch: PortBatch) => void | Promise<void>;
  readonly rebalance: RebalanceHandlers;
  readonly onEvent: (event: ConsumerEvent) => void;
}

/** A group member that outlives its kafkajs consumers: after a crash, however long the brokers are away, it makes a new one. */
export function createKafkajsConsumer(deps: ConsumerDeps, options: PortConsumerOptions): PortConsumer {
  const { transport, admin, clock, observe } = deps;
  const { group } = options;
  let callbacks: Callbacks | undefined;
  let membership: Membership | undefined;
  let current: Assignment | undefined;
  let isClosed = false;
  let restarts = 0;
  let firstJoin: { resolve(): void; reject(error: unknown): void; readonly deadline: number } | undefined;
  const pending = new Set<() => void>();
  const watchdog = createWatchdog({ clock, options, isReachable, onStall });

  // ---- one life of the membership

  async function launch(): Promise<void> {
    if (callbacks === undefined || isClosed) return;
    const made = createMembership(
      transport,
      options,
      hooksFor(() => made === membership),
    );
    membership = made;
    watchdog.started();
    try {
      await made.start(callbacks.topics);
    } catch (error) {
      if (made === membership) onCrash(error);
    }
  }

  // A membership that was replaced may still speak; nobody listens to it.
  function hooksFor(isCurrent: () => boolean): MembershipHooks {
    const ifCurrent =
      <Args extends unknown[]>(run: (...args: Args) => void) =>
      (...args: Args): void => {
        if (isCurrent() && !isClosed) run(...args);
      };
    return {
      joined: ifCurrent(onJoined),
      rejoining: async (isLost) => {
        if (isCurrent()) await endAssignment(isLost);
      },
      batch: async (payload) => {
        if (isCurrent() && !isClosed) await onBatch(payload);
      },
      skipped: ifCurrent((at, stretch) => {
        if (current && callbacks) deliverStretch(current, at, stretch, guarded(callbacks.handle));
      }),
      outOfRange: ifCurrent(onOutOfRange),
      unreadable: ifCurrent(onUnreadable),
      heartbeat: ifCurrent(() => {
        watchdog.heartbeat();
        callbacks?.onEvent({ kind: "heartbeat" });
      }),
      fetched: ifCurrent(() => callbacks?.onEvent({ kind: "fetch" })),
      crashed: ifCurrent(onCrash),
    };
  }

  // ---- assignment

  function onJoined(memberId: string, partitions: readonly TopicPartition[]): void {
    const assignment = createAssignment(deps.nextEpoch(), partitions);
    current = assignment;
    restarts = 0;
    watchdog.joined();
    // Nothing is fetched before the start positions are known: kafkajs' own are not ours.
    membership?.pause(partitions);
    callbacks?.onEvent({ kind: "joined", memberId });
    prepare(assignment).catch((error: unknown) => {
      if (assignment === current) onCrash(error);
    });
  }

  async function prepare(assignment: Assignment): Promise<void> {
    const isOver = (): boolean => assignment !== current || isClosed;
    while (!isOver()) {
      try {
        const starts = await readStartPositions(admin, options, assignment.partitions);
        if (isOver()) return;
        const fresh = starts.filter(({ isFresh }) => isFresh);
        if (fresh.length > 0) await membership?.commit(fresh);
        if (isOver()) return;
        for (const start of starts) moveTo(assignment, start);
        break;
      } catch (error) {
        const mapped = toKeryxError(error, { action: "read start positions", group });
        // Fenced: the group moved on already, and the next assignment is on its way.
        if (mapped.code === "fenced") return;
        if (!mapped.retriable) throw mapped;
        await sleep(clock, retryMs);
      }
    }
    if (isOver()) return;
    await callbacks?.rebalance.assigned(toAssignments(assignment));
    if (isOver()) return;
    assignment.state = "ready";
    membership?.resume(assignment.partitions.filter((at) => !assignment.isHeld(at)));
    firstJoin?.resolve();
    firstJoin = undefined;
  }

  async function endAssignment(isLost: boolean): Promise<void> {
    const ending = current;
    watchdog.rejoining();
    if (ending === undefined) return;
    ending.state = "ending";
    if (!isLost) {
      try {
        await revokeInTime(toAssignments(ending));
      } catch (error) {
        observe({ kind: "internal.error", where: "revoked", error });
      }
    }
    if (current === ending) current = undefined;
    if (isLost) callbacks?.rebalance.lost(toAssignments(ending));
    // Pauses would survive into the next assignment; positions are set anew there.
    if (!isClosed) membership?.resume(ending.partitions);
  }

  async function revokeInTime(partitions: ReturnType<typeof toAssignments>): Promise<void> {
    if (partitions.length === 0) return;
    const patience = new AbortController();
    const late = sleep(clock, options.rebalanceTimeoutMs, patience.signal).then(() => {
      throw new KeryxError("aborted", "the revoke outlived the rebalance timeout");
    });
    late.catch(() => {});
    try {
      await Promise.race([callbacks?.rebalance.revoked(partitions), late]);
    } finally {
      patience.abort();
    }
  }

  function dropAssignment(): void {
    const lost = current;
    current = undefined;
    if (lost) callbacks?.rebalance.lost(toAssignments(lost));
  }

  // ---- records

  function onBatch(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    const outcome = callbacks && deliverBatch(current, payload, () => current, guarded(callbacks.handle));
    if (outcome?.kind === "delivered") return outcome.handled;
    if (outcome?.kind === "stale")
      observe({ kind: "offsets.dropped", group, topic, partition, epoch: current?.epoch ?? 0, why: "batch" });
    // kafkajs' position and ours differ, for instance after a seek while this batch was on its way.
    if (outcome?.kind === "stale" && outcome.position !== undefined)
      membership?.seek({ topic, partition, offset: outcome.position });
    return Promise.resolve();
  }

  function guarded(handle: Callbacks["handle"]): (batch: PortBatch) => Promise<void> {
    return async (batch) => {
      try {
        await handle(batch);
      } catch (error) {
        // Thrown into kafkajs it would restart the loop for all partitions.
        observe({ kind: "internal.error", where: "batch", error });
      }
    };
  }

  function moveTo(assignment: Assignment, to: TopicPartitionOffset): void {
    assignment.positions.set(toKey(to), to.offset);
    membership?.seek(to);
  }

  function onOutOfRange(at: TopicPartition): void {
    const assignment = current;
    if (!assignment?.positions.has(toKey(at)) || assignment.recovering.has(toKey(at))) return;
    hold(assignment, at);
    callbacks?.onEvent({ kind: "out_of_range", partition: at });
    const recover = async (): Promise<void> => {
      for (;;) {
        try {
          const range = (await admin.offsets(at.topic)).find(({ partition }) => partition === at.partition);
          if (assignment !== current) return;
          if (range) moveTo(assignment, { ...at, offset: range.low });
          return release(assignment, at);
        } catch {
          if (assignment !== current || isClosed) return;
          await sleep(clock, retryMs);
        }
      }
    };
    void recover();
  }

  function onUnreadable(at: TopicPartitionOffset, error: unknown): void {
    const assignment = current;
    if (!assignment?.positions.has(toKey(at)) || assignment.recovering.has(toKey(at))) return;
    hold(assignment, at);
    callbacks?.onEvent({
      kind: "unreadable",
      at,
      error: toKeryxError(error, { action: "fetch", topics: [at.topic], group }),
    });
    later(unreadableRetryMs, () => release(assignment, at));
  }

  function hold(assignment: Assignment, at: TopicPartition): void {
    assignment.recovering.add(toKey(at));
    membership?.pause([at]);
  }

  function release(assignment: Assignment, at: TopicPartition): void {
    assignment.recovering.delete(toKey(at));
    if (assignment === current && assignment.state === "ready" && !assignment.isHeld(at))
      membership?.resume([at]);
  }

  // ---- crash, stall, restart

  function onCrash(error: unknown): void {
    if (isClosed) return;
    const old = membership;
    membership = undefined;
    watchdog.stopped();
    dropAssignment();
    void old?.stop();
    const mapped = toKeryxError(error, {
      action: "consume",
      group,
      ...(callbacks && { topics: callbacks.topics }),
    });
    const isFinal =
      finalCodes.has(mapped.code) || (mapped.details["class"] === "invalid-request" && !mapped.retriable);
    if (firstJoin && (isFinal || mapped.code === "topic_missing" || clock.now() >= firstJoin.deadline)) {
      firstJoin.reject(mapped);
      firstJoin = undefined;
      return;
    }
    callbacks?.onEvent({ kind: "crash", error: mapped, willRestart: !isFinal });
    if (!isFinal) restart();
  }

  function restart(): void {
    const delayMs = Math.min(restartMaxMs, restartBaseMs * 2 ** restarts);
    restarts = Math.min(restarts + 1, 10);
    later(delayMs, () => void launch());
  }

  function onStall(ageMs: number, isRepeated: boolean): void {
    callbacks?.onEvent({ kind: "stalled", ageMs });
    const error = new KeryxError("kafka_unavailable", `group ${group}: no sign of progress for ${ageMs} ms`);
    if (isRepeated) callbacks?.onEvent({ kind: "crash", error, willRestart: false });
    else onCrash(error);
  }

  async function isReachable(): Promise<boolean> {
    return admin.ping().then(
      () => true,
      () => false,
    );
  }

  function later(delayMs: number, run: () => void): void {
    const cancel = clock.schedule(delayMs, () => {
      pending.delete(cancel);
      if (!isClosed) run();
    });
    pending.add(cancel);
  }

  return {
    async start(topics, handle, rebalance, onEvent = () => {}) {
      if (isClosed) throw new KeryxError("closed", "the consumer is closed");
      const found = new Set((await admin.describeTopics(topics)).map(({ topic }) => topic));
      const missing = topics.filter((topic) => !found.has(topic));
      if (missing.length > 0)
        throw new KeryxError("topic_missing", `topic ${missing.join(", ")} does not exist`, {
          details: { topics: missing, group },
        });
      callbacks = { topics, handle, rebalance, onEvent };
      const joined = new Promise<void>((resolve, reject) => {
        firstJoin = { resolve, reject, deadline: clock.now() + firstJoinPatienceMs };
      });
      await Promise.all([joined, launch()]);
    },
    async commit(offsets, epoch) {
      const isOver = (): boolean => current?.epoch !== epoch || membership === undefined;
      if (isOver())
        throw new KeryxError("fenced", `group ${group}: epoch ${epoch} is over`, {
          details: { group, epoch },
        });
      if (offsets.length === 0) return;
      try {
        // The same tick as the check: the generation that goes out is that of the epoch.
        await membership?.commit(offsets);
      } catch (error) {
        throw toKeryxError(error, { action: "commit", group });
      }
    },
    pause(partitions) {
      const assignment = current;
      if (assignment === undefined) return;
      const known = partitions.filter((at) => assignment.has(at));
      for (const at of known) assignment.paused.add(toKey(at));
      if (known.length > 0) membership?.pause(known);
    },
    resume(partitions) {
      const assignment = current;
      if (assignment === undefined) return;
      for (const at of partitions) assignment.paused.delete(toKey(at));
      const free = partitions.filter((at) => assignment.has(at) && !assignment.isHeld(at));
      if (assignment.state === "ready" && free.length > 0) membership?.resume(free);
    },
    seek(to) {
      if (current?.has(to)) moveTo(current, to);
    },
    assignment: () => (current ? toAssignments(current) : []),
    async close() {
      if (isClosed) return;
      isClosed = true;
      watchdog.stopped();
      for (const cancel of pending) cancel();
      firstJoin?.reject(new KeryxError("closed", "the consumer was closed"));
      await membership?.stop();
      membership = undefined;
      current = undefined;
    },
  };
}

function toAssignments({
  partitions,
  epoch,
}: Assignment): { topic: string; partition: number; epoch: number }[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition, epoch }));
}
