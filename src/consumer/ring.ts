import type { Partition, Work } from "./assignment/partition.ts";

/** Partitions with something to start, served in turn. */
export interface Ring {
  list(partition: Partition): void;
  take(): Work | undefined;
}

export function createRing(): Ring {
  const members: Partition[] = [];
  let cursor = 0;
  return {
    list(partition) {
      const { queue } = partition;
      if (queue.isListed || queue.ready.size() === 0) return;
      queue.isListed = true;
      members.push(partition);
    },
    take() {
      while (members.length > 0) {
        if (cursor >= members.length) cursor = 0;
        const partition = members[cursor];
        if (!partition) return undefined;
        const canStart = partition.phase === "open" && !partition.pauses.blocksWork();
        const work = canStart ? partition.queue.ready.shift() : undefined;
        if (work) {
          cursor++;
          return work;
        }
        members.splice(cursor, 1);
        partition.queue.isListed = false;
      }
      return undefined;
    },
  };
}
