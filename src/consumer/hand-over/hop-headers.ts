import { type EventType, isJsonEvent } from "../../core/event.ts";
import type { Stage } from "../../core/handler.ts";
import { headerNames, headerText, toHeader } from "../../core/headers.ts";
import type { Header, RawRecord, SchemaKey } from "../../core/record.ts";
import { toCoordinates } from "../../core/record.ts";
import type { Plan } from "../plan/plan.ts";
import type { Failure } from "../steps/classify.ts";
import type { History } from "./history.ts";
import { addSpringHeaders } from "./spring-headers.ts";

/** Everything a hop header can say about a hand-over. */
export interface HandOver {
  readonly record: RawRecord;
  readonly history: History;
  /** Already redacted. */
  readonly failure: Failure;
  readonly attempt: number;
  readonly group: string;
  readonly plan: Plan;
  readonly stage: Exclude<Stage, "main">;
  readonly dueAtMs?: number;
  /** Dead letters carry the stack of what was thrown. */
  readonly failureStack?: boolean;
  /** Dead letters carry Spring's names as well. */
  readonly springHeaders?: boolean;
  readonly nowMs: number;
  /** Event type, or the full name of an event that nobody handles. */
  readonly eventType?: string | undefined;
  readonly event?: EventType | undefined;
  readonly schemaId?: SchemaKey | undefined;
}

const identity: ReadonlySet<string> = new Set([
  headerNames.messageId,
  headerNames.correlationId,
  headerNames.causationId,
  headerNames.eventType,
  headerNames.producedAt,
  headerNames.eventTime,
  headerNames.contentType,
  headerNames.replayId,
  headerNames.replayCount,
  headerNames.replayedFrom,
  headerNames.replayEdited,
]);

/** Written anew by every hand-over; whatever a record carried under these names before is removed. */
export const hopHeaderNames: ReadonlySet<string> = new Set(
  Object.values(headerNames).filter((name) => !identity.has(name)),
);

const maxHeaderBytes = 8_192;
/** All that hand-overs add, less the names of the two headers with a stack. */
const maxAddedBytes = 8_192 - 64;
const maxNullHeadersBytes = 2_048;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The headers of a handed-over record: the user's untouched and in order, then the hop headers, each once. */
export function toHopHeaders(handOver: HandOver): Header[] {
  const { record, history, failure, event } = handOver;
  const { user, nullNames } = toUserHeaders(record.headers);
  const entries: readonly (readonly [string, string | number | undefined])[] = [
    [headerNames.version, 1],
    [headerNames.side, handOver.stage === "dlq" ? "consumer" : undefined],
    [headerNames.group, handOver.group],
    [headerNames.stage, handOver.stage],
    [headerNames.attemptCount, handOver.attempt],
    [headerNames.dueAt, handOver.dueAtMs],
    [headerNames.firstAttempt, history.firstAttemptMs ?? handOver.nowMs],
    [headerNames.lastAttempt, handOver.nowMs],
    [headerNames.originalTopic, history.origin.topic],
    [headerNames.originalPartition, history.origin.partition],
    [headerNames.originalOffset, history.origin.offset.toString()],
    [headerNames.originalTimestamp, history.originTimestampMs],
    [headerNames.originalTimestampType, history.originTimestampType],
    [headerNames.previous, toCoordinates(record)],
    [headerNames.failureClass, failure.class],
    [headerNames.failureCode, cutText(failure.code, 128)],
    [headerNames.failureError, cutText(failure.error, 128)],
    [headerNames.failureReason, cutText(failure.reason, 1_024)],
    [headerNames.event, cutText(handOver.eventType ?? "", 256)],
    [headerNames.schemaId, handOver.schemaId],
    [headerNames.schemaSubject, event && !isJsonEvent(event) ? cutText(event.subject, 512) : undefined],
    // The version is the registry's and unknown to a reader that never registers.
    [headerNames.readerSchema, event ? `${cutText(event.name, 512)}@${event.fingerprint}` : undefined],
    [headerNames.plan, handOver.plan.fingerprint],
    [headerNames.nullHeaders, nullNames],
  ];
  const hops = entries
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => toHeader(name, String(value)));
  return handOver.stage === "dlq" ? withDetails(handOver, user, hops) : [...user, ...hops];
}

/** A dead letter tells more; its stack takes what the other headers leave of the room. */
function withDetails(handOver: HandOver, user: readonly Header[], hops: readonly Header[]): Header[] {
  const { history, group, failure, failureStack = false, springHeaders = false } = handOver;
  const spring = (stack: string): Header[] => {
    const reason = cutText(failure.reason, 1_024);
    const facts = {
      history,
      group,
      failure: { ...failure, error: cutText(failure.error, 128), reason },
      stack,
    };
    return springHeaders ? addSpringHeaders(user, facts) : [...user];
  };
  const stack = failureStack && failure.thrown instanceof Error ? (failure.thrown.stack ?? "") : "";
  if (stack === "") return [...spring(""), ...hops];
  const left = maxAddedBytes - sizeOf(hops) - (sizeOf(spring("")) - sizeOf(user));
  const cut = cutText(stack, Math.max(Math.min(4_096, springHeaders ? Math.floor(left / 2) : left), 0));
  return [...spring(cut), ...hops, ...(cut === "" ? [] : [toHeader(headerNames.failureStack, cut)])];
}

function sizeOf(headers: readonly Header[]): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + (value?.length ?? 0), 0);
}

/**
 * The user's headers as they can be written again: a null value becomes empty, and its name is listed.
 * Names that an earlier hop listed stay listed.
 */
export function toUserHeaders(headers: readonly Header[]): { user: Header[]; nullNames: string | undefined } {
  const names = new Set(readNullNames(headers));
  const user: Header[] = [];
  for (const [name, value] of headers) {
    if (hopHeaderNames.has(name)) continue;
    if (value === null) names.add(name);
    user.push([name, value ?? new Uint8Array(0)]);
  }
  if (names.size === 0) return { user, nullNames: undefined };
  const list = [...names];
  let text = JSON.stringify(list);
  while (encoder.encode(text).length > maxNullHeadersBytes) {
    list.pop();
    text = JSON.stringify(list);
  }
  return { user, nullNames: text };
}

/** Headers as the original record had them: those that could only be written empty are null again. */
export function restoreNulls(headers: readonly Header[]): readonly Header[] {
  const listed = readNullNames(headers);
  if (listed.length === 0) return headers;
  const names = new Set(listed);
  return headers.map(([name, value]) =>
    value?.length === 0 && names.has(name) ? [name, null] : [name, value],
  );
}

const noNames: readonly string[] = [];

function readNullNames(headers: readonly Header[]): readonly string[] {
  const text = headerText(headers, headerNames.nullHeaders);
  if (text === undefined || text.length > maxHeaderBytes) return noNames;
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

/** Cuts text to so many UTF-8 bytes, never inside a code point. */
export function cutText(text: string, maxBytes: number): string {
  // No UTF-16 unit takes less than a byte: longer text is cut before it is encoded.
  const bytes = encoder.encode(text.slice(0, maxBytes));
  let end = Math.min(maxBytes, bytes.length);
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return decoder.decode(bytes.subarray(0, end));
}
