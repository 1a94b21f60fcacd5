import type { Cluster } from "./cluster.ts";
import type { CommittedOffset, PendingOffsets } from "./groups/offsets.ts";
import { createPartitionLog, type LogSnapshot } from "./log/partition-log.ts";
import type { Partition } from "./topics.ts";
import type { Transaction } from "./txn/transactions.ts";

/** All memory of a cluster at one moment; members of groups are not part of it, they have connections. */
export interface Snapshot {
  readonly topics: readonly {
    readonly name: string;
    readonly configs: readonly (readonly [string, string])[];
    readonly partitions: readonly {
      readonly leader: number;
      readonly replicas: readonly number[];
      readonly log: LogSnapshot;
    }[];
  }[];
  readonly groups: readonly {
    readonly id: string;
    readonly generation: number;
    readonly offsets: readonly CommittedOffset[];
    readonly pending: PendingOffsets;
  }[];
  readonly transactions: readonly (Omit<Transaction, "partitions"> & {
    readonly partitions: readonly { readonly topic: string; readonly index: number }[];
  })[];
  readonly lastProducerId: number;
}

export function takeSnapshot({ topics, groups, transactions }: Cluster): Snapshot {
  return {
    topics: [...topics.values()].map(({ name, configs, partitions }) => ({
      name,
      configs: [...configs],
      partitions: partitions.map(({ leader, replicas, log }) => ({ leader, replicas, log: log.snapshot() })),
    })),
    groups: [...groups.values()].map(({ id, generation, offsets }) => ({
      id,
      generation,
      offsets: offsets.all(),
      pending: offsets.pending(),
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
export function restoreSnapshot(
  cluster: Cluster,
  { topics, groups, transactions, lastProducerId }: Snapshot,
): void {
  const before = [...cluster.topics.values()].flatMap(({ partitions }) => partitions);
  cluster.topics.clear();
  for (const { name, configs, partitions } of topics)
    cluster.topics.set(name, {
      name,
      configs: new Map(configs),
      partitions: partitions.map(({ leader, replicas, log }, index) => ({
        ...{ topic: name, index, leader, replicas },
        // Batches carry their offset in place; each copy of the log needs its own.
        log: createPartitionLog({ ...log, batches: log.batches.map((batch) => Buffer.from(batch)) }),
      })),
    });
  cluster.repairLeaders();
  for (const [id, { members }] of cluster.groups) if (members.size === 0) cluster.groups.delete(id);
  for (const group of cluster.groups.values()) group.offsets.restore([]);
  for (const { id, generation, offsets, pending } of groups) {
    const group = cluster.groupOrNew(id);
    group.generation = Math.max(group.generation, generation);
    group.offsets.restore(offsets, pending);
  }
  const isThere = (found: Partition | undefined): found is Partition => found !== undefined;
  const restored = transactions.map(({ partitions, ...rest }) => ({
    ...rest,
    partitions: new Set(
      partitions.map(({ topic, index }) => cluster.partition(topic, index)).filter(isThere),
    ),
  }));
  cluster.transactions.restore(restored, lastProducerId);
  for (const partition of before) cluster.woken(partition);
}
