import type { Clock } from "../../core/clock.ts";
import { sleep, within } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { Observe } from "../../core/signals.ts";
import type { PortConsumer, PortOffset } from "../../transport/port.ts";
import type { Position } from "../offsets.ts";
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
/** OFFSET_METADATA_TOO_LARGE */
const metadataTooLarge = 12;

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
  const { port, clock, observe, group, onCommitted } = deps;
  const dirty = new Set<Partition>();
  let underWay: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let failures = 0;

  const disarm = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
  };
  const arm = (delayMs: number): void => {
    cancelTimer ??= clock.schedule(delayMs, () => {
      cancelTimer = undefined;
      void run();
    });
  };

  // One request per epoch: offsets of two assignments never travel under one fence.
  const commitEpoch = async (
    epoch: number,
    partitions: readonly Partition[],
    isPlain = false,
  ): Promise<void> => {
    const due = partitions.flatMap((partition) => {
      dirty.delete(partition);
      const position = partition.phase === "closed" ? undefined : partition.offsets.take(isPlain);
      return position && isNews(partition, position) ? { partition, position } : [];
    });
    if (due.length === 0) return;
    try {
      await port.commit(due.map(toPortOffset), epoch);
      failures = 0;
      for (const one of due) {
        const { topic, partition } = note(one);
        onCommitted(one.partition);
        observe({ kind: "offsets.committed", group, topic, partition, offset: one.position.offset });
      }
    } catch (error) {
      if (!isPlain && isMetadataTooLarge(error)) {
        for (const { topic, partition } of shorten(due))
          observe({ kind: "offsets.map_dropped", group, topic, partition, why: "too-large" });
        return commitEpoch(epoch, partitions, true);
      }
      failures++;
      observe({ kind: "offsets.commit_failed", group, error });
      if (error instanceof KeryxError && error.code === "fenced") return deps.onFenced(partitions);
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
      await within(clock, finish(), timeoutMs);
      for (const partition of partitions) dirty.delete(partition);
    },
    close() {
      disarm();
      dirty.clear();
    },
  };
}

interface Due {
  readonly partition: Partition;
  readonly position: Position;
}

// A map that is too long leaves the one before it where it is: what that one says is still true.
function isNews(
  { committed, committedMetadata, offsets }: Partition,
  { offset, metadata = committedMetadata }: Position,
): boolean {
  return offset > (committed ?? offsets.start() ?? -1n) || metadata !== committedMetadata;
}

// The broker says neither what it keeps nor whose map was too long: half of the longest, for all of them.
function shorten(due: readonly Due[]): readonly Partition[] {
  const lengthOf = ({ position }: Due): number => position.metadata?.length ?? 0;
  const longest = Math.max(...due.map(lengthOf));
  for (const { partition } of due) partition.offsets.limitMap(longest >> 1);
  return due.flatMap((one) => (lengthOf(one) === longest ? one.partition : []));
}

function note({ partition, position }: Due): Partition {
  partition.committed = position.offset;
  partition.committedMetadata = position.metadata ?? "";
  partition.offsets.confirm(position);
  return partition;
}

function toPortOffset({ partition: { topic, partition }, position }: Due): PortOffset {
  const { offset, metadata = "" } = position;
  return { topic, partition, offset, ...(metadata !== "" && { metadata }) };
}

function isMetadataTooLarge(error: unknown): boolean {
  return error instanceof KeryxError && error.details["kafkaCode"] === metadataTooLarge;
}
