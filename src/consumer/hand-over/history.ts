import { headerInteger, headerNames, headerText } from "../../core/headers.ts";
import type { RawRecord, TopicPartitionOffset } from "../../core/record.ts";

/** What a record's hop headers tell about its way so far. */
export interface History {
  readonly origin: TopicPartitionOffset;
  readonly originTimestampMs: number;
  readonly originTimestampType: RawRecord["timestampType"] | undefined;
  /** Attempts made before this pass. */
  readonly attempts: number;
  readonly firstAttemptMs: number | undefined;
}

const maxHeaderBytes = 8_192;

/** A record on its source topic has no history: its hop headers, if any, are somebody's copy and do not count. */
export function startHistory(record: RawRecord): History {
  return {
    origin: record,
    originTimestampMs: record.timestampMs,
    originTimestampType: record.timestampType,
    attempts: 0,
    firstAttemptMs: undefined,
  };
}

/** Reads the history of a record on a retry topic. Attempts are at least the stage's number, whatever a header says. */
export function readHistory(record: RawRecord, stage: number): History {
  if (stage === 0) return startHistory(record);
  const headers = record.headers.filter(([, value]) => (value?.length ?? 0) <= maxHeaderBytes);
  const topic = headerText(headers, headerNames.originalTopic);
  const partition = headerInteger(headers, headerNames.originalPartition);
  const offset = headerText(headers, headerNames.originalOffset);
  const known =
    topic !== undefined &&
    partition !== undefined &&
    offset !== undefined &&
    /^(0|[1-9]\d{0,18})$/.test(offset);
  const type = headerText(headers, headerNames.originalTimestampType);
  return {
    origin: known ? { topic, partition, offset: BigInt(offset) } : record,
    originTimestampMs: headerInteger(headers, headerNames.originalTimestamp) ?? record.timestampMs,
    originTimestampType: type === "CreateTime" || type === "LogAppendTime" ? type : undefined,
    attempts: Math.max(headerInteger(headers, headerNames.attemptCount) ?? 0, stage),
    firstAttemptMs: headerInteger(headers, headerNames.firstAttempt),
  };
}
