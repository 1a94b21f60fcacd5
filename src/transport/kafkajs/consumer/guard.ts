import type { EachBatchPayload } from "kafkajs";
import { sleep, systemClock } from "../../../core/clock.ts";
import { KeryxError } from "../../../core/errors.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../../core/record.ts";
import type { PortConsumerOptions } from "../../port.ts";
import { type Broker, type Cluster, type FetchRequest, type FetchResponse, onBroker } from "../cluster.ts";
import { hasErrorName, kafkaCodeOf, toKeryxError } from "../errors.ts";
import { readFetches } from "../fetch.ts";
import { toKey } from "./assignment.ts";
import { createFetchGate } from "./fetch-gate.ts";
import { asNotCoordinator, createJoining, silentNames, unknownMember } from "./join.ts";

const retryMs = 200;
const illegalGeneration = 22;

/** What one kafkajs consumer reports. Hooks never throw. */
export interface MembershipHooks {
  /** Synchronously, before the first fetch. */
  joined(memberId: string, partitions: readonly TopicPartition[]): void;
  /** The coordinator is looked for, which may take a while. */
  searching(): void;
  /** Awaited before the member joins again. `isLost`: the coordinator already gave its partitions away. */
  rejoining(isLost: boolean): Promise<void>;
  batch(payload: EachBatchPayload): Promise<void>;
  /** A fetched stretch without records: control records, aborted transactions, compaction. */
  skipped(
    at: TopicPartition,
    stretch: { fetchedOffset: bigint; lastOffset: bigint; highWatermark: bigint },
  ): void;
  outOfRange(at: TopicPartition): void;
  /** Bytes of this partition cannot be taken apart. */
  unreadable(at: TopicPartitionOffset, error: unknown): void;
  heartbeat(): void;
  fetched(): void;
  /** Whether a partition is to be fetched at this moment. */
  isOpen(at: TopicPartition): boolean;
  /** kafkajs gave up; it does not restart by itself. */
  crashed(error: unknown): void;
}

/** What the adapter knows of its group from beneath kafkajs, and the commit that goes out there. */
export interface ClusterGuard {
  hasJoined: boolean;
  isRejoining: boolean;
  isStopping: boolean;
  /** Where the last fetch of a partition began. */
  readonly fetchedFrom: Map<string, bigint>;
  /** What `isOpen` says may have changed. */
  readonly pausesChanged: () => void;
  commit(topics: readonly CommitTopic[]): Promise<void>;
}

export interface CommitTopic {
  readonly topic: string;
  readonly partitions: {
    readonly partition: number;
    readonly offset: string;
    readonly metadata: string | null;
  }[];
}

interface JoinedGroup {
  readonly coordinator: Broker;
  readonly memberId: string;
  readonly groupGenerationId: number;
}

type GuardOptions = Pick<PortConsumerOptions, "group" | "sessionTimeoutMs" | "maxWaitMs">;

/** Puts itself between kafkajs' consumer and the brokers: where joins wait, heartbeats fail and fetches come back. */
export function guardCluster(
  cluster: Cluster,
  { group: groupId, sessionTimeoutMs, maxWaitMs }: GuardOptions,
  hooks: MembershipHooks,
): ClusterGuard {
  const gate = createFetchGate(hooks.isOpen, maxWaitMs);
  let isLost = false;
  let group: JoinedGroup | undefined;
  const guard: ClusterGuard = {
    hasJoined: false,
    isRejoining: false,
    isStopping: false,
    fetchedFrom: new Map(),
    pausesChanged: gate.changed,
    async commit(topics) {
      if (group === undefined) throw new Error("the group was not joined yet");
      const { coordinator, ...member } = group;
      await coordinator.offsetCommit({ groupId, ...member, topics });
    },
  };
  const noteLost = (error: unknown): void => {
    const code = kafkaCodeOf(error);
    if (code === illegalGeneration || code === unknownMember) isLost = true;
  };
  const find = findPatiently(cluster, guard, sessionTimeoutMs);
  const prepareJoins = createJoining(() => guard.isStopping, sessionTimeoutMs);
  const removeBroker = cluster.removeBroker.bind(cluster);
  // kafkajs forgets the broker of each connection that ended, and gives up when none is left.
  cluster.removeBroker = (address) => {
    if (Object.keys(cluster.brokerPool.brokers).length > 1) removeBroker(address);
  };
  const findBroker = cluster.findBroker.bind(cluster);
  cluster.findBroker = (node) => findBroker(node).catch(throwAsClosed);

  // Every join begins with this call and waits for it: here, and nowhere else, a revoke can be awaited.
  cluster.findGroupCoordinator = async (request) => {
    hooks.searching();
    const coordinator = await find(request);
    if (guard.hasJoined) {
      guard.hasJoined = false;
      guard.isRejoining = true;
      // The last commit goes to the coordinator of today: the one that this member joined at may be gone.
      if (group !== undefined) group = { ...group, coordinator };
      await hooks.rejoining(isLost);
      guard.isRejoining = false;
    }
    isLost = false;
    return coordinator;
  };
  onBroker(cluster, (broker) => {
    intercept(broker, "heartbeat", (error) => {
      noteLost(error);
      // kafkajs would go on asking a coordinator that is gone, instead of looking for the next one.
      throw asNotCoordinator(error);
    });
    intercept(broker, "offsetCommit", noteLost);
    prepareJoins(broker);
    intercept(broker, "syncGroup", (error) => {
      throw asNotCoordinator(error);
    });
    const sync = broker.syncGroup.bind(broker);
    broker.syncGroup = (request) => {
      group = { coordinator: broker, memberId: request.memberId, groupGenerationId: request.generationId };
      return sync(request);
    };
    readFetches(broker);
    const fetch = broker.fetch.bind(broker);
    broker.fetch = (request) => gate.fetch(request, (open) => guardedFetch(fetch, open, guard, hooks));
  });
  return guard;
}

// kafkajs gives up after a few tries and with it the membership, which lasts as long as its session.
function findPatiently(
  cluster: Cluster,
  guard: ClusterGuard,
  patienceMs: number,
): Cluster["findGroupCoordinator"] {
  let hiddenError: unknown;
  onBroker(cluster, (broker) => {
    intercept(broker, "findGroupCoordinator", (error) => {
      hiddenError = error;
    });
  });
  const find = cluster.findGroupCoordinator.bind(cluster);
  return async (request) => {
    for (const deadlineMs = systemClock.now() + patienceMs; ; ) {
      if (guard.isStopping) throw new KeryxError("closed", "the consumer is closed");
      hiddenError = undefined;
      try {
        return await find(request);
      } catch (thrown) {
        // kafkajs swallows why no broker named a coordinator: no right on the group, or nobody there.
        const isHidden = hiddenError !== undefined && hasErrorName(thrown, "KafkaJSGroupCoordinatorNotFound");
        const error = isHidden ? hiddenError : thrown;
        const { retriable } = toKeryxError(error, { action: "find coordinator", group: request.groupId });
        if (!retriable || systemClock.now() >= deadlineMs) throw error;
        await sleep(systemClock, retryMs);
        await cluster.refreshMetadata().catch(() => {});
      }
    }
  };
}

// `note` may throw an error of its own in place of the one it is told.
function intercept(
  broker: Broker,
  method: "heartbeat" | "offsetCommit" | "syncGroup" | "findGroupCoordinator",
  note: (error: unknown) => void,
): void {
  const original = broker[method].bind(broker) as (request: never) => Promise<unknown>;
  broker[method] = (request: never) =>
    original(request).catch((error: unknown) => {
      note(error);
      throw error;
    });
}

// kafkajs answers "out of range" by committing its default position, and lets one unreadable partition fail the
// fetches of all. Both are taken out of its sight.
async function guardedFetch(
  fetch: Broker["fetch"],
  request: FetchRequest,
  guard: ClusterGuard,
  hooks: MembershipHooks,
): Promise<FetchResponse> {
  for (const { topic, partitions } of request.topics)
    for (const { partition, fetchOffset } of partitions)
      guard.fetchedFrom.set(toKey({ topic, partition }), BigInt(fetchOffset));
  try {
    return await fetch(request);
  } catch (error) {
    const at = error as Partial<TopicPartition>;
    if (
      hasErrorName(error, "KafkaJSOffsetOutOfRange") &&
      at.topic !== undefined &&
      at.partition !== undefined
    ) {
      hooks.outOfRange({ topic: at.topic, partition: at.partition });
      return { responses: [] };
    }
    if (hasErrorName(error, ...silentNames)) return throwAsClosed(error);
    if (!isUnreadable(error)) throw error;
    const single = request.topics.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partitions: [partition] })),
    );
    const [only] = single;
    if (single.length > 1 || only === undefined) {
      const parts: FetchResponse[] = [];
      for (const topic of single)
        parts.push(await guardedFetch(fetch, { ...request, maxWaitTime: 0, topics: [topic] }, guard, hooks));
      return { responses: parts.flatMap(({ responses }) => responses) };
    }
    const [{ partition, fetchOffset } = { partition: -1, fetchOffset: "-1" }] = only.partitions;
    hooks.unreadable({ topic: only.topic, partition, offset: BigInt(fetchOffset) }, error);
    return { responses: [] };
  }
}

// A fetch from a broker that is gone stops kafkajs' whole loop, and with it the heartbeats to brokers that are not;
// only for this class of error it forgets the broker and goes on.
async function throwAsClosed(error: unknown): Promise<never> {
  const { broker } = error as { broker?: unknown };
  if (typeof broker !== "string" || !hasErrorName(error, ...silentNames)) throw error;
  await sleep(systemClock, retryMs);
  const [, host, port] = /^(.*):(\d+)$/.exec(broker) ?? [];
  throw Object.assign(new Error(`no connection to ${broker}`, { cause: error }), {
    name: "KafkaJSConnectionClosedError",
    retriable: true,
    code: (error as { code?: unknown }).code,
    broker,
    host,
    port: Number(port),
  });
}

// What a decoder throws at bytes, in contrast to what a broker or a socket answers.
function isUnreadable(error: unknown): boolean {
  if (
    hasErrorName(
      error,
      "KeryxError",
      "RangeError",
      "TypeError",
      "KafkaJSInvalidVarIntError",
      "KafkaJSInvalidLongError",
    )
  )
    return true;
  return kafkaCodeOf(error) === 2;
}
