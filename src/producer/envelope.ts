import type { SendOptions } from "../core/app.ts";
import type { DeliveryContext } from "../core/context.ts";
import { KeryxError } from "../core/errors.ts";
import { type EventType, isJsonEvent } from "../core/event.ts";
import { headerNames, jsonContentType, reservedPrefix } from "../core/headers.ts";
import type { Header, OutgoingRecord } from "../core/record.ts";
import { createMessageId } from "./message-id.ts";

/** Everything of a record but its value bytes. */
export interface Envelope {
  readonly messageId: string;
  /** Record key as text; undefined: the schema declares none. */
  readonly key: string | undefined;
  readonly headers: readonly Header[];
  readonly timestampMs: number;
}

const identity: ReadonlySet<string> = new Set([
  headerNames.messageId,
  headerNames.correlationId,
  headerNames.causationId,
  headerNames.eventType,
  headerNames.producedAt,
  headerNames.eventTime,
]);

/**
 * Reads key, id and time of a complete value and writes the headers.
 * @throws KeryxError `missing_key`, `missing_id`, `header_invalid`, `usage`
 */
export function buildEnvelope(
  event: EventType,
  value: unknown,
  options: SendOptions,
  context: DeliveryContext | undefined,
  nowMs: number,
): Envelope {
  const key = event.key?.(value);
  if (key === "") throw missing("missing_key", event, "record key");
  const id = event.id?.(value);
  if (id === "") throw missing("missing_id", event, "dedupe id");
  return finish(key, id ?? createMessageId(nowMs), options, context, nowMs, event, event.time?.(value));
}

/** The envelope of a record without a value. @throws KeryxError `missing_key`, `header_invalid`, `usage` */
export function buildTombstone(
  topic: string,
  key: string,
  options: SendOptions,
  context: DeliveryContext | undefined,
  nowMs: number,
): Envelope {
  if (key === "")
    throw new KeryxError("missing_key", `a tombstone on ${topic} needs a key`, {
      help: "Pass the key of the records to delete.",
    });
  return finish(key, createMessageId(nowMs), options, context, nowMs);
}

/** The record that leaves, with its size as the queue counts it. */
export function toRecord(
  topic: string,
  envelope: Envelope,
  value: Uint8Array | null,
): { readonly record: OutgoingRecord; readonly bytes: number } {
  const key = envelope.key === undefined ? null : Buffer.from(envelope.key);
  // Some 70 bytes of bookkeeping a record, as the Java client reckons for its largest format.
  let bytes = 70 + (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
  for (const [name, content] of envelope.headers) bytes += name.length + (content?.byteLength ?? 0) + 4;
  const { headers, timestampMs } = envelope;
  return { record: { topic, key, value, headers, timestampMs }, bytes };
}

// Short texts share slabs: a separate buffer for each would cost more in garbage than all the rest of a send.
const toBytes = (text: string): Uint8Array => Buffer.from(text);

function missing(code: "missing_key" | "missing_id", event: EventType, what: string): KeryxError {
  return new KeryxError(code, `${event.name} for ${event.topic}: the field of the ${what} is empty`, {
    details: { event: event.type, topic: event.topic },
  });
}

function finish(
  key: string | undefined,
  messageId: string,
  options: SendOptions,
  context: DeliveryContext | undefined,
  nowMs: number,
  event?: EventType,
  eventTimeMs?: number,
): Envelope {
  const timestampMs = options.timestampMs ?? nowMs;
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0)
    throw new KeryxError("usage", `timestampMs is ${timestampMs}, not epoch milliseconds`, {
      help: "Pass a whole number of milliseconds, for example Date.now().",
    });
  const id = toBytes(messageId);
  const correlationId = options.correlationId ?? context?.correlationId;
  const headers: Header[] = [
    [headerNames.messageId, id],
    [headerNames.correlationId, correlationId === undefined ? id : toBytes(correlationId)],
  ];
  const causationId = options.causationId ?? context?.messageId;
  if (causationId !== undefined) headers.push([headerNames.causationId, toBytes(causationId)]);
  if (event) headers.push([headerNames.eventType, toBytes(event.type)]);
  const isJson = event !== undefined && isJsonEvent(event);
  if (isJson) headers.push([headerNames.contentType, toBytes(jsonContentType)]);
  headers.push([headerNames.producedAt, toBytes(String(nowMs))]);
  if (eventTimeMs !== undefined) headers.push([headerNames.eventTime, toBytes(String(eventTimeMs))]);
  if (options.headers) addUserHeaders(headers, options.headers, isJson);
  return { messageId, key, headers, timestampMs };
}

function addUserHeaders(
  headers: Header[],
  own: Readonly<Record<string, string | Uint8Array>>,
  isJson: boolean,
): void {
  for (const [name, value] of Object.entries(own)) {
    const lower = name.toLowerCase();
    if (name === "") throw new KeryxError("header_invalid", "a header has an empty name");
    if (lower.startsWith(reservedPrefix))
      throw new KeryxError("header_invalid", `header \`${name}\`: names that start with keryx- are reserved`);
    if (identity.has(lower) || (isJson && lower === headerNames.contentType))
      throw new KeryxError("header_invalid", `header \`${name}\` is written by Keryx itself`, {
        help: "Use the options `correlationId` and `causationId` of send, or the id and time that the schema declares.",
      });
    if (typeof value === "string") headers.push([name, toBytes(value)]);
    else if (value instanceof Uint8Array) headers.push([name, value]);
    else throw new KeryxError("header_invalid", `header \`${name}\` is neither text nor bytes`);
  }
}
