import { createPartitionLog, type PartitionLog } from "./log/partition-log.ts";

export interface Partition {
  readonly topic: string;
  readonly index: number;
  leader: number;
  /** Stored and reported; there is one copy. */
  readonly replicas: readonly number[];
  readonly log: PartitionLog;
}

export interface Topic {
  readonly name: string;
  readonly partitions: Partition[];
  /** What was set; everything else is at its default. */
  readonly configs: Map<string, string>;
}

/** Names that Kafka takes. */
export function isTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== "." && name !== "..";
}

/** `replicas` are broker ids, the leader first. */
export function createPartition(topic: string, index: number, replicas: readonly number[]): Partition {
  return { topic, index, leader: replicas[0] ?? 0, replicas, log: createPartitionLog() };
}
