import type { EventType } from "../../src/core/event.ts";

/** The event on a topic of its own, whose failures go nowhere. */
export function toShutdownEvent<Value, Init>(
  event: EventType<Value, Init>,
  topic: string,
): EventType<Value, Init> {
  const policy = { ...event.policy, retry: { delaysMs: [] }, deadLetter: `${topic}-dlq` };
  return { ...event, topic, subject: `${topic}-orders.v1.OrderPlaced`, policy };
}
