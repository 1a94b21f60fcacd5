import type { Cluster } from "./cluster.ts";
import type { Group } from "./groups/group.ts";
import { createReader } from "./wire/primitives.ts";
import { int16, list, readRow } from "./wire/schema.ts";

/** How far a group is in one partition that it reads or has read. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** Undefined: it never committed there. */
  readonly committed: number | undefined;
  /** First offset of the log, and the one behind its last. */
  readonly start: number;
  readonly end: number;
}

/** Every partition of the topics that a group's members subscribe to, and of those where it committed. */
export function lagOf({ groups, topics }: Cluster, id: string): readonly PartitionLag[] {
  const group = groups.get(id);
  if (group === undefined) return [];
  const names = new Set([...subscriptions(group), ...group.offsets.all().map(({ topic }) => topic)]);
  return [...names].flatMap((topic) =>
    (topics.get(topic)?.partitions ?? []).map(({ index, log: { batches } }) => ({
      topic,
      partition: index,
      committed: group.offsets.find(topic, index)?.offset,
      start: batches.startOffset,
      end: batches.endOffset,
    })),
  );
}

const subscription = [int16("version"), list("topics", "string")];

/** Topics in what members of the protocol `consumer` say of themselves: a version, then names. */
function subscriptions({ members, protocolType }: Group): readonly string[] {
  if (protocolType !== "consumer") return [];
  return [...members.values()].flatMap(({ protocols }) => {
    try {
      const reader = createReader(protocols[0]?.metadata ?? Buffer.alloc(6));
      return readRow(subscription, reader, { version: 0, isFlexible: false }).topics;
    } catch {
      // What a client says of itself is its own affair: the broker never reads it.
      return [];
    }
  });
}
