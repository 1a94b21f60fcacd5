import { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import { headerInteger, headerNames, headerText } from "../core/headers.ts";
import { asBuffer, type RawRecord, type SchemaKey } from "../core/record.ts";
import type { Deserializer } from "./deserializer.ts";
import { toJsonView } from "./json-view.ts";

/** `content-type` of a producer's dead letter that could not be encoded: its value is this view already. */
export const deadLetterContentType = "application/vnd.keryx.dead-letter+json";

/** A dead letter for people and tools. Members are named as JSON files name them; what is not known is null. */
export interface DeadLetterView {
  /** The decoded value, sensitive fields masked; null where it cannot be decoded. */
  readonly event: unknown;
  /** Where it was consumed, or was to be sent. */
  readonly topic: string;
  readonly failure_reason: string | null;
  readonly attempt_count: number | null;
  /** RFC 3339. */
  readonly first_attempt: string | null;
  readonly last_attempt: string | null;
  readonly event_type: string | null;
  readonly failure_class: string | null;
  readonly failure_code: string | null;
  readonly group: string | null;
  readonly side: "consumer" | "producer";
  readonly partition: number | null;
  readonly offset: string | null;
  readonly dlq: { readonly topic: string; readonly partition: number; readonly offset: string };
  readonly key_base64: string | null;
  /** Null for a tombstone, and where it would show sensitive fields. */
  readonly value_base64: string | null;
  /** In the record's order, values in base64. */
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly schema: { readonly id: SchemaKey | null; readonly subject: string | null };
}

export interface DeadLetterViewOptions {
  /** Those that the deserializer reads: they tell which fields are sensitive. */
  readonly events: readonly EventType[];
  readonly deserializer: Deserializer;
  /** Shows sensitive fields, and the bytes that hold them. Default false. */
  readonly raw?: boolean;
}

/**
 * Derives the view from a record of a dead-letter topic, of a consumer or of a producer.
 * @throws KeryxError `registry_unreachable` and its like, which say nothing about the record
 */
export async function viewDeadLetter(
  record: RawRecord,
  options: DeadLetterViewOptions,
): Promise<DeadLetterView> {
  const { headers, key, value } = record;
  const text = (name: string): string | null => headerText(headers, name) ?? null;
  const found = await readEvent(record, options);
  const id = found.schemaId ?? headerInteger(headers, headerNames.schemaId) ?? text(headerNames.schemaId);
  return {
    event: found.event,
    topic: text(headerNames.originalTopic) ?? record.topic,
    failure_reason: text(headerNames.failureReason),
    attempt_count: headerInteger(headers, headerNames.attemptCount) ?? null,
    first_attempt: toTime(headerInteger(headers, headerNames.firstAttempt)),
    last_attempt: toTime(headerInteger(headers, headerNames.lastAttempt)),
    event_type: text(headerNames.event) ?? text(headerNames.eventType),
    failure_class: text(headerNames.failureClass),
    failure_code: text(headerNames.failureCode),
    group: text(headerNames.group),
    side: text(headerNames.side) === "producer" ? "producer" : "consumer",
    partition: headerInteger(headers, headerNames.originalPartition) ?? null,
    offset: text(headerNames.originalOffset),
    dlq: { topic: record.topic, partition: record.partition, offset: String(record.offset) },
    key_base64: toBase64(key),
    value_base64: found.isSecret ? null : toBase64(value),
    headers: headers.map(([name, bytes]) => [name, toBase64(bytes)]),
    schema: { id, subject: text(headerNames.schemaSubject) },
  };
}

interface Found {
  readonly event: unknown;
  /** The bytes show more than the view may. */
  readonly isSecret: boolean;
  readonly schemaId?: SchemaKey | undefined;
}

async function readEvent(record: RawRecord, options: DeadLetterViewOptions): Promise<Found> {
  const { events, deserializer, raw = false } = options;
  const { headers, value } = record;
  if (value === null) return { event: null, isSecret: false };
  if (headerText(headers, headerNames.contentType) === deadLetterContentType)
    return { event: readWritten(value), isSecret: false };
  const hides = (event: EventType | undefined): boolean => !raw && (event?.sensitive.length ?? 0) > 0;
  try {
    const decoded = await deserializer.decode(record);
    const { schemaId } = decoded;
    if (decoded.kind === "unhandled") return { event: null, isSecret: false, schemaId };
    const { event } = decoded;
    return {
      event: toJsonView(decoded.value, raw ? [] : event.sensitive) ?? null,
      isSecret: hides(event),
      schemaId,
    };
  } catch (error) {
    if (!(error instanceof KeryxError) || error.code !== "decode_failed") throw error;
    const type = headerText(headers, headerNames.event);
    // Nobody can mask what nobody can read.
    return { event: null, isSecret: hides(events.find((event) => event.type === type)) };
  }
}

function readWritten(value: Uint8Array): unknown {
  try {
    const view: unknown = JSON.parse(asBuffer(value).toString());
    return typeof view === "object" && view !== null && Object.hasOwn(view, "event")
      ? Reflect.get(view, "event")
      : null;
  } catch {
    return null;
  }
}

function toTime(epochMs: number | undefined): string | null {
  const date = new Date(epochMs ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function toBase64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : asBuffer(bytes).toString("base64");
}
