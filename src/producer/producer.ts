import type { SendOptions, SendResult, TopicProducer } from "../core/app.ts";
import type { Clock } from "../core/clock.ts";
import type { ContextStore } from "../core/context.ts";
import { KeryxError } from "../core/errors.ts";
import type { EventType, TopicDefinition } from "../core/event.ts";
import { type Closable, closeAll } from "../core/lifecycle.ts";
import type { Redactor } from "../core/redact.ts";
import type { Observe } from "../core/signals.ts";
import type { Serializer } from "../serde/serializer.ts";
import type { KafkaPort } from "../transport/port.ts";
import { createDeadLetterSink } from "./dead-letter.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { buildEnvelope, buildTombstone, type Envelope, toRecord } from "./envelope.ts";
import { createFail, type Fail, toCalledOff, toCutOff, toExpired } from "./failing.ts";
import { createLedger, type Entry, type Ledger } from "./ledger.ts";
import { createMessageId } from "./message-id.ts";
import { createOpening, deadLetterTopicsOf, type TopicToCreate } from "./opening.ts";
import { type ProducerOptions, resolveProducerOptions } from "./options.ts";
import { createPreparation } from "./preparation.ts";
import { toSendError } from "./send-error.ts";

export interface TopicProducerDeps {
  readonly transport: KafkaPort;
  readonly serializer: Serializer;
  readonly observe: Observe;
  readonly clock: Clock;
  readonly context: ContextStore;
  readonly options: ProducerOptions;
  /** Creates a missing topic like this at start; absent: a missing topic is an error. */
  readonly createTopics?: TopicToCreate | undefined;
  /** Knows the app's secrets, which then stay out of dead letters. */
  readonly redactor?: Pick<Redactor, "redact">;
}

/** A producer that its app owns: it may be told more events of its topic, and it is closed with the app. */
export interface OwnedTopicProducer extends TopicProducer, Closable {
  start(events?: readonly EventType[]): Promise<void>;
}

/** Publishes the events of one topic: in order per key, with room limits, tries and, if asked for, dead letters. */
export function createTopicProducer(deps: TopicProducerDeps, topic: TopicDefinition): OwnedTopicProducer {
  const { transport, serializer, observe, clock, context } = deps;
  const options = resolveProducerOptions(deps.options, transport.capabilities);
  const { acks, idempotent, compression, requestTimeoutMs } = options;
  const port = transport.producer({ acks, idempotent, compression, requestTimeoutMs });
  const [fallbackTopic = `${topic.name}-dlq`] = deadLetterTopicsOf(topic);
  const sink = createDeadLetterSink(topic.name, {
    transport,
    clock,
    options,
    fallbackTopic,
    redact: (text) => (deps.redactor ? deps.redactor.redact(text) : text),
    report: (error) =>
      observe({
        kind: "internal.error",
        where: `producer dead letter of ${topic.name}`,
        error,
        isPassing: true,
      }),
  });
  const fail = createFail({ topic: topic.name, observe, sink, drop: (entry) => dispatcher.drop(entry) });
  const ledger = createLedger(clock, options.deliveryTimeoutMs, (entry) =>
    fail([entry], toExpired(entry, options.deliveryTimeoutMs)),
  );
  const dispatcher = createDispatcher({ topic: topic.name, port, clock, observe, options, fail });
  const acceptance = createAcceptance({ topic: topic.name, fail, ledger, dispatcher, clock, observe });
  const preparation = createPreparation({
    open: createOpening(topic, { transport, port, observe, options, createTopics: deps.createTopics }),
    prepare: (events) => serializer.prepare(events),
    go: (entry) => acceptance.encode(entry, serializer),
    fail,
  });
  let closing: Promise<void> | undefined;

  const shut = async (): Promise<void> => {
    dispatcher.hurry();
    const { closeTimeoutMs } = options;
    const cancel = clock.schedule(closeTimeoutMs, () => {
      for (const entry of ledger.unsettled()) fail([entry], toCutOff(entry, closeTimeoutMs));
    });
    await ledger.drained();
    cancel();
    await closeAll([port, ...(sink ? [sink] : [])]);
  };

  function accept(event: EventType | undefined, given: unknown, sending: SendOptions, build: Build): Entry {
    if (closing) throw new KeryxError("closed", `the producer of ${topic.name} is closed`);
    const entry = acceptance.accept(event, given, sending.signal, build);
    if (!entry.settled && preparation.isReady(event)) acceptance.encode(entry, serializer);
    else if (!entry.settled) preparation.hold(entry);
    return entry;
  }

  return {
    start: (events = topic.events) => preparation.start(events),
    // Awaits the outcome itself instead of handing its promise on: so the caller stands in the stack of a failure.
    async send(event, value, sending = {}) {
      const type: EventType = event;
      const entry = accept(type, value, sending, (nowMs) => {
        const complete = type.codec.create(value);
        const envelope = buildEnvelope(type, complete, sending, context.current(), nowMs);
        return { envelope, value: complete };
      });
      return toResult(topic.name, entry, await entry.outcome);
    },
    async tombstone(key, sending = {}) {
      const entry = accept(undefined, undefined, sending, (nowMs) => ({
        envelope: buildTombstone(topic.name, key, sending, context.current(), nowMs),
        value: undefined,
      }));
      return toResult(topic.name, entry, await entry.outcome);
    },
    async flush() {
      dispatcher.hurry();
      await ledger.drained();
    },
    stats: () => ({ ...ledger.counts(), batches: dispatcher.batches() }),
    close() {
      closing ??= shut();
      return closing;
    },
  };
}

type Build = (nowMs: number) => { readonly envelope: Envelope; readonly value: unknown };

/** From a call to an entry of the ledger, and from there to an encoded record in the queue. */
function createAcceptance(deps: {
  readonly topic: string;
  readonly fail: Fail;
  readonly ledger: Ledger;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly observe: Observe;
}): {
  accept(event: EventType | undefined, given: unknown, signal: AbortSignal | undefined, build: Build): Entry;
  encode(entry: Entry, serializer: Serializer): void;
} {
  const { topic, fail, ledger, dispatcher, clock, observe } = deps;

  function watchSignal(entry: Entry, signal: AbortSignal): void {
    const onAbort = (): void => {
      if (!entry.settled) fail([entry], toCalledOff(signal));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    void entry.outcome.then(() => signal.removeEventListener("abort", onAbort));
  }

  return {
    accept(event, given, signal, build) {
      const nowMs = clock.now();
      let built: ReturnType<Build> | undefined;
      let refusal: unknown;
      try {
        built = build(nowMs);
      } catch (thrown) {
        refusal = thrown;
      }
      const messageId = built?.envelope.messageId ?? createMessageId(nowMs);
      const entry = ledger.add(event, messageId, built ? built.value : given);
      observe({ kind: "record.sent", topic, ...(event ? { event: event.type } : {}), messageId });
      if (!built) fail([entry], KeryxError.from(refusal, "encode_failed"));
      else if (signal?.aborted) fail([entry], toCalledOff(signal));
      else {
        entry.envelope = built.envelope;
        if (signal) watchSignal(entry, signal);
      }
      return entry;
    },
    encode(entry, serializer) {
      const { envelope, event } = entry;
      if (!envelope) return;
      try {
        const value = event ? serializer.serialize(event, entry.value) : null;
        Object.assign(entry, toRecord(topic, envelope, value), { key: envelope.key });
      } catch (thrown) {
        return fail([entry], KeryxError.from(thrown, "encode_failed"));
      }
      dispatcher.submit(entry);
    },
  };
}

function toResult(topic: string, entry: Entry, outcome: Awaited<Entry["outcome"]>): SendResult {
  if (outcome.kind === "failed") throw toSendError(topic, entry, outcome);
  const { partition, offset } = outcome.meta;
  return { topic, partition, offset, messageId: entry.messageId };
}
