import type { Consumer, EachBatchPayload } from "kafkajs";
import { KeryxError } from "../../../core/errors.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../../core/record.ts";
import type { TransportOptions } from "../../options.ts";
import type { PortConsumerOptions, PortOffset } from "../../port.ts";
import { createClient } from "../client.ts";
import {
  type Broker,
  type Cluster,
  dropBroker,
  type FetchRequest,
  type FetchResponse,
  onBroker,
  withCluster,
} from "../cluster.ts";
import { hasErrorName, kafkaCodeOf } from "../errors.ts";
import { assignBySubscription } from "./assigner.ts";

const metadataMaxAgeMs = 30_000;
const stopPatienceMs = 10_000;
const silentNames = ["KafkaJSConnectionError", "KafkaJSConnectionClosedError", "KafkaJSRequestTimeoutError"];
const notCoordinator = {
  name: "KafkaJSProtocolError",
  type: "NOT_COORDINATOR_FOR_GROUP",
  code: 16,
  retriable: true,
};
const illegalGeneration = 22;
const unknownMember = 25;

/** What one kafkajs consumer reports. Hooks never throw. */
export interface MembershipHooks {
  /** Synchronously, before the first fetch. */
  joined(memberId: string, partitions: readonly TopicPartition[]): void;
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
  /** kafkajs gave up; it does not restart by itself. */
  crashed(error: unknown): void;
}

/** One kafkajs consumer from its first join to its end. A new one is made after a crash. */
export interface Membership {
  start(topics: readonly string[]): Promise<void>;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  seek(to: TopicPartitionOffset): void;
  /** One request under the generation of this moment. */
  commit(offsets: readonly PortOffset[]): Promise<void>;
  stop(): Promise<void>;
}

type CommitOffsets = EachBatchPayload["commitOffsetsIfNecessary"];

export function createMembership(
  transport: TransportOptions,
  options: PortConsumerOptions,
  hooks: MembershipHooks,
): Membership {
  const { client, cluster } = buildConsumer(transport, options);
  const guard = guardCluster(cluster, options.group, hooks);
  // Taken from any batch: kafkajs offers a commit that is one request, without retries of its own, only there.
  let commitOffsets: CommitOffsets | undefined;
  let isStopping = false;
  let running: Promise<void> | undefined;

  client.on(client.events.GROUP_JOIN, ({ payload }) => {
    if (isStopping) return;
    guard.hasJoined = true;
    hooks.joined(payload.memberId, toPartitions(payload.memberAssignment));
  });
  client.on(client.events.HEARTBEAT, () => hooks.heartbeat());
  client.on(client.events.FETCH, () => hooks.fetched());
  client.on(client.events.START_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize > 0 || isStopping) return;
    const fetchedOffset = guard.fetchedFrom.get(toKey(payload));
    if (fetchedOffset === undefined) return;
    hooks.skipped(payload, {
      fetchedOffset,
      lastOffset: BigInt(payload.lastOffset),
      highWatermark: BigInt(payload.highWatermark),
    });
  });
  client.on(client.events.CRASH, ({ payload }) => {
    if (!isStopping) hooks.crashed(payload.error);
  });

  return {
    async start(topics) {
      await client.connect();
      // `fromBeginning`: what kafkajs falls back to before our own start position is known must never lose records.
      await client.subscribe({ topics: [...topics], fromBeginning: true });
      running = client.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => {
          commitOffsets = payload.commitOffsetsIfNecessary;
          if (!isStopping) await hooks.batch(payload);
        },
      });
      await running;
    },
    pause: (partitions) => whileRunning(() => client.pause(toTopicPartitions(partitions))),
    resume: (partitions) => whileRunning(() => client.resume(toTopicPartitions(partitions))),
    seek: ({ topic, partition, offset }) =>
      whileRunning(() => client.seek({ topic, partition, offset: String(offset) })),
    commit(offsets) {
      const topics = toCommit(offsets);
      return commitOffsets === undefined || guard.isRejoining
        ? guard.commit(topics)
        : commitOffsets({ topics });
    },
    async stop() {
      isStopping = true;
      guard.isStopping = true;
      const stopped = client.disconnect().catch(() => {});
      // A join under way does not notice the end and would leave a member behind that nobody asked for.
      void running?.catch(() => {}).then(() => client.disconnect().catch(() => {}));
      await withPatience(stopped, stopPatienceMs);
      for (const broker of Object.values(cluster.brokerPool.brokers))
        dropBroker(cluster, broker, "the consumer is closed");
    },
  };
}

// kafkajs throws when it has crashed and not yet told: what was asked of the ended group is moot.
function whileRunning(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!hasErrorName(error, "KafkaJSNonRetriableError")) throw error;
  }
}

function buildConsumer(
  transport: TransportOptions,
  options: PortConsumerOptions,
): { client: Consumer; cluster: Cluster } {
  const { sessionTimeoutMs } = options;
  // A request that hangs must end while the session still lives.
  const requestTimeoutMs = Math.min(transport.requestTimeoutMs, Math.max(1_000, sessionTimeoutMs / 2));
  const kafka = createClient(transport, { requestTimeoutMs, retries: 3 });
  return withCluster(kafka, () =>
    kafka.consumer({
      groupId: options.group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      heartbeatInterval: Math.min(3_000, Math.floor(sessionTimeoutMs / 10)),
      maxWaitTimeInMs: Math.min(250, options.maxWaitMs),
      maxBytesPerPartition: options.maxBytesPerPartition,
      metadataMaxAge: metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      partitionAssigners: [assignBySubscription],
      // Restarting is ours: kafkajs would keep pauses and positions of another life.
      retry: { retries: 8, restartOnFailure: async () => false },
    }),
  );
}

interface ClusterGuard {
  hasJoined: boolean;
  isRejoining: boolean;
  isStopping: boolean;
  /** Where the last fetch of a partition began. */
  readonly fetchedFrom: Map<string, bigint>;
  commit(topics: ReturnType<typeof toCommit>): Promise<void>;
}

interface JoinedGroup {
  readonly coordinator: Broker;
  readonly memberId: string;
  readonly groupGenerationId: number;
}

function guardCluster(cluster: Cluster, groupId: string, hooks: MembershipHooks): ClusterGuard {
  let isLost = false;
  let hiddenError: unknown;
  let group: JoinedGroup | undefined;
  const guard: ClusterGuard = {
    hasJoined: false,
    isRejoining: false,
    isStopping: false,
    fetchedFrom: new Map(),
    async commit(topics) {
      if (group === undefined) throw new Error("the group was not joined yet");
      const { coordinator, ...member } = group;
      await coordinator.offsetCommit({ groupId, ...member, topics });
    },
  };

  // Every join begins with this call and waits for it: here, and nowhere else, a revoke can be awaited.
  const find = cluster.findGroupCoordinator.bind(cluster);
  cluster.findGroupCoordinator = async (request) => {
    if (guard.isStopping) throw new KeryxError("closed", "the consumer is closed");
    hiddenError = undefined;
    const coordinator = await find(request).catch((error: unknown) => {
      // kafkajs swallows why no broker named a coordinator: no right on the group, or nobody there.
      if (hiddenError !== undefined && hasErrorName(error, "KafkaJSGroupCoordinatorNotFound"))
        throw hiddenError;
      throw error;
    });
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
    const noteLost = (error: unknown): void => {
      const code = kafkaCodeOf(error);
      if (code === illegalGeneration || code === unknownMember) isLost = true;
    };
    intercept(broker, "heartbeat", (error) => {
      noteLost(error);
      // kafkajs would go on asking a coordinator that is gone, instead of looking for the next one.
      if (hasErrorName(error, ...silentNames))
        throw Object.assign(new Error("the coordinator does not answer"), notCoordinator, { cause: error });
    });
    intercept(broker, "offsetCommit", noteLost);
    intercept(broker, "findGroupCoordinator", (error) => {
      hiddenError = error;
    });
    const sync = broker.syncGroup.bind(broker);
    broker.syncGroup = (request) => {
      group = { coordinator: broker, memberId: request.memberId, groupGenerationId: request.generationId };
      return sync(request);
    };
    const fetch = broker.fetch.bind(broker);
    broker.fetch = (request) => guardedFetch(fetch, request, guard, hooks);
  });
  return guard;
}

function intercept(
  broker: Broker,
  method: "heartbeat" | "offsetCommit" | "findGroupCoordinator",
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

/** `topic/partition`, for maps. */
export function toKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function toPartitions(assignment: Readonly<Record<string, readonly number[]>>): TopicPartition[] {
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function toTopicPartitions(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }));
}

function toCommit(
  offsets: readonly PortOffset[],
): { topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[] {
  const topics = [...new Set(offsets.map(({ topic }) => topic))];
  return topics.map((topic) => ({
    topic,
    partitions: offsets
      .filter((offset) => offset.topic === topic)
      .map(({ partition, offset, metadata = null }) => ({ partition, offset: String(offset), metadata })),
  }));
}

async function withPatience(work: Promise<unknown>, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([work, patience]);
  clearTimeout(timer);
}
