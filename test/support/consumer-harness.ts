// Runs the consumer's engine on a Kafka in memory, with events whose bytes are plain text: `<full name>|<text>`.

import { resolveConsumerOptions } from "../../src/consumer/options.ts";
import { createHandlerTable } from "../../src/consumer/plan/handlers.ts";
import { prepareTopics } from "../../src/consumer/plan/topics.ts";
import type { Running } from "../../src/consumer/running.ts";
import { startRunning } from "../../src/consumer/running.ts";
import type { ConsumerOptions } from "../../src/core/app.ts";
import type { BatchHandler, BatchOptions } from "../../src/core/batch.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { ContextStore } from "../../src/core/context.ts";
import { createContextStore } from "../../src/core/context.ts";
import { decodeError, KeryxError } from "../../src/core/errors.ts";
import type { EventPolicy, EventType } from "../../src/core/event.ts";
import type { Handler, Middleware, TombstoneHandler } from "../../src/core/handler.ts";
import { headerText } from "../../src/core/headers.ts";
import type { Header, RawRecord } from "../../src/core/record.ts";
import { createRedactor } from "../../src/core/redact.ts";
import type { Signal } from "../../src/core/signals.ts";
import type { Decoded } from "../../src/serde/deserializer.ts";
import type { DedupeStore } from "../../src/stores/port.ts";
import type { MemoryKafka } from "./memory-kafka.ts";

export interface Note {
  readonly text: string;
}

export interface NoteEventOptions extends Partial<EventPolicy> {
  readonly topic?: string;
  readonly delaysMs?: readonly number[];
  readonly sensitive?: readonly string[];
  /** Texts carry their id before a colon. */
  readonly withId?: boolean;
  /** Default true. */
  readonly withKey?: boolean;
}

/** An event whose value is a text. */
export function noteEvent(name: string, options: NoteEventOptions = {}): EventType<Note> {
  const {
    topic = "notes",
    delaysMs = [],
    sensitive = [],
    withId = false,
    withKey = true,
    ...policy
  } = options;
  return {
    type: name.toLowerCase(),
    topic,
    name,
    subject: `${topic}-value`,
    format: "avro",
    fingerprint: "f".repeat(64),
    index: [],
    wire: { schema: "{}", references: [] },
    codec: {
      create: (init) => init,
      encode: () => new Uint8Array(0),
      decode: () => ({ text: "" }),
    },
    policy: {
      retry: { delaysMs },
      deadLetter: `${topic}-dlq`,
      compatibility: "BACKWARD",
      ordered: false,
      ...policy,
    },
    sensitive,
    ...(withKey ? { key: (value: Note) => value.text } : {}),
    ...(withId ? { id: (value: Note) => value.text.split(":")[0] ?? "" } : {}),
  };
}

/** What the registry behind the plain-text events says. */
export interface FakeRegistry {
  /** Decoding throws this for records whose text contains the word. */
  readonly faults: Map<string, () => unknown>;
  isDown: boolean;
}

export interface Harness {
  readonly signals: Signal[];
  readonly registry: FakeRegistry;
  readonly context: ContextStore;
  readonly running: Running;
  close(): Promise<void>;
  outcomes(): readonly string[];
}

export interface HarnessOptions {
  readonly kafka: MemoryKafka;
  readonly clock: Clock;
  readonly options?: Partial<ConsumerOptions>;
  readonly on?: readonly (readonly [EventType<Note>, Handler<Note>])[];
  readonly onBatch?: readonly (readonly [EventType<Note>, BatchHandler<Note>, BatchOptions?])[];
  readonly use?: readonly (readonly [EventType<Note>, ...Middleware<Note>[]])[];
  readonly tombstones?: Readonly<Record<string, TombstoneHandler>>;
  readonly declare?: readonly EventType<Note>[];
  readonly store?: DedupeStore;
  readonly secrets?: readonly string[];
  readonly isAsync?: boolean;
  /** Nobody listens to what goes well. */
  readonly isQuiet?: boolean;
  /** Hears each signal when it is given. */
  readonly observe?: (signal: Signal) => void;
}

export async function startHarness(given: HarnessOptions): Promise<Harness> {
  const { kafka, clock } = given;
  const options = resolveConsumerOptions({ group: "billing", ...given.options });
  const signals: Signal[] = [];
  const observe = Object.assign(
    (signal: Signal): void => {
      signals.push(signal);
      given.observe?.(signal);
    },
    { hearsRoutine: given.isQuiet !== true },
  );
  const table = createHandlerTable();
  for (const [event, handler] of given.on ?? []) table.addHandler(event, handler as Handler<unknown>);
  for (const [event, handler, batchOptions] of given.onBatch ?? [])
    table.addBatchHandler(event, handler as BatchHandler<unknown>, batchOptions ?? {});
  for (const [event, ...steps] of given.use ?? []) table.addMiddleware(event, steps as readonly Middleware[]);
  for (const [topic, handler] of Object.entries(given.tombstones ?? {})) table.addTombstone(topic, handler);
  for (const event of given.declare ?? []) table.addTopic({ name: event.topic, events: [event] });
  const drafts = table.toRoutes(options);
  const admin = kafka.port.admin();
  const counts = await prepareTopics(drafts, { admin, observe, options });
  const fake: FakeRegistry = { faults: new Map(), isDown: false };
  const events = [...drafts.flatMap((draft) => [...draft.events.values()])].map(({ event }) => event);
  const decode = (record: RawRecord): Decoded => decodeNote(record, events, fake);
  const redactor = createRedactor();
  for (const secret of given.secrets ?? []) redactor.register(secret);
  const context = createContextStore();
  const running: Running = await startRunning({
    transport: kafka.port,
    observe,
    clock,
    context,
    redactor,
    options,
    counts,
    routes: drafts.map((draft) => ({
      ...draft,
      deserializer: {
        decode: given.isAsync ? async (record: RawRecord) => decode(record) : decode,
      },
    })),
    ...(given.store ? { dedupeStore: given.store } : {}),
  });
  return {
    signals,
    registry: fake,
    context,
    running,
    close: () => running.close(),
    outcomes: () => signals.flatMap((signal) => (signal.kind === "record.handled" ? signal.outcome : [])),
  };
}

function decodeNote(record: RawRecord, events: readonly EventType[], fake: FakeRegistry): Decoded {
  const text = new TextDecoder().decode(record.value ?? new Uint8Array(0));
  for (const [word, thrown] of fake.faults) if (text.includes(word)) throw thrown();
  if (fake.isDown) throw new KeryxError("registry_unreachable", "no answer");
  const [name = "", ...rest] = text.split("|");
  if (rest.length === 0) throw decodeError("malformed", `no event in ${record.topic}`);
  const event = events.find((one) => one.name === name);
  if (!event) return { kind: "unhandled", name, schemaId: 7 };
  return { kind: "decoded", event, value: { text: rest.join("|") }, schemaId: 7 };
}

/** A clock on which real time passes so many times faster. */
export function createFastClock(factor: number): Clock {
  const start = Date.now();
  const startReal = performance.now();
  return {
    now: () => Math.floor(start + (performance.now() - startReal) * factor),
    schedule(delayMs, run) {
      const timer = setTimeout(run, Math.max(delayMs, 0) / factor);
      return () => clearTimeout(timer);
    },
  };
}

/** Waits until the condition holds, or fails with what was waited for. */
export async function until(what: string, condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Text of a record's header. */
export function textOf(record: RawRecord | undefined, name: string): string | undefined {
  return record && headerText(record.headers, name);
}

export function header(name: string, value: string | null): Header {
  return [name, value === null ? null : new TextEncoder().encode(value)];
}
