import type { App, SendOptions, SendResult, TopicProducer } from "../core/app.ts";
import { KeryxError } from "../core/errors.ts";
import type { EventType, TopicDefinition } from "../core/event.ts";
import { type Closable, closeAll } from "../core/lifecycle.ts";
import type { OwnedTopicProducer } from "./producer.ts";

/** The producers of an app: one per topic, so that order per key holds whoever sends. */
export interface Producers extends Closable {
  readonly generic: App["producer"];
  topicProducer(topic: TopicDefinition): TopicProducer;
  /** Events that producers were asked for. */
  events(): readonly EventType[];
}

export function createProducers(create: (topic: TopicDefinition) => OwnedTopicProducer): Producers {
  const byTopic = new Map<string, OwnedTopicProducer>();
  const known = new Set<EventType>();
  let isClosed = false;

  function find(topic: TopicDefinition): OwnedTopicProducer {
    if (isClosed) throw new KeryxError("closed", "the app is closed");
    for (const event of topic.events) known.add(event);
    const found = byTopic.get(topic.name) ?? create(topic);
    byTopic.set(topic.name, found);
    return found;
  }

  // Async, so that a closed app rejects instead of throwing.
  async function send<Value, Init>(
    event: EventType<Value, Init>,
    value: Init,
    options?: SendOptions,
  ): Promise<SendResult> {
    return find({ name: event.topic, events: [event] }).send(event, value, options);
  }

  async function flush(): Promise<void> {
    await Promise.all(Array.from(byTopic.values(), (producer) => producer.flush()));
  }

  return {
    generic: { send, flush },
    // The topic's own events, also when the first to ask for this topic knew fewer.
    topicProducer: (topic) => {
      const producer = find(topic);
      return { ...producer, start: () => producer.start(topic.events) };
    },
    events: () => [...known],
    close() {
      isClosed = true;
      return closeAll(byTopic.values());
    },
  };
}
