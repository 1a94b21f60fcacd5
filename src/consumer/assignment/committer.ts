import type { Clock } from "../../core/clock.ts";
import { sleep } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { Observe } from "../../core/signals.ts";
import type { PortConsumer, PortOffset } from "../../transport/port.ts";
import type { Partition } from "./partition.ts";

/** Commits the watermarks of one group member: soon, in one request at a time, and never backwards. */
export interface Committer {
  /** The partition may have something to commit. */
  touch(partition: Partition): void;
  /** Commits what these partitions have, trying until the deadline. Resolves when it is done or given up. */
  flush(partitions: readonly Partition[], timeoutMs: number): Promise<void>;
  close(): void;
}

const commitEveryMs = 1_000;
const commitEveryRecords = 500;
const retryBaseMs = 250;
const retryMaxMs = 5_000;

export interface CommitterDeps {
  readonly port: Pick<PortConsumer, "commit">;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly group: string;
  /** Less of the partition would be repeated now. */
  readonly onCommitted: (partition: Partition) => void;
  /** The broker says that the assignment is over. */
  readonly onFenced: (partitions: readonly Partition[]) => void;
}

export function createCommitter(deps: CommitterDeps): Committer {
  const { port, clock, observe, group, onCommitted, onFenced } = deps;
  const dirty = new Set<Partition>();
  let underWay: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let failures = 0;

  const arm = (delayMs: number): void => {
    cancelTimer ??= clock.schedule(delayMs, () => {
      cancelTimer = undefined;
      void run();
    });
  };

  const disarm = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
  };

  // One request per epoch: offsets of two assignments never travel under one fence.
  const commitEpoch = async (epoch: number, partitions: readonly Partition[]): Promise<void> => {
    const offsets: (PortOffset & { partition: number })[] = [];
    for (const partition of partitions) {
      dirty.delete(partition);
      if (partition.phase === "closed") continue;
      const offset = partition.offsets.take();
      const before = partition.committed ?? partition.offsets.start() ?? -1n;
      if (offset === undefined || offset <= before) continue;
      offsets.push({ topic: partition.topic, partition: partition.partition, offset });
    }
    if (offsets.length === 0) return;
    try {
      await port.commit(offsets, epoch);
      failures = 0;
      for (const { topic, partition, offset } of offsets) {
        const owner = partitions.find((one) => one.topic === topic && one.partition === partition);
        if (owner) {
          owner.committed = offset;
          owner.offsets.confirm();
          onCommitted(owner);
        }
        observe({ kind: "offsets.committed", group, topic, partition, offset });
      }
    } catch (error) {
      failures++;
      observe({ kind: "offsets.commit_failed", group, error });
      if (error instanceof KeryxError && error.code === "fenced") {
        onFenced(partitions);
        return;
      }
      // Nothing is forgotten: the next request takes the watermark of that moment.
      for (const partition of partitions) if (partition.phase !== "closed") dirty.add(partition);
    }
  };

  const commitAll = async (partitions: Iterable<Partition>): Promise<void> => {
    const byEpoch = new Map<number, Partition[]>();
    for (const partition of partitions)
      byEpoch.set(partition.epoch, [...(byEpoch.get(partition.epoch) ?? []), partition]);
    for (const [epoch, members] of byEpoch) await commitEpoch(epoch, members);
  };

  const run = (): Promise<void> => {
    disarm();
    underWay ??= commitAll([...dirty]).finally(() => {
      underWay = undefined;
      if (dirty.size === 0) return;
      arm(failures > 0 ? Math.min(retryMaxMs, retryBaseMs * 2 ** (failures - 1)) : commitEveryMs);
    });
    return underWay;
  };

  return {
    touch(partition) {
      if (dirty.size === 0 || !dirty.has(partition)) {
        dirty.add(partition);
        if (!underWay) arm(commitEveryMs);
      }
      if (failures === 0 && !underWay && partition.offsets.completions() >= commitEveryRecords) void run();
    },
    async flush(partitions, timeoutMs) {
      const deadline = clock.now() + timeoutMs;
      const open = (): Partition[] => partitions.filter((partition) => partition.phase !== "closed");
      const finish = async (): Promise<void> => {
        await underWay;
        for (const partition of open()) dirty.add(partition);
        for (;;) {
          const mine = open().filter((partition) => dirty.has(partition));
          if (mine.length === 0) return;
          underWay ??= commitAll(mine).finally(() => {
            underWay = undefined;
          });
          await underWay;
          if (failures === 0) continue;
          if (clock.now() + retryBaseMs >= deadline) return;
          await sleep(clock, retryBaseMs);
        }
      };
      let cancel = (): void => {};
      const given = new Promise<void>((resolve) => {
        cancel = clock.schedule(timeoutMs, resolve);
      });
      await Promise.race([finish(), given]);
      cancel();
      for (const partition of partitions) dirty.delete(partition);
    },
    close() {
      disarm();
      dirty.clear();
    },
  };
}
