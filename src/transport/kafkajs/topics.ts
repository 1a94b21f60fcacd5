import { type Clock, sleep } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { Cluster } from "./cluster.ts";
import { kafkaCodeOf, toKeryxError } from "./errors.ts";
import type { PartitionMetadata } from "./metadata.ts";

const pollMs = 100;

/** Topic metadata of one cluster connection, with patience for what was created a moment ago. */
export interface TopicMetadata {
  /** Partitions of a topic. @throws `topic_missing` once it is still unknown at the deadline. */
  partitionsOf(topic: string): Promise<readonly PartitionMetadata[]>;
  /** Forgets topics that no longer exist: kafkajs asks for all it ever met at once, and fails if one is gone. */
  forgetMissing(): Promise<readonly string[]>;
}

export function createTopicMetadata(cluster: Cluster, clock: Clock, patienceMs: number): TopicMetadata {
  async function isMissing(topic: string): Promise<boolean> {
    try {
      const broker = await cluster.brokerPool.findConnectedBroker();
      await broker.metadata([topic]);
      return false;
    } catch (error) {
      return kafkaCodeOf(error) === 3;
    }
  }

  async function forgetMissing(): Promise<readonly string[]> {
    const topics = [...cluster.targetTopics];
    const missing = await Promise.all(topics.map(isMissing));
    const gone = topics.filter((_, i) => missing[i]);
    for (const topic of gone) cluster.targetTopics.delete(topic);
    return gone;
  }

  return {
    forgetMissing,
    async partitionsOf(topic) {
      const deadline = clock.now() + patienceMs;
      for (;;) {
        try {
          await cluster.addMultipleTargetTopics([topic]);
          await cluster.refreshMetadataIfNecessary();
          const partitions = cluster.findTopicPartitionMetadata(topic);
          if (partitions.length > 0) return partitions;
          await cluster.refreshMetadata();
        } catch (error) {
          const code = kafkaCodeOf(error);
          if (code !== 3 && code !== 5) throw toKeryxError(error, { action: "metadata", topics: [topic] });
          const gone = await forgetMissing();
          if (code === 3 && gone.length > 0 && !gone.includes(topic)) continue;
        }
        if (clock.now() >= deadline)
          throw new KeryxError("topic_missing", `topic ${topic} does not exist`, {
            details: { topics: [topic] },
          });
        await sleep(clock, pollMs);
      }
    },
  };
}
