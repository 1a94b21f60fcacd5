import type { EachBatchPayload } from "kafkajs";
import { KeryxError } from "../../../core/errors.ts";
import type { TopicPartition } from "../../../core/record.ts";
import type { PortAdmin, PortAssignment, PortBatch, PortConsumerOptions, PortOffset } from "../../port.ts";
import { queueRecords } from "../../records.ts";
import { type ClientFetched, queueFetched } from "../fetch.ts";

/** What one join gave this member, and how far each partition was read. */
export interface Assignment {
  readonly epoch: number;
  readonly partitions: readonly TopicPartition[];
  /** Offset of the next record that may be delivered. */
  readonly positions: Map<string, bigint>;
  /** Paused from above. */
  readonly paused: Set<string>;
  /** Paused by the adapter itself. */
  readonly recovering: Set<string>;
  state: "starting" | "ready" | "ending";
  has(at: TopicPartition): boolean;
  isHeld(at: TopicPartition): boolean;
}

export function createAssignment(epoch: number, partitions: readonly TopicPartition[]): Assignment {
  const keys = new Set(partitions.map(toKey));
  const paused = new Set<string>();
  const recovering = new Set<string>();
  return {
    epoch,
    partitions,
    positions: new Map(),
    paused,
    recovering,
    state: "starting",
    has: (at) => keys.has(toKey(at)),
    isHeld: (at) => paused.has(toKey(at)) || recovering.has(toKey(at)),
  };
}

export interface StartPosition extends PortOffset {
  /** The group had no committed offset here: the choice is committed at once, so that it is made only once. */
  readonly isFresh: boolean;
}

/** Where reading begins: the committed offset, else what `from` says. */
export async function readStartPositions(
  admin: Pick<PortAdmin, "groupOffsets" | "offsets">,
  { group, from }: Pick<PortConsumerOptions, "group" | "from">,
  partitions: readonly TopicPartition[],
): Promise<readonly StartPosition[]> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  if (topics.length === 0) return [];
  const committed = await admin.groupOffsets(group, topics);
  const known = new Map(committed.map((offset) => [toKey(offset), offset]));
  const open = new Set(partitions.filter((at) => !known.has(toKey(at))).map(({ topic }) => topic));
  const ranges = new Map<string, { low: bigint; high: bigint }>();
  for (const topic of open)
    for (const { partition, low, high } of await admin.offsets(topic))
      ranges.set(toKey({ topic, partition }), { low, high });
  return partitions.map(({ topic, partition }) => {
    const at = { topic, partition };
    const start = known.get(toKey(at));
    if (start !== undefined) return { ...start, isFresh: false };
    const range = ranges.get(toKey(at));
    // A client that has not heard of the partition yet: it is asked again.
    if (range === undefined)
      throw new KeryxError("broker_unreachable", `no broker says where ${toKey(at)} begins`);
    // A partition that was added later holds records that a running group has not seen: only a new group skips.
    const isNewGroup = !committed.some((other) => other.topic === topic);
    return { ...at, offset: from === "latest" && isNewGroup ? range.high : range.low, isFresh: true };
  });
}

export type Delivery =
  | { readonly kind: "delivered"; readonly handled: Promise<void> }
  | { readonly kind: "held" }
  | { readonly kind: "stale"; readonly position: bigint | undefined };

/** Hands a fetched batch on, unless it belongs to another epoch or to a position that was left. */
export function deliverBatch(
  assignment: Assignment | undefined,
  { batch, resolveOffset }: EachBatchPayload,
  current: () => Assignment | undefined,
  handle: (batch: PortBatch) => Promise<void>,
): Delivery {
  const at: TopicPartition = { topic: batch.topic, partition: batch.partition };
  const key = toKey(at);
  const position = assignment?.positions.get(key);
  if (assignment?.state !== "ready" || position === undefined) return { kind: "stale", position: undefined };
  // Not resolved, so it is fetched again.
  if (assignment.isHeld(at)) return { kind: "held" };
  const { fetchedOffset } = batch as unknown as { fetchedOffset: string };
  if (BigInt(fetchedOffset) !== position) return { kind: "stale", position };
  const nextOffset = BigInt(batch.lastOffset()) + 1n;
  const lastMessage = BigInt(batch.messages.at(-1)?.offset ?? -1);
  const records = queueFetched(at, batch.messages as readonly ClientFetched[], position);
  const resolve = (offset: bigint): void => {
    if (current() !== assignment) return;
    // kafkajs moves behind the control records after the last record; so does our position.
    resolveOffset(String(offset));
    assignment.positions.set(key, offset === lastMessage ? nextOffset : offset + 1n);
  };
  // All that the fetch found lies before the position: nobody above has anything to resolve.
  if (records.size() === 0) resolve(lastMessage);
  const handled = handle({
    ...at,
    records,
    highWatermark: BigInt(batch.highWatermark),
    nextOffset,
    epoch: assignment.epoch,
    resolve,
  });
  return { kind: "delivered", handled };
}

/** A stretch without records: kafkajs moves past it by itself; whoever counts offsets has to hear of it. */
export function deliverStretch(
  assignment: Assignment,
  at: TopicPartition,
  {
    fetchedOffset,
    lastOffset,
    highWatermark,
  }: { fetchedOffset: bigint; lastOffset: bigint; highWatermark: bigint },
  handle: (batch: PortBatch) => Promise<void>,
): void {
  const key = toKey(at);
  if (assignment.state !== "ready" || assignment.positions.get(key) !== fetchedOffset) return;
  const nextOffset = lastOffset + 1n;
  assignment.positions.set(key, nextOffset);
  const { topic, partition } = at;
  void handle({
    topic,
    partition,
    records: queueRecords([]),
    highWatermark,
    nextOffset,
    epoch: assignment.epoch,
    resolve: () => {},
  });
}

/** The partitions of an assignment, each with its epoch. */
export function toAssignments({ partitions, epoch }: Assignment): PortAssignment[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition, epoch }));
}

/** `topic/partition`, for maps. */
export function toKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
