import type { ErrorCode } from "../core/errors.ts";
import { headerNames } from "../core/headers.ts";
import type { OutgoingRecord } from "../core/record.ts";
import { toParkedTopic } from "../core/topic-names.ts";
import type { HandOver } from "./hand-over/hop-headers.ts";
import { springNames } from "./hand-over/spring-headers.ts";
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

/** What can be written where the record as it is cannot; undefined when nothing else can. */
export function toAlternative(
  record: OutgoingRecord,
  code: ErrorCode | undefined,
  deadLetter: string | undefined,
): OutgoingRecord | undefined {
  if (code === "record_too_large") return toSmaller(record);
  // A parked topic that is not there must not stand in the way: the record is a dead letter like others.
  const isUnparkable =
    code === "topic_missing" && deadLetter !== undefined && record.topic === toParkedTopic(deadLetter);
  return isUnparkable ? { ...record, topic: deadLetter } : undefined;
}

/** What a dead letter can do without, in this order. */
const explanations: readonly (readonly string[])[] = [
  [headerNames.failureStack, springNames.stack],
  [headerNames.failureReason, springNames.message],
];

/** The record without the headers that only explain; undefined when there is nothing left to drop. */
export function toSmaller(record: OutgoingRecord): OutgoingRecord | undefined {
  for (const names of explanations) {
    const headers = record.headers.filter(([name]) => !names.includes(name));
    if (headers.length < record.headers.length) return { ...record, headers };
  }
  return undefined;
}
