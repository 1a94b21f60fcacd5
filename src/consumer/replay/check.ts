import type { Clock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { EventType } from "../../core/event.ts";
import type { RawRecord } from "../../core/record.ts";
import { createDeserializer, type DeserializerOptions } from "../../serde/deserializer.ts";

/** Says why the current schemas cannot read a value; undefined when they can. */
export type Check = (record: RawRecord) => Promise<string | undefined>;

/** @throws KeryxError `usage` when nobody said which events there are */
export function createCheck(
  registry: DeserializerOptions["registry"],
  clock: Clock,
  topic: string,
  events: readonly EventType[],
): Check {
  const own = events.filter((event) => event.topic === topic);
  if (own.length === 0)
    throw new KeryxError("usage", `No event of ${topic} is known, so that values cannot be checked`, {
      help: "Give the replay its `events`, or make the topic's consumer before it.",
    });
  const deserializer = createDeserializer({ registry, clock, events: own });
  return async (record) => {
    // A tombstone has no schema to fail.
    if (record.value === null) return undefined;
    try {
      const decoded = await deserializer.decode(record);
      return decoded.kind === "unhandled" ? "unhandled-event" : undefined;
    } catch (error) {
      // A registry that does not answer says nothing about the record: the run ends, and can go on later.
      if (!(error instanceof KeryxError) || error.code !== "decode_failed") throw error;
      return String(error.details["reason"]);
    }
  };
}
