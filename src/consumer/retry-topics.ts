import type { OutgoingRecord } from "../core/record.ts";
import type { HandOver } from "./hand-over/hop-headers.ts";
import { toHopHeaders } from "./hand-over/hop-headers.ts";

/** Partitions of the topics that records are handed over to, as found at start. */
export type PartitionCounts = ReadonlyMap<string, number>;

/** The untouched bytes of a record on their way to a retry topic, due at a stated time. */
export function toRetryRecord(
  topic: string,
  handOver: HandOver & { readonly dueAtMs: number },
  counts: PartitionCounts,
): OutgoingRecord {
  return toHandedOver(topic, handOver, counts);
}

/** Same key, same value, same partition where it exists; the timestamp is now, so that retention counts from here. */
export function toHandedOver(topic: string, handOver: HandOver, counts: PartitionCounts): OutgoingRecord {
  const { record } = handOver;
  const fits = record.partition < (counts.get(topic) ?? 0);
  return {
    topic,
    ...(fits ? { partition: record.partition } : {}),
    key: record.key,
    value: record.value,
    headers: toHopHeaders(handOver),
  };
}
