import { isAscii } from "node:buffer";
import { asBuffer, type Header, type RawRecord } from "./record.ts";

/** Names of the headers that Keryx writes. All lower-case ASCII; values are UTF-8 text. */
export const headerNames = {
  messageId: "message-id",
  correlationId: "correlation-id",
  causationId: "causation-id",
  eventType: "event-type",
  producedAt: "produced-at",
  eventTime: "event-time",
  contentType: "content-type",
  version: "keryx-header-version",
  side: "keryx-side",
  group: "keryx-group",
  stage: "keryx-stage",
  attemptCount: "keryx-attempt-count",
  dueAt: "keryx-due-at",
  firstAttempt: "keryx-first-attempt",
  lastAttempt: "keryx-last-attempt",
  originalTopic: "keryx-original-topic",
  originalPartition: "keryx-original-partition",
  originalOffset: "keryx-original-offset",
  originalTimestamp: "keryx-original-timestamp",
  originalTimestampType: "keryx-original-timestamp-type",
  previous: "keryx-previous",
  failureClass: "keryx-failure-class",
  failureCode: "keryx-failure-code",
  failureError: "keryx-failure-error",
  failureReason: "keryx-failure-reason",
  failureStack: "keryx-failure-stack",
  event: "keryx-event",
  schemaId: "keryx-schema-id",
  schemaSubject: "keryx-schema-subject",
  readerSchema: "keryx-reader-schema",
  plan: "keryx-plan",
  previousTraceparent: "keryx-previous-traceparent",
  nullHeaders: "keryx-null-headers",
  replayId: "keryx-replay-id",
  replayCount: "keryx-replay-count",
  replayedFrom: "keryx-replayed-from",
  replayEdited: "keryx-replay-edited",
} as const;

/** `content-type` of a record that is written as JSON. */
export const jsonContentType = "application/json";

/** Reserved: user headers with this prefix are refused, hop headers are removed on hand-over. */
export const reservedPrefix = "keryx-";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Builds a header from text. */
export function toHeader(name: string, value: string): Header {
  return [name, encoder.encode(value)];
}

/** The last occurrence of a header, or undefined; a null value counts as absent. */
export function lastHeader(headers: readonly Header[], name: string): Uint8Array | undefined {
  for (let i = headers.length - 1; i >= 0; i--) {
    const header = headers[i];
    if (header?.[0] === name) return header[1] ?? undefined;
  }
  return undefined;
}

/** The last occurrence of a header as text; malformed UTF-8 counts as absent. */
export function headerText(headers: readonly Header[], name: string): string | undefined {
  return toText(lastHeader(headers, name));
}

/** What headers can be looked up in. */
export type Headed = Pick<RawRecord, "headers" | "findHeader">;

/** The last occurrence of a record's header, or undefined; a null value counts as absent. */
export function recordHeader(record: Headed, name: string): Uint8Array | undefined {
  return record.findHeader ? (record.findHeader(name) ?? undefined) : lastHeader(record.headers, name);
}

/** The last occurrence of a record's header as text; malformed UTF-8 counts as absent. */
export function recordText(record: Headed, name: string): string | undefined {
  return toText(recordHeader(record, name));
}

function toText(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined;
  // Nearly every header is; decoding strictly takes several times as long.
  if (isAscii(value)) return asBuffer(value).toString("latin1");
  try {
    return decoder.decode(value);
  } catch {
    return undefined;
  }
}

/** The last occurrence of a header as a non-negative safe integer in plain decimal; anything else counts as absent. */
export function headerInteger(headers: readonly Header[], name: string): number | undefined {
  const text = headerText(headers, name);
  if (text === undefined || !/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
