import { toRetryGroup } from "../../../core/topic-names.ts";
import type { Place } from "../history.ts";

const retrySuffix = toRetryGroup("");

/** A set of places, by group. */
export interface Places {
  add(group: string, place: Place): void;
  has(group: string, place: Place): boolean;
}

/** Nested, because texts of millions of places would cost most of a check. */
export function createPlaces(): Places {
  const groups = new Map<string, Map<string, Set<number>[]>>();
  const add: Places["add"] = (group, { topic, partition, offset }) => {
    const base = toBaseGroup(group);
    const topics = groups.get(base) ?? new Map<string, Set<number>[]>();
    groups.set(base, topics);
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, partitions);
    const offsets = partitions[partition] ?? new Set();
    partitions[partition] = offsets;
    offsets.add(offset);
  };
  return {
    add,
    has: (group, { topic, partition, offset }) =>
      groups.get(toBaseGroup(group))?.get(topic)?.[partition]?.has(offset) === true,
  };
}

// Retry topics are read under a group of their own, and spoken of under the consumer's.
function toBaseGroup(group: string): string {
  return group.endsWith(retrySuffix) ? group.slice(0, -retrySuffix.length) : group;
}
