/** Where a group stands in one partition. */
export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Kept as it came. */
  readonly metadata: string | null;
}

/** Committed offsets of a group, and those that wait for the end of a transaction. */
export interface CommittedOffsets {
  find(topic: string, partition: number): CommittedOffset | undefined;
  all(): readonly CommittedOffset[];
  commit(offset: CommittedOffset): void;
  /** Becomes visible when the producer's transaction is committed. */
  commitLater(producerId: number, offset: CommittedOffset): void;
  endTransaction(producerId: number, isCommit: boolean): void;
  forgetTopic(topic: string): void;
  restore(offsets: readonly CommittedOffset[]): void;
}

export function createOffsets(): CommittedOffsets {
  const committed = new Map<string, CommittedOffset>();
  const pending = new Map<number, CommittedOffset[]>();
  const keyOf = (topic: string, partition: number): string => `${partition} ${topic}`;
  const commit = (offset: CommittedOffset): void => {
    committed.set(keyOf(offset.topic, offset.partition), offset);
  };
  return {
    find: (topic, partition) => committed.get(keyOf(topic, partition)),
    all: () => [...committed.values()],
    commit,
    commitLater(producerId, offset) {
      const list = pending.get(producerId) ?? [];
      pending.set(producerId, [...list, offset]);
    },
    endTransaction(producerId, isCommit) {
      const list = pending.get(producerId) ?? [];
      pending.delete(producerId);
      if (isCommit) for (const offset of list) commit(offset);
    },
    forgetTopic(topic) {
      for (const [key, offset] of committed) if (offset.topic === topic) committed.delete(key);
    },
    restore(offsets) {
      committed.clear();
      for (const offset of offsets) commit(offset);
    },
  };
}
