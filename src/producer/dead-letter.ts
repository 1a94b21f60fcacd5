import type { Clock } from "../core/clock.ts";
import { sleep } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import { headerNames, toHeader } from "../core/headers.ts";
import type { Header, OutgoingRecord } from "../core/record.ts";
import { deadLetterContentType } from "../serde/dead-letter-view.ts";
import { toJsonView } from "../serde/json-view.ts";
import type { KafkaPort, PortProducer } from "../transport/port.ts";
import { repeat } from "./attempts.ts";
import type { Entry } from "./ledger.ts";
import type { ProducerDeadLetter, ResolvedProducerOptions } from "./options.ts";

const maxReasonBytes = 1024;
const maxCodeBytes = 128;

/** Takes messages that finally could not be sent. Resolves to whether they were taken. */
export interface DeadLetterSink {
  write(entries: readonly Entry[], error: KeryxError): Promise<boolean>;
  close(): Promise<void>;
}

export interface DeadLetterDeps {
  readonly transport: KafkaPort;
  readonly clock: Clock;
  readonly options: ResolvedProducerOptions;
  /** Where a record without an event goes. */
  readonly fallbackTopic: string;
  readonly report: (error: unknown) => void;
  /** Masks secrets in what leaves the process as a reason. */
  readonly redact: (text: string) => string;
}

/** Undefined when no dead letter is asked for. */
export function createDeadLetterSink(topic: string, deps: DeadLetterDeps): DeadLetterSink | undefined {
  const target = deps.options.deadLetter;
  if (target === "none") return undefined;
  if (target === "topic") return createTopicSink(topic, deps);
  return {
    async write(entries, error) {
      const calls = entries.map(async (entry) => target(toLetter(topic, entry, error, deps.redact)));
      return taken(Promise.all(calls), deps);
    },
    close: async () => {},
  };
}

/** Dead letters of one producer side by side with its records: same key, value and headers, plus the reasons. */
function createTopicSink(topic: string, deps: DeadLetterDeps): DeadLetterSink {
  const { transport, clock, options } = deps;
  let port: PortProducer | undefined;
  let connecting: Promise<void> | undefined;

  async function put(records: readonly OutgoingRecord[]): Promise<void> {
    const { requestTimeoutMs, compression } = options;
    port ??= transport.producer({ acks: "all", idempotent: false, compression, requestTimeoutMs });
    const target = port;
    connecting ??= target.connect().catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    await connecting;
    await target.send(records);
  }

  return {
    async write(entries, error) {
      const records = entries.map((entry) => toDeadRecord(topic, entry, error, deps));
      const untilMs = clock.now() + options.deadLetterTimeoutMs;
      const run = (): Promise<void> => put(records);
      return taken(repeat(clock, options, { run, isWanted: () => clock.now() < untilMs }), deps);
    },
    close: async () => port?.close(),
  };
}

async function taken(work: Promise<unknown>, deps: DeadLetterDeps): Promise<boolean> {
  const { clock, options } = deps;
  const limit = new AbortController();
  const late = sleep(clock, options.deadLetterTimeoutMs, limit.signal).then(() => {
    throw new KeryxError("send_timeout", `no dead letter was taken within ${options.deadLetterTimeoutMs} ms`);
  });
  try {
    await Promise.race([work, late]);
    return true;
  } catch (error) {
    deps.report(error);
    return false;
  } finally {
    late.catch(() => {});
    limit.abort();
  }
}

function toLetter(
  topic: string,
  entry: Entry,
  error: KeryxError,
  redact: DeadLetterDeps["redact"],
): ProducerDeadLetter {
  return {
    event: entry.event,
    topic,
    messageId: entry.messageId,
    failureReason: cut(redact(toReason(error)), maxReasonBytes),
    failureCode: error.code,
    attemptCount: Math.max(entry.attempts, 1),
    firstAttemptMs: entry.firstAttemptMs,
    lastAttemptMs: entry.lastAttemptMs,
    record: entry.record,
    value: entry.value,
  };
}

function toDeadRecord(topic: string, entry: Entry, error: KeryxError, deps: DeadLetterDeps): OutgoingRecord {
  const letter = toLetter(topic, entry, error, deps.redact);
  const { record } = letter;
  const headers: Header[] = [...(record?.headers ?? [toHeader(headerNames.messageId, entry.messageId)])];
  const add = (name: string, value: string): void => {
    headers.push(toHeader(name, value));
  };
  if (!record) {
    if (entry.event) add(headerNames.eventType, entry.event.type);
    add(headerNames.contentType, deadLetterContentType);
  }
  add(headerNames.version, "1");
  add(headerNames.side, "producer");
  add(headerNames.stage, "dlq");
  add(headerNames.attemptCount, String(letter.attemptCount));
  add(headerNames.firstAttempt, String(letter.firstAttemptMs));
  add(headerNames.lastAttempt, String(letter.lastAttemptMs));
  add(headerNames.originalTopic, topic);
  add(headerNames.failureClass, toClass(error));
  add(headerNames.failureCode, cut(letter.failureCode, maxCodeBytes));
  add(headerNames.failureError, cut(error.name, maxCodeBytes));
  add(headerNames.failureReason, letter.failureReason);
  if (entry.event) add(headerNames.event, entry.event.type);
  const value = record ? record.value : Buffer.from(JSON.stringify(toView(letter)));
  return {
    topic: entry.event?.policy.deadLetter ?? deps.fallbackTopic,
    key: record?.key ?? null,
    value,
    headers,
  };
}

/** The dead letter for people and tools: the same first fields as a consumer's. */
function toView(letter: ProducerDeadLetter): Record<string, unknown> {
  return {
    event: toSafeView(letter),
    topic: letter.topic,
    failure_reason: letter.failureReason,
    attempt_count: letter.attemptCount,
    first_attempt: new Date(letter.firstAttemptMs).toISOString(),
    last_attempt: new Date(letter.lastAttemptMs).toISOString(),
    event_type: letter.event?.type,
    failure_code: letter.failureCode,
    side: "producer",
  };
}

function toSafeView(letter: ProducerDeadLetter): unknown {
  try {
    return toJsonView(letter.value, letter.event?.sensitive ?? []) ?? null;
  } catch {
    // A getter or a proxy of the application threw: there is no value to show.
    return null;
  }
}

function toClass(error: KeryxError): string {
  if (error.retriable) return "transient";
  return error.code === "encode_failed" || error.code.startsWith("missing_") ? "invalid" : "non-retriable";
}

/** The message without its code, which has a header of its own. */
function toReason(error: KeryxError): string {
  return error.message.replace(`[${error.code}] `, "");
}

/** At most so many bytes, cut at a code point. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.byteLength <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString("utf8");
}
