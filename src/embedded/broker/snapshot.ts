import type { Cluster } from "./cluster.ts";
import type { CommittedOffset, PendingOffsets } from "./groups/offsets.ts";
import { createPartitionLog, type LogSnapshot } from "./log/partition-log.ts";
import type { Partition, Topic } from "./topics.ts";
import type { Transaction } from "./txn/transactions.ts";

/** All memory of a cluster at one moment; members of groups are not part of it, they have connections. */
export interface Snapshot {
  readonly topics: readonly (Omit<Topic, "partitions"> & {
    readonly partitions: readonly (Omit<Partition, "log"> & { readonly log: LogSnapshot })[];
  })[];
  readonly groups: readonly {
    readonly id: string;
    readonly generation: number;
    readonly offsets: readonly CommittedOffset[];
    readonly pending: PendingOffsets;
  }[];
  readonly transactions: readonly (Omit<Transaction, "partitions"> & {
    readonly partitions: readonly Pick<Partition, "topic" | "index">[];
  })[];
  readonly lastProducerId: number;
}

export function takeSnapshot({ topics, groups, transactions }: Cluster): Snapshot {
  return {
    topics: [...topics.values()].map(({ name, configs, partitions }) => ({
      name,
      configs: new Map(configs),
      partitions: partitions.map((partition) => ({ ...partition, log: partition.log.snapshot() })),
    })),
    groups: [...groups.values()].map(({ id, generation, offsets }) => ({
      ...{ id, generation, offsets: offsets.all(), pending: offsets.pending() },
    })),
    transactions: transactions
      .all()
      .map(({ id, producerId, epoch, state, timeoutMs, partitions, groups }) => ({
        ...{ id, producerId, epoch, state, timeoutMs, groups: new Set(groups) },
        partitions: [...partitions].map(({ topic, index }) => ({ topic, index })),
      })),
    lastProducerId: transactions.lastProducerId(),
  };
}

/** Puts a cluster back to where it was. Groups with members keep them and share anew. */
export function restoreSnapshot(cluster: Cluster, snapshot: Snapshot): void {
  const before = [...cluster.topics.values()].flatMap(({ partitions }) => partitions);
  cluster.topics.clear();
  for (const { name, configs, partitions } of snapshot.topics) {
    // The bytes of batches do not change once they are in a log, so logs may share them.
    const restored = partitions.map((partition) => ({
      ...partition,
      log: createPartitionLog(partition.log),
    }));
    cluster.topics.set(name, { name, configs: new Map(configs), partitions: restored });
  }
  cluster.repairLeaders();
  for (const [id, { members }] of cluster.groups) if (members.size === 0) cluster.groups.delete(id);
  for (const group of cluster.groups.values()) group.offsets.restore([]);
  for (const { id, generation, offsets, pending } of snapshot.groups) {
    const group = cluster.groupOrNew(id);
    group.generation = Math.max(group.generation, generation);
    group.offsets.restore(offsets, pending);
  }
  const transactions = snapshot.transactions.map(({ partitions, ...rest }) => {
    const found = partitions.map(({ topic, index }) => cluster.partition(topic, index));
    return { ...rest, partitions: new Set(found.filter((one) => one !== undefined)) };
  });
  cluster.transactions.restore(transactions, snapshot.lastProducerId);
  for (const partition of before) cluster.woken(partition);
}
