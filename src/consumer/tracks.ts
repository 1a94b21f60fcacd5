import type { TopicPartition } from "../core/record.ts";
import type { PortAssignment, PortBatch } from "../transport/port.ts";

/** One assignment of one partition. */
export interface Track extends TopicPartition {
  readonly epoch: number;
  committed: bigint | undefined;
  end: bigint | undefined;
  endSeenMs: number;
  /** When it last fell behind, or was assigned, resumed or committed. */
  movedMs: number;
  /** When its records came, oldest first: each stands for those up to the next. */
  readonly arrivals: { readonly nextOffset: bigint; readonly atMs: number }[];
  /** A batch that could not be taken apart, and when it was last tried. */
  unreadableMs: number | undefined;
}

/** Fewer would blur the age of the oldest record; more cost memory while one record is stuck. */
const maxArrivals = 64;

/** What is known of the partitions of one assignment. */
export type Tracks = Map<string, Track>;

/** Nothing but where it begins. */
export function toTrack({ topic, partition, epoch, offset }: PortAssignment, nowMs: number): Track {
  return {
    topic,
    partition,
    epoch,
    committed: offset,
    end: undefined,
    // Not heard of yet, and nobody is late with that.
    endSeenMs: nowMs,
    movedMs: nowMs,
    arrivals: [],
    unreadableMs: undefined,
  };
}

/** Keeps in mind when the records of a batch came. */
export function noteArrival(track: Track, { nextOffset, records }: PortBatch, nowMs: number): void {
  if (records.size() === 0) return;
  const { arrivals, committed } = track;
  // Whether or not anybody asks how old they are.
  if (committed !== undefined) oldestArrival(track, committed);
  // Too many: what comes now counts as part of what came last, so that its age is at worst overstated.
  const last = arrivals.length < maxArrivals ? undefined : arrivals.pop();
  arrivals.push({ nextOffset, atMs: last?.atMs ?? nowMs });
}

/** Delivery of the oldest record that is not done. */
export function oldestArrival(track: Track, watermark: bigint): number | undefined {
  const { arrivals } = track;
  while (arrivals[0] && arrivals[0].nextOffset <= watermark) arrivals.shift();
  return arrivals[0]?.atMs;
}

/** `topic/partition`, for maps. */
export function toKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
