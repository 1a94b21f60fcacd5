/** Where a group stands in one partition. */
export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Kept as it came. */
  readonly metadata: string;
}

/** Offsets that wait for the end of a producer's transaction. */
export type PendingOffsets = readonly (readonly [producerId: number, offsets: readonly CommittedOffset[]])[];

/** Committed offsets of a group, and those that wait for the end of a transaction. */
export interface CommittedOffsets {
  find(topic: string, partition: number): CommittedOffset | undefined;
  all(): readonly CommittedOffset[];
  pending(): PendingOffsets;
  commit(offset: CommittedOffset): void;
  /** Becomes visible when the producer's transaction is committed. */
  commitLater(producerId: number, offset: CommittedOffset): void;
  endTransaction(producerId: number, isCommit: boolean): void;
  forgetTopic(topic: string): void;
  restore(offsets: readonly CommittedOffset[], pending?: PendingOffsets): void;
}

export function createOffsets(): CommittedOffsets {
  const committed = new Map<string, CommittedOffset>();
  const pending = new Map<number, Map<string, CommittedOffset>>();
  const keyOf = (topic: string, partition: number): string => `${partition} ${topic}`;
  const commit = (offset: CommittedOffset, to = committed): void => {
    to.set(keyOf(offset.topic, offset.partition), offset);
  };
  const pendingOf = (producerId: number): Map<string, CommittedOffset> => {
    const known = pending.get(producerId) ?? new Map<string, CommittedOffset>();
    pending.set(producerId, known);
    return known;
  };
  return {
    find: (topic, partition) => committed.get(keyOf(topic, partition)),
    all: () => [...committed.values()],
    pending: () => [...pending].map(([producerId, offsets]) => [producerId, [...offsets.values()]]),
    commit: (offset) => commit(offset),
    commitLater: (producerId, offset) => commit(offset, pendingOf(producerId)),
    endTransaction(producerId, isCommit) {
      if (isCommit) for (const offset of pendingOf(producerId).values()) commit(offset);
      pending.delete(producerId);
    },
    forgetTopic(topic) {
      for (const [key, offset] of committed) if (offset.topic === topic) committed.delete(key);
    },
    restore(offsets, waiting = []) {
      committed.clear();
      pending.clear();
      for (const offset of offsets) commit(offset);
      for (const [producerId, list] of waiting)
        for (const offset of list) commit(offset, pendingOf(producerId));
    },
  };
}
