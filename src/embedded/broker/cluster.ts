import type { Clock } from "../../core/clock.ts";
import { checkConfigs, defaultConfig } from "./configs.ts";
import { errorCodes } from "./error-codes.ts";
import { createGroup, type Group } from "./groups/group.ts";
import type { NewTopic, ResolvedBrokerOptions } from "./options.ts";
import type { BrokerSignal } from "./signals.ts";
import { createPartition, isTopicName, type Partition, type Topic } from "./topics.ts";
import { createTransactions, type Transactions } from "./txn/transactions.ts";
import { createVersionTable, type VersionTable } from "./versions.ts";

/** A broker of the cluster. Its addresses are known once it listens. */
export interface BrokerNode {
  readonly id: number;
  /** Port by listener name; empty while it is stopped. */
  readonly ports: Map<string, number>;
  isUp: boolean;
}

/** Who waits for more records in some partitions. */
export interface Waiter {
  isFor(partition: Partition): boolean;
  /** Called when one of them may have more to give; the waiter takes itself out when it has enough. */
  wake(): void;
}

/** All state of the cluster; handlers are synchronous, so nothing sees it half changed. */
export interface Cluster {
  readonly id: string;
  readonly options: ResolvedBrokerOptions;
  readonly clock: Clock;
  readonly topics: Map<string, Topic>;
  readonly brokers: Map<number, BrokerNode>;
  observe(signal: BrokerSignal): void;
  /** A repeatable number from 0 up to 1, and a repeatable id. */
  random(): number;
  nextId(): string;
  /** Brokers that are up, by id. Never empty while the cluster is open. */
  live(): readonly BrokerNode[];
  /** The live broker with the lowest id. */
  controller(): BrokerNode;
  /** Where a group or a transactional id is looked after. */
  coordinatorOf(id: string): BrokerNode;
  partition(topic: string, index: number): Partition | undefined;
  /** The partition when this broker leads it, else the code that says why not. */
  led(broker: BrokerNode, topic: string, index: number): Partition | number;
  /** A setting of a topic, at its default where it was not set. */
  config(topic: string, name: string): string;
  /** 0, or the code with which it was refused. */
  createTopic(topic: TopicRequest): number;
  deleteTopic(name: string): void;
  readonly groups: Map<string, Group>;
  /** The group of that id, made when it is asked for the first time. */
  groupOrNew(id: string): Group;
  readonly transactions: Transactions;
  /** Moves a partition to a live broker. */
  moveLeader(partition: Partition, broker: number): void;
  /** Spreads the leaders anew over the live brokers, where theirs is gone. */
  repairLeaders(): void;
  /** Draws the coordinators anew. */
  rehashCoordinators(): void;
  /** What is announced and served: the table, narrowed by `setVersions`. */
  readonly versions: VersionTable;
  wait(waiter: Waiter): () => void;
  /** Says that a partition may have more to give. */
  woken(partition: Partition): void;
}

export function createCluster(options: ResolvedBrokerOptions): Cluster {
  const random = createRandom(options.seed);
  const nextId = (): string =>
    Array.from({ length: 22 }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join("");
  const brokers = new Map<number, BrokerNode>();
  for (let index = 0; index < options.brokers; index++) {
    const id = options.firstBrokerId + index;
    brokers.set(id, { id, ports: new Map(), isUp: true });
  }
  const topics = new Map<string, Topic>();
  const groups = new Map<string, Group>();
  const changed = ({ id, state, generation, members }: Group): void =>
    options.observe({ kind: "group.changed", group: id, state, generation, members: members.size });
  const waiters = new Set<Waiter>();
  let hashSeed = 0;

  const live = (): readonly BrokerNode[] => [...brokers.values()].filter((broker) => broker.isUp);
  const nth = (index: number): BrokerNode => {
    const up = live();
    const found = up[index % up.length];
    if (found === undefined) throw new Error("no broker of the cluster is up");
    return found;
  };
  const cluster: Cluster = {
    id: nextId(),
    options,
    clock: options.clock,
    topics,
    brokers,
    groups,
    groupOrNew(id) {
      const known = groups.get(id);
      if (known !== undefined) return known;
      const { clock, initialRebalanceDelayMs: initialDelayMs } = options;
      const group = createGroup({ id, clock, initialDelayMs, newId: nextId, changed });
      groups.set(id, group);
      return group;
    },
    transactions: createTransactions({
      clock: options.clock,
      endOffsets: (group, producer, isCommit) =>
        groups.get(group)?.offsets.endTransaction(producer, isCommit),
      woken: (partition) => cluster.woken(partition),
      ended: (transactionalId, isCommit) =>
        options.observe({ kind: "transaction.ended", transactionalId, isCommit }),
    }),
    observe: options.observe,
    random,
    nextId,
    live,
    controller: () => nth(0),
    coordinatorOf: (id) => nth(hashOf(id) + hashSeed),
    partition: (topic, index) => topics.get(topic)?.partitions[index],
    led(broker, topic, index) {
      const found = cluster.partition(topic, index);
      if (found === undefined) return errorCodes.unknownTopicOrPartition;
      return found.leader === broker.id ? found : errorCodes.notLeaderOrFollower;
    },
    config: (topic, name) => topics.get(topic)?.configs.get(name) ?? defaultConfig(name),
    createTopic(topic) {
      const code = checkTopic(cluster, topic);
      if (code !== errorCodes.none) return code;
      topics.set(topic.name, buildTopic(cluster, topic));
      cluster.repairLeaders();
      return errorCodes.none;
    },
    deleteTopic(name) {
      const topic = topics.get(name);
      topics.delete(name);
      for (const group of groups.values()) group.offsets.forgetTopic(name);
      for (const partition of topic?.partitions ?? []) cluster.woken(partition);
    },
    moveLeader(partition, broker) {
      partition.leader = broker;
      cluster.observe({ kind: "leader.moved", topic: partition.topic, partition: partition.index, broker });
      cluster.woken(partition);
    },
    repairLeaders: () => repairLeaders(cluster),
    rehashCoordinators: () => void hashSeed++,
    versions: createVersionTable(),
    wait(waiter) {
      waiters.add(waiter);
      return () => void waiters.delete(waiter);
    },
    woken(partition) {
      for (const waiter of [...waiters]) if (waiter.isFor(partition)) waiter.wake();
    },
  };
  return cluster;
}

function repairLeaders({ topics, brokers, live, moveLeader }: Cluster): void {
  const up = live();
  for (const { partitions } of topics.values())
    for (const partition of partitions) {
      if (brokers.get(partition.leader)?.isUp) continue;
      const replica = partition.replicas.find((id) => brokers.get(id)?.isUp);
      // One copy serves all, so a partition without a live replica goes on elsewhere.
      moveLeader(partition, replica ?? up[partition.index % up.length]?.id ?? partition.leader);
    }
}

/** A topic with, where the client says so, the brokers of each partition. */
export interface TopicRequest extends NewTopic {
  readonly assignments?: readonly (readonly number[])[];
}

/** 0 when the topic can be created. */
export function checkTopic({ topics, brokers, options }: Cluster, topic: TopicRequest): number {
  const {
    name,
    assignments,
    partitions = options.defaultPartitions,
    replicationFactor = 1,
    configs = {},
  } = topic;
  const count = assignments?.length ?? partitions;
  if (!isTopicName(name)) return errorCodes.invalidTopic;
  if (topics.has(name)) return errorCodes.topicAlreadyExists;
  if (!Number.isInteger(count) || count < 1 || count > maxPartitions) return errorCodes.invalidPartitions;
  if (replicationFactor < 1 || replicationFactor > brokers.size) return errorCodes.invalidReplicationFactor;
  if (assignments?.every((replicas) => isAssignable(brokers, replicas)) === false)
    return errorCodes.invalidReplicaAssignment;
  return checkConfigs(Object.entries(configs).map(([name, value]) => ({ name, value })));
}

/** True for brokers that are there, each once. */
export function isAssignable(brokers: Cluster["brokers"], replicas: readonly number[]): boolean {
  const isKnown = replicas.every((id) => brokers.has(id));
  return isKnown && replicas.length > 0 && new Set(replicas).size === replicas.length;
}

const maxPartitions = 10_000;

function buildTopic({ topics, brokers, options }: Cluster, topic: TopicRequest): Topic {
  const { name, assignments, configs = {}, replicationFactor = 1 } = topic;
  const ids = [...brokers.keys()];
  const first = topics.size;
  const spread = (index: number): readonly number[] =>
    Array.from({ length: replicationFactor }, (_, at) => ids[(first + index + at) % ids.length] ?? 0);
  const count = assignments?.length ?? topic.partitions ?? options.defaultPartitions;
  return {
    name,
    configs: new Map(Object.entries(configs)),
    partitions: Array.from({ length: count }, (_, index) =>
      createPartition(name, index, assignments?.[index] ?? spread(index)),
    ),
  };
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Java's hash of a string, never negative. */
function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (31 * hash + text.charCodeAt(index)) | 0;
  return hash & 0x7fffffff;
}

/** Small repeatable generator (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
