import kafkajs, { type Admin, type ITopicConfig } from "kafkajs";
import { type Clock, sleep } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import { createStartOnce } from "../../core/lifecycle.ts";
import type { TransportOptions } from "../options.ts";
import type { NewTopic, PortAdmin, PortOffset, TopicDescription } from "../port.ts";
import { createClient } from "./client.ts";
import { type Cluster, withCluster } from "./cluster.ts";
import { kafkaCodeOf, toKeryxError } from "./errors.ts";
import { commitForGroup } from "./group-commit.ts";
import type { Metadata } from "./metadata.ts";
import { retryWhile } from "./retry.ts";

const leaderPollMs = 50;
const leaderPatienceMs = 15_000;
const brokerResource = 4;
const leaderNotAvailable = 5;
/** Unknown topic, no leader, not the leader, no replica: what brokers answer until they have heard of a topic. */
const notYetCodes: ReadonlySet<number> = new Set([3, leaderNotAvailable, 6, 9]);

export interface KafkajsAdmin extends PortAdmin {
  ping(): Promise<{ readonly brokers: number; readonly controller: number | null }>;
}

/** One request: connects first, and turns errors into ours. */
type Ask = <T>(
  action: string,
  topics: readonly string[],
  run: (admin: Admin, cluster: Cluster) => Promise<T>,
  group?: string,
) => Promise<T>;

export function createKafkajsAdmin(transport: TransportOptions, clock: Clock): KafkajsAdmin {
  let isClosed = false;
  let made: { readonly client: Admin; readonly cluster: Cluster } | undefined;
  const connect = createStartOnce(async () => {
    const kafka = createClient(transport, { requestTimeoutMs: transport.requestTimeoutMs, retries: 2 });
    const both = withCluster(kafka, () => kafka.admin());
    try {
      await both.client.connect();
    } catch (error) {
      await both.client.disconnect().catch(() => {});
      throw error;
    }
    made = both;
  });

  const ask: Ask = async (action, about, run, group) => {
    if (isClosed) throw new KeryxError("closed", "the Kafka client is closed");
    try {
      await connect();
      if (made === undefined) throw new KeryxError("closed", "the Kafka client is closed");
      return await run(made.client, made.cluster);
    } catch (error) {
      // kafkajs asks broker after broker, swallows each failure and takes apart the answer that it does not have.
      if (error instanceof TypeError)
        throw new KeryxError("broker_unreachable", `${action}: no broker answered`, { cause: error });
      throw toKeryxError(error, {
        action,
        ...(about.length > 0 && { topics: about }),
        ...(group !== undefined && { group }),
      });
    }
  };

  return {
    ping: () =>
      ask("ping", [], async (_, cluster) => {
        const { brokers, controllerId = -1 } = await fetchMetadata(cluster, []);
        return { brokers: brokers.length, controller: controllerId < 0 ? null : controllerId };
      }),
    async describeTopics(topics) {
      const found = await Promise.all(topics.map((topic) => describeTopic(ask, clock, topic)));
      return found.filter((topic) => topic !== undefined);
    },
    describeConfig: (topic) =>
      ask("describe configuration", [topic], async (admin) => {
        const { resources } = await admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
        });
        return new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]));
      }),
    createTopics: (topics) => createAll(ask, clock, topics),
    deleteTopics: (topics) =>
      ask("delete topics", topics, (admin) => admin.deleteTopics({ topics: [...topics] })),
    offsets: (topic) =>
      ask("read offsets", [topic], async (admin) => {
        const found = await admin.fetchTopicOffsets(topic);
        return found
          .map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
          .sort((a, b) => a.partition - b.partition);
      }),
    groupOffsets: (group, topics = []) =>
      ask("read group offsets", topics, (admin) => fetchCommitted(admin, group, topics), group),
    commitOffsets: (group, offsets) =>
      ask("commit group offsets", [], (_, cluster) => commitForGroup(cluster, clock, group, offsets), group),
    async close() {
      isClosed = true;
      await made?.client.disconnect().catch(() => {});
    },
  };
}

/** Asks for itself: kafkajs would put these topics in place of those that requests beside this one stand on. */
async function fetchMetadata(cluster: Cluster, topics: readonly string[], tries = 2): Promise<Metadata> {
  const broker = await cluster.brokerPool.findConnectedBroker();
  try {
    return await broker.metadata(topics);
  } catch (error) {
    // A broker that gave no answer is out of the pool by now: there may be another one.
    if (kafkaCodeOf(error) !== undefined || tries <= 1) throw error;
    return fetchMetadata(cluster, topics, tries - 1);
  }
}

async function describeTopic(ask: Ask, clock: Clock, topic: string): Promise<TopicDescription | undefined> {
  return ask("describe topics", [topic], async (_, cluster) => {
    try {
      const { topicMetadata } = await whileUnknown(
        clock,
        () => fetchMetadata(cluster, [topic]),
        (error) => kafkaCodeOf(error) === leaderNotAvailable,
      );
      const partitions = topicMetadata[0]?.partitionMetadata ?? [];
      return {
        topic,
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicas.length ?? 0,
      };
    } catch (error) {
      if (kafkaCodeOf(error) === 3) return undefined;
      throw error;
    }
  });
}

// kafkajs' newest request lets the broker choose neither number: its own defaults have to be read first.
async function brokerDefaults(
  ask: Ask,
  clock: Clock,
): Promise<{ partitions: number; replicationFactor: number }> {
  return ask("describe broker", [], async (admin, cluster) => {
    const { brokers } = await fetchMetadata(cluster, []);
    const name = String(brokers[0]?.nodeId ?? 0);
    // Beforehand kafkajs asks for all topics that it has met, and another broker may not have heard of the last one.
    const { resources } = await whileUnknown(clock, () =>
      admin.describeConfigs({ includeSynonyms: false, resources: [{ type: brokerResource, name }] }),
    );
    const config = new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]));
    return {
      partitions: Number(config.get("num.partitions") ?? 1),
      replicationFactor: Number(config.get("default.replication.factor") ?? 1),
    };
  });
}

// kafkajs' own wait gives up on "unknown topic", which other brokers answer for a topic that was just created.
async function waitForLeaders(ask: Ask, clock: Clock, topics: readonly string[]): Promise<void> {
  const deadline = clock.now() + leaderPatienceMs;
  for (;;) {
    const isReady = await ask("describe topics", topics, async (admin, cluster) => {
      try {
        const { topicMetadata } = await fetchMetadata(cluster, topics);
        const isElected = topicMetadata.every(({ partitionMetadata }) =>
          partitionMetadata.every(
            ({ leader, isr, replicas }) => leader >= 0 && isr.length === replicas.length,
          ),
        );
        if (!isElected) return false;
        // The metadata may name a leader that has not heard of it yet: only its own answer tells.
        await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
        return true;
      } catch (error) {
        // kafkajs takes apart the answer of a broker that knows no partition yet, and finds none.
        if (notYetCodes.has(kafkaCodeOf(error) ?? 0) || error instanceof TypeError) return false;
        throw error;
      }
    });
    if (isReady) return;
    if (clock.now() >= deadline)
      throw new KeryxError(
        "kafka_unavailable",
        `create topics (${topics.join(", ")}): no leader within ${leaderPatienceMs} ms`,
      );
    await sleep(clock, leaderPollMs);
  }
}

async function createAll(ask: Ask, clock: Clock, wanted: readonly NewTopic[]): Promise<readonly string[]> {
  if (wanted.length === 0) return [];
  const isOpen = wanted.some(
    ({ partitions, replicationFactor }) => partitions === undefined || replicationFactor === undefined,
  );
  const defaults = isOpen ? await brokerDefaults(ask, clock) : { partitions: 1, replicationFactor: 1 };
  const created: string[] = [];
  // One by one: of several in one request, kafkajs does not tell which existed.
  for (const topic of wanted)
    if (
      await ask("create topics", [topic.topic], (admin) =>
        whileUnknown(clock, () => createOne(admin, topic, defaults)),
      )
    )
      created.push(topic.topic);
  await waitForLeaders(
    ask,
    clock,
    wanted.map(({ topic }) => topic),
  );
  return created;
}

/**
 * Repeats a request whose failure says that some broker has not heard yet of a topic that was created a moment ago:
 * before it creates one, kafkajs asks any broker for all topics that it has met so far.
 */
export function whileUnknown<T>(
  clock: Clock,
  run: () => Promise<T>,
  isUnknown: (error: unknown) => boolean = (error) => notYetCodes.has(kafkaCodeOf(error) ?? 0),
  patienceMs: number = leaderPatienceMs,
): Promise<T> {
  return retryWhile(clock, run, isUnknown, { patienceMs, everyMs: leaderPollMs });
}

async function createOne(
  admin: Admin,
  { topic, partitions, replicationFactor, config }: NewTopic,
  defaults: { partitions: number; replicationFactor: number },
): Promise<boolean> {
  const wanted: ITopicConfig = {
    topic,
    numPartitions: partitions ?? defaults.partitions,
    replicationFactor: replicationFactor ?? defaults.replicationFactor,
    configEntries: Object.entries(config ?? {}).map(([name, value]) => ({ name, value })),
  };
  return admin.createTopics({ waitForLeaders: false, topics: [wanted] });
}

/**
 * Asks for everything that the group has committed. Asked for topics, kafkajs would take their partitions from its
 * metadata, and a partition that these lack would count as never committed.
 */
async function fetchCommitted(admin: Admin, group: string, topics: readonly string[]): Promise<PortOffset[]> {
  const found = await admin.fetchOffsets({ groupId: group, topics: [] });
  const wanted = topics.length === 0 ? found : found.filter(({ topic }) => topics.includes(topic));
  return wanted.flatMap(({ topic, partitions }) =>
    partitions
      .filter(({ offset }) => BigInt(offset) >= 0n)
      .map(({ partition, offset, metadata }) => ({
        topic,
        partition,
        offset: BigInt(offset),
        ...(metadata !== null && metadata !== "" && { metadata }),
      })),
  );
}
