import { headerNames } from "../core/headers.ts";
import type { OutgoingRecord } from "../core/record.ts";
import type { HandOver } from "./hand-over/hop-headers.ts";
import type { PartitionCounts } from "./retry-topics.ts";
import { toHandedOver } from "./retry-topics.ts";

/** The untouched bytes of a record on their way to the dead-letter topic, with the reasons in headers. */
export function toDeadLetter(
  topic: string,
  handOver: HandOver & { readonly stage: "dlq" },
  counts: PartitionCounts,
): OutgoingRecord {
  return toHandedOver(topic, handOver, counts);
}

/** The record without the headers that only explain; undefined when there is nothing left to drop. */
export function toSmaller(record: OutgoingRecord): OutgoingRecord | undefined {
  for (const name of [headerNames.failureStack, headerNames.failureReason]) {
    const headers = record.headers.filter((header) => header[0] !== name);
    if (headers.length < record.headers.length) return { ...record, headers };
  }
  return undefined;
}
