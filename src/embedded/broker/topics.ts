import { checkConfigs } from "./configs.ts";
import { errorCodes } from "./error-codes.ts";
import { createPartitionLog, type PartitionLog } from "./log/partition-log.ts";
import type { NewTopic } from "./options.ts";

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
  configs: ReadonlyMap<string, string>;
}

/** A topic with, where the client says so, the brokers of each partition. */
export interface TopicRequest extends NewTopic {
  readonly assignments?: Assignments;
}

export type Assignments = readonly (readonly number[])[];

const maxPartitions = 10_000;

/** Names that Kafka takes. */
export function isTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== "." && name !== "..";
}

/** 0 when a topic can be created on brokers of these ids. */
export function checkTopic(topic: TopicRequest, brokers: readonly number[]): number {
  const { name, assignments, partitions = 1, replicationFactor = 1, configs = {} } = topic;
  if (!isTopicName(name)) return errorCodes.invalidTopic;
  if (replicationFactor < 1 || replicationFactor > brokers.length) return errorCodes.invalidReplicationFactor;
  const code = checkPartitions(0, assignments?.length ?? partitions, assignments, brokers);
  return code || checkConfigs(Object.entries(configs));
}

/** 0 when a topic of `before` partitions can have `count` of them, where `assignments` says if it says so. */
export function checkPartitions(
  before: number,
  count: number,
  assignments: Assignments | undefined,
  brokers: readonly number[],
): number {
  if (!Number.isInteger(count) || count <= before || count > maxPartitions)
    return errorCodes.invalidPartitions;
  const isFit = (ids: readonly number[]): boolean =>
    ids.length > 0 && ids.every((id) => brokers.includes(id)) && new Set(ids).size === ids.length;
  const isRight = assignments?.length === count - before && assignments.every(isFit);
  return assignments === undefined || isRight ? errorCodes.none : errorCodes.invalidReplicaAssignment;
}

/** Adds partitions; without assignments they go to one broker after the other, from `first` on. */
export function addPartitions(
  { name, partitions }: Topic,
  count: number,
  assignments: Assignments | undefined,
  spread: { readonly brokers: readonly number[]; readonly first: number; readonly replicationFactor: number },
): void {
  const { brokers, first, replicationFactor } = spread;
  const before = partitions.length;
  for (let index = before; index < count; index++) {
    const turn = (at: number): number => brokers[(first + index + at) % brokers.length] ?? 0;
    const replicas =
      assignments?.[index - before] ?? Array.from({ length: replicationFactor }, (_, at) => turn(at));
    partitions.push({ topic: name, index, leader: replicas[0] ?? 0, replicas, log: createPartitionLog() });
  }
}
