import type { Clock } from "../../core/clock.ts";
import { createRandom } from "../../core/random.ts";
import { defaultConfig } from "./configs.ts";
import { errorCodes } from "./error-codes.ts";
import { createGroup, type Group } from "./groups/group.ts";
import type { ResolvedBrokerOptions } from "./options.ts";
import type { BrokerSignal } from "./signals.ts";
import { addPartitions, checkTopic, type Partition, type Topic, type TopicRequest } from "./topics.ts";
import { createTransactions, type Transactions } from "./txn/transactions.ts";
import { type ApiVersions, apiVersions } from "./versions.ts";

/** A broker of the cluster. Its addresses are known once it listens. */
export interface BrokerNode {
  readonly id: number;
  /** Port by listener name; those of before while it is stopped. */
  readonly ports: Map<string, number>;
  isUp: boolean;
}

/** All state of the cluster; handlers are synchronous, so nothing sees it half changed. */
export interface Cluster {
  readonly id: string;
  readonly options: ResolvedBrokerOptions;
  readonly clock: Clock;
  readonly topics: Map<string, Topic>;
  readonly brokers: Map<number, BrokerNode>;
  readonly groups: Map<string, Group>;
  readonly transactions: Transactions;
  /** What is announced and served. */
  readonly versions: Map<number, ApiVersions>;
  observe(signal: BrokerSignal): void;
  /** A repeatable number from 0 up to 1. */
  random(): number;
  /** Brokers that are up, by id. Never empty while the cluster is open. */
  live(): readonly BrokerNode[];
  /** The live broker with the lowest id. */
  controller(): BrokerNode;
  /** Where a group or a transactional id is looked after. */
  coordinatorOf(id: string): BrokerNode;
  /** Draws the coordinators anew. */
  rehashCoordinators(): void;
  partition(topic: string, index: number): Partition | undefined;
  /** The partition when this broker leads it, else the code that says why not. */
  led(broker: BrokerNode, topic: string, index: number): Partition | number;
  /** A setting of a topic, at its default where it was not set. */
  config(topic: string, name: string): string;
  /** 0, or the code with which it was refused. */
  createTopic(topic: TopicRequest, validateOnly?: boolean): number;
  deleteTopic(name: string): void;
  /** The group of that id, made when it is asked for the first time. */
  groupOrNew(id: string): Group;
  /** Moves a partition to a live broker. */
  moveLeader(partition: Partition, broker: number): void;
  /** Finds live leaders for the partitions whose own is gone. */
  repairLeaders(): void;
  /** Calls with each partition that may have more to give, until it is cancelled. */
  wait(wake: (partition: Partition) => void): () => void;
  /** Says that a partition may have more to give. */
  woken(partition: Partition): void;
}

export function createCluster(options: ResolvedBrokerOptions): Cluster {
  const { clock, observe, firstBrokerId, defaultPartitions } = options;
  const random = createRandom(options.seed);
  const nextId = (): string =>
    Array.from({ length: 22 }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join("");
  const ids = Array.from({ length: options.brokers }, (_, index) => firstBrokerId + index);
  const brokers = new Map(ids.map((id) => [id, { id, ports: new Map<string, number>(), isUp: true }]));
  const topics = new Map<string, Topic>();
  const groups = new Map<string, Group>();
  const waiters = new Set<(partition: Partition) => void>();
  let hashSeed = 0;

  const live = (): readonly BrokerNode[] => [...brokers.values()].filter((broker) => broker.isUp);
  const nth = (index: number): BrokerNode => {
    const up = live();
    const found = up[index % up.length];
    if (found === undefined) throw new Error("no broker of the cluster is up");
    return found;
  };
  const woken = (partition: Partition): void => {
    for (const wake of [...waiters]) wake(partition);
  };
  const cluster: Cluster = {
    ...{ id: nextId(), options, clock, topics, brokers, groups, observe, random, live, woken },
    versions: new Map(apiVersions.map((row) => [row.key, row])),
    transactions: createTransactions({
      clock,
      woken,
      endOffsets: (group, producer, isCommit) =>
        groups.get(group)?.offsets.endTransaction(producer, isCommit),
      ended: (transactionalId, isCommit) => observe({ kind: "transaction.ended", transactionalId, isCommit }),
    }),
    controller: () => nth(0),
    coordinatorOf: (id) => nth(hashOf(id) + hashSeed),
    rehashCoordinators: () => void hashSeed++,
    partition: (topic, index) => topics.get(topic)?.partitions[index],
    led(broker, topic, index) {
      const found = cluster.partition(topic, index);
      if (found === undefined) return errorCodes.unknownTopicOrPartition;
      return found.leader === broker.id ? found : errorCodes.notLeaderOrFollower;
    },
    config: (topic, name) => topics.get(topic)?.configs.get(name) ?? defaultConfig(name),
    createTopic(asked, validateOnly = false) {
      const { name, assignments, partitions = defaultPartitions, replicationFactor = 1, configs } = asked;
      const all = [...brokers.keys()];
      const code = topics.has(name)
        ? errorCodes.topicAlreadyExists
        : checkTopic({ ...asked, partitions }, all);
      if (code !== errorCodes.none || validateOnly) return code;
      const topic: Topic = { name, configs: new Map(Object.entries(configs ?? {})), partitions: [] };
      const spread = { brokers: all, first: topics.size, replicationFactor };
      addPartitions(topic, assignments?.length ?? partitions, assignments, spread);
      topics.set(name, topic);
      cluster.repairLeaders();
      observe({ kind: "topic.created", topic: name, partitions: topic.partitions.length });
      return errorCodes.none;
    },
    deleteTopic(name) {
      const topic = topics.get(name);
      topics.delete(name);
      for (const group of groups.values()) group.offsets.forgetTopic(name);
      for (const partition of topic?.partitions ?? []) woken(partition);
      observe({ kind: "topic.deleted", topic: name });
    },
    groupOrNew(id) {
      const initialDelayMs = options.initialRebalanceDelayMs;
      const changed = ({ state, generation, members }: Group): void =>
        observe({ kind: "group.changed", group: id, state, generation, members: members.size });
      const group = groups.get(id) ?? createGroup({ id, clock, initialDelayMs, newId: nextId, changed });
      groups.set(id, group);
      return group;
    },
    moveLeader(partition, broker) {
      partition.leader = broker;
      observe({ kind: "leader.moved", topic: partition.topic, partition: partition.index, broker });
      woken(partition);
    },
    repairLeaders() {
      const isUp = (id: number): boolean => brokers.get(id)?.isUp === true;
      for (const partition of [...topics.values()].flatMap(({ partitions }) => partitions))
        if (!isUp(partition.leader))
          // One copy serves all, so a partition without a live replica goes on elsewhere.
          cluster.moveLeader(partition, partition.replicas.find(isUp) ?? nth(partition.index).id);
    },
    wait(wake) {
      waiters.add(wake);
      return () => void waiters.delete(wake);
    },
  };
  return cluster;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Java's hash of a string, never negative. */
function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (31 * hash + text.charCodeAt(index)) | 0;
  return hash & 0x7fffffff;
}
