import type { MemberSnapshot, PartitionSnapshot } from "../core/health.ts";
import type { PauseCause } from "../core/signals.ts";
import type { Partition } from "./assignment/partition.ts";
import type { Member } from "./member.ts";
import { oldestArrival, type Track } from "./tracks.ts";

const causes: readonly PauseCause[] = [
  "buffer",
  "window",
  "delay",
  "registry",
  "sink",
  "dedupe",
  "stopped",
  "breaker",
  "operator",
];
/** Tried again every few seconds: one that was not seen for longer was read at last. */
const unreadableForMs = 15_000;

/** A member and its partitions at this moment. */
export function takeMemberSnapshot(
  member: Member,
  partitions: readonly Partition[],
  sessionTimeoutMs: number,
  nowMs: number,
): MemberSnapshot {
  const state = member.state();
  const taken = partitions.flatMap((partition) => {
    const track = member.track(partition);
    if (track?.epoch !== partition.epoch || partition.phase !== "open") return [];
    return takePartition(state.group, partition, track, nowMs);
  });
  return { ...state, sessionTimeoutMs, partitions: taken };
}

function takePartition(group: string, partition: Partition, track: Track, nowMs: number): PartitionSnapshot {
  const { topic, partition: number, pauses, queue, offsets, timers } = partition;
  const watermark = offsets.watermark();
  const isUnreadable = track.unreadableMs !== undefined && nowMs - track.unreadableMs < unreadableForMs;
  const own = causes.filter((cause) => pauses.has(cause));
  return {
    group,
    topic,
    partition: number,
    watermark,
    committed: track.committed,
    end: track.end,
    endSeenMs: track.endSeenMs,
    causes: isUnreadable && !own.includes("stopped") ? [...own, "stopped"] : own,
    running: queue.running.size(),
    waiting: timers.size,
    progressMs: Math.max(track.movedMs, partition.completedMs),
    oldestMs: watermark === undefined ? undefined : oldestArrival(track, watermark),
  };
}
