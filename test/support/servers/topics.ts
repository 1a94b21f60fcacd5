import { waitUntil, withAdmin } from "./ready.ts";

export interface TestTopic {
  readonly topic: string;
  readonly partitions?: number;
  /** Default: the cluster's. */
  readonly replicas?: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** Creates topics and waits until every partition has a leader and all its copies in sync. */
export async function createTopics(brokers: readonly string[], topics: readonly TestTopic[]): Promise<void> {
  await withAdmin(brokers, (admin) =>
    admin.createTopics({
      // The client's own wait gives up on a topic that one broker does not know yet.
      waitForLeaders: false,
      topics: topics.map(({ topic, partitions = 3, replicas = -1, config = {} }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: replicas,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    }),
  );
  await waitForFullIsr(
    brokers,
    topics.map((topic) => topic.topic),
  );
}

/** Waits until every copy of every partition is in sync, for example after a broker came back. */
export async function waitForFullIsr(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  await waitUntil(`all copies of ${topics.join(", ")} in sync`, () =>
    withAdmin(brokers, async (admin) => {
      const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
      const isInSync = metadata.topics.every((topic) =>
        topic.partitions.every((one) => one.leader >= 0 && one.isr.length === one.replicas.length),
      );
      // A leader that the metadata names may not know it yet: it must answer itself.
      if (isInSync) await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
      return isInSync;
    }),
  );
}
