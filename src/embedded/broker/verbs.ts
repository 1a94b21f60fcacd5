import type { Cluster } from "./cluster.ts";
import type { Member } from "./groups/group.ts";
import type { CommittedOffset } from "./groups/offsets.ts";
import { prepareRebalance, removeMember } from "./groups/rebalance.ts";
import { buildBatch, type NewRecord } from "./log/batch.ts";
import { restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
import type { Partition } from "./topics.ts";
import type { Transaction } from "./txn/transactions.ts";
import { apiVersions } from "./versions.ts";

/** A group as tests look at it. */
export interface GroupView {
  readonly state: string;
  readonly generation: number;
  readonly members: readonly Readonly<Pick<Member, "id" | "clientId" | "instanceId">>[];
  readonly offsets: readonly CommittedOffset[];
}

/** What a test can do to a cluster that no client could, and what it can see. */
export interface Verbs {
  /** Appends records to a partition as a producer would. */
  seed(topic: string, records: readonly NewRecord[], partition?: number): void;
  moveLeader(topic: string, partition: number, broker: number): void;
  /** Gives every partition another live broker, where there is one. */
  shuffleLeaders(): void;
  /** Groups and transactional ids find other coordinators. */
  rehashCoordinators(): void;
  /** Ends a member's session now. Without a member: those of all. */
  expireSession(group: string, member?: string): void;
  forceRebalance(group: string): void;
  /** Fences the producer of a transactional id. */
  bumpEpoch(transactionalId: string): void;
  abortTransaction(transactionalId: string): void;
  truncateBefore(topic: string, partition: number, offset: number): void;
  /** Forgets what `retention.ms` and `retention.bytes` no longer keep. */
  applyRetention(): void;
  /** Announces and serves other versions of an API; it cannot widen the table. */
  setVersions(key: number, min: number, max: number): void;
  group(id: string): GroupView | undefined;
  transactions(): readonly Pick<Transaction, "id" | "state" | "epoch">[];
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
}

export function createVerbs(cluster: Cluster): Verbs {
  const partitionAt = (topic: string, index: number): Partition => {
    const found = cluster.partition(topic, index);
    if (found === undefined) throw new Error(`there is no partition ${topic}-${index}`);
    return found;
  };
  return {
    seed(topic, records, index = 0) {
      const found = partitionAt(topic, index);
      if (records.length === 0) return;
      const nowMs = cluster.clock.now();
      const rules = { maxBatchBytes: Number.POSITIVE_INFINITY, isAppendTime: false, admit: () => 0 };
      found.log.append(buildBatch(records, nowMs), { ...rules, nowMs });
      cluster.woken(found);
    },
    moveLeader(topic, index, broker) {
      if (cluster.brokers.get(broker)?.isUp !== true)
        throw new Error(`there is no broker ${broker} that is up`);
      cluster.moveLeader(partitionAt(topic, index), broker);
    },
    shuffleLeaders() {
      const ids = cluster.live().map(({ id }) => id);
      for (const { partitions } of cluster.topics.values())
        for (const partition of partitions) {
          const at = ids.indexOf(partition.leader) + 1 + Math.floor(cluster.random() * (ids.length - 1));
          cluster.moveLeader(partition, ids[at % ids.length] ?? partition.leader);
        }
    },
    rehashCoordinators: () => cluster.rehashCoordinators(),
    expireSession(id, memberId) {
      const group = cluster.groups.get(id);
      if (group === undefined) return;
      for (const member of [...group.members.values()])
        if (memberId === undefined || member.id === memberId) removeMember(group, member);
    },
    forceRebalance(id) {
      const group = cluster.groups.get(id);
      if (group !== undefined && group.members.size > 0) prepareRebalance(group);
    },
    bumpEpoch: (id) => cluster.transactions.bumpEpoch(id),
    abortTransaction: (id) => cluster.transactions.abort(id),
    truncateBefore: (topic, index, offset) => partitionAt(topic, index).log.batches.truncateBefore(offset),
    applyRetention: () => applyRetention(cluster),
    setVersions(key, min, max) {
      const row = apiVersions.find((one) => one.key === key);
      if (row === undefined || min > max || min < row.listedMin || max > row.max || max < row.min)
        throw new Error(`the table of versions has no ${min} to ${max} of API ${key}`);
      cluster.versions.set(key, { ...row, min: Math.max(min, row.min), max, listedMin: min });
    },
    group(id) {
      const found = cluster.groups.get(id);
      if (found === undefined) return undefined;
      const { state, generation, offsets } = found;
      const view = ({ id, clientId, instanceId }: Member) => ({ id, clientId, instanceId });
      return { state, generation, members: [...found.members.values()].map(view), offsets: offsets.all() };
    },
    transactions: () => cluster.transactions.all().map(({ id, state, epoch }) => ({ id, state, epoch })),
    snapshot: () => takeSnapshot(cluster),
    restore: (snapshot) => restoreSnapshot(cluster, snapshot),
  };
}

/** Drops whole batches that are too old, or too much with the newer ones. */
export function applyRetention(cluster: Cluster): void {
  for (const { name, partitions } of cluster.topics.values()) {
    if (!cluster.config(name, "cleanup.policy").split(",").includes("delete")) continue;
    const keptMs = Number(cluster.config(name, "retention.ms"));
    const keptBytes = Number(cluster.config(name, "retention.bytes"));
    const oldestMs = keptMs < 0 ? Number.NEGATIVE_INFINITY : cluster.clock.now() - keptMs;
    for (const { log } of partitions)
      log.batches.dropOldest(
        (maxTimestampMs, sizeBytes) => maxTimestampMs < oldestMs || (keptBytes >= 0 && sizeBytes > keptBytes),
      );
  }
}
