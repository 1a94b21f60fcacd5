import type { Consumer, EachBatchPayload } from "kafkajs";
import type { TopicPartition, TopicPartitionOffset } from "../../../core/record.ts";
import type { TransportOptions } from "../../options.ts";
import type { PortConsumerOptions, PortOffset } from "../../port.ts";
import { createClient } from "../client.ts";
import { type Cluster, dropBroker, withCluster } from "../cluster.ts";
import { hasErrorName } from "../errors.ts";
import { assignBySubscription } from "./assigner.ts";
import { toKey } from "./assignment.ts";
import { type CommitTopic, guardCluster, type MembershipHooks } from "./guard.ts";

const metadataMaxAgeMs = 30_000;
/** With the brokers away there is nobody to say goodbye to, and a platform that ends the process does not wait long. */
const stopPatienceMs = 3_000;
const longestWaitMs = 250;

/** One kafkajs consumer from its first join to its end. A new one is made after a crash. */
export interface Membership {
  start(topics: readonly string[]): Promise<void>;
  /** What the hook `isOpen` says may have changed. */
  pausesChanged(): void;
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
  const maxWaitMs = Math.min(longestWaitMs, options.maxWaitMs);
  const { client, cluster } = buildConsumer(transport, { ...options, maxWaitMs });
  const guard = guardCluster(cluster, { ...options, maxWaitMs }, hooks);
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
    pausesChanged: guard.pausesChanged,
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
      guard.pausesChanged();
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
  // A heartbeat that hangs and the fetch that it then waits for must both end while the session still lives.
  const requestTimeoutMs = Math.min(transport.requestTimeoutMs, Math.max(1_000, sessionTimeoutMs / 3));
  const kafka = createClient(transport, { requestTimeoutMs, retries: 3 });
  return withCluster(kafka, () =>
    kafka.consumer({
      groupId: options.group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      heartbeatInterval: Math.min(3_000, Math.floor(sessionTimeoutMs / 10)),
      maxWaitTimeInMs: options.maxWaitMs,
      maxBytesPerPartition: options.maxBytesPerPartition,
      metadataMaxAge: metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      partitionAssigners: [assignBySubscription],
      // Restarting is ours: kafkajs would keep pauses and positions of another life.
      retry: { retries: 8, restartOnFailure: async () => false },
    }),
  );
}

function toPartitions(assignment: Readonly<Record<string, readonly number[]>>): TopicPartition[] {
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function toCommit(offsets: readonly PortOffset[]): CommitTopic[] {
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
