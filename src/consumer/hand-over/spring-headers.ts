import { lastHeader, toHeader } from "../../core/headers.ts";
import type { Header } from "../../core/record.ts";
import type { Failure } from "../steps/classify.ts";
import type { History } from "./history.ts";

/**
 * Names under which Spring for Apache Kafka writes and reads dead letters (`DeadLetterRecordManager.java`); its
 * tools then understand ours.
 */
export const springNames = {
  topic: "kafka_dlt-original-topic",
  partition: "kafka_dlt-original-partition",
  offset: "kafka_dlt-original-offset",
  timestamp: "kafka_dlt-original-timestamp",
  timestampType: "kafka_dlt-original-timestamp-type",
  group: "kafka_dlt-original-consumer-group",
  error: "kafka_dlt-exception-fqcn",
  cause: "kafka_dlt-exception-cause-fqcn",
  message: "kafka_dlt-exception-message",
  stack: "kafka_dlt-exception-stacktrace",
} as const;

const exceptionNames: ReadonlySet<string> = new Set([
  springNames.error,
  springNames.cause,
  springNames.message,
  springNames.stack,
]);

export interface SpringFacts {
  readonly history: History;
  readonly group: string;
  /** Already redacted, and cut. */
  readonly failure: Pick<Failure, "error" | "reason" | "thrown">;
  /** Empty: none is written. */
  readonly stack: string;
}

/** Adds the names, as Spring does: what is told of the origin stays as it was told first, the exception is replaced. */
export function addSpringHeaders(headers: readonly Header[], facts: SpringFacts): Header[] {
  const { history, group, failure, stack } = facts;
  const { origin, originTimestampMs, originTimestampType } = history;
  const origins: readonly Header[] = [
    toHeader(springNames.topic, origin.topic),
    [springNames.partition, toInt32(origin.partition)],
    [springNames.offset, toInt64(origin.offset)],
    [springNames.timestamp, toInt64(BigInt(originTimestampMs))],
    ...(originTimestampType ? [toHeader(springNames.timestampType, originTimestampType)] : []),
    toHeader(springNames.group, group),
  ];
  const texts: readonly (readonly [string, string])[] = [
    [springNames.error, failure.error],
    [springNames.cause, toCauseName(failure.thrown)],
    [springNames.message, failure.reason],
    [springNames.stack, stack],
  ];
  return [
    ...headers.filter(([name]) => !exceptionNames.has(name)),
    ...origins.filter(([name]) => lastHeader(headers, name) === undefined),
    ...texts.flatMap(([name, text]) => (text === "" ? [] : [toHeader(name, text)])),
  ];
}

// The class, not the name that an instance gives itself: a name may hold data of the record, and nobody masks it here.
function toCauseName(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error ? cause.constructor.name.slice(0, 128) : "";
}

function toInt32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function toInt64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}
