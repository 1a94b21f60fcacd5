import { KeryxError } from "../core/errors.ts";
import { type EventType, isJsonEvent, type JsonCodec } from "../core/event.ts";
import { headerNames, jsonContentType, recordHeader, recordText } from "../core/headers.ts";
import type { PayloadLimits } from "../core/limits.ts";
import type { RawRecord } from "../core/record.ts";
import { createAvroReaders } from "./avro.ts";
import { avroJson } from "./avro-json.ts";

/** The JSON codecs of events, each made when it is first needed. */
export function createJsonCodecs(): (event: EventType) => JsonCodec<unknown> {
  const known = new Map<EventType, JsonCodec<unknown>>();
  const typeOf = createAvroReaders();
  const make = (event: EventType): JsonCodec<unknown> => {
    if (event.json !== undefined) return judged(event, event.json);
    if (event.format === "avro")
      return avroJson(event, typeOf(event), event.serialization === "AVRO_JSON" ? "avro" : "plain");
    throw new KeryxError("internal", `${event.name} is written as JSON and has no codec for it`);
  };
  return (event) => {
    const codec = known.get(event) ?? make(event);
    known.set(event, codec);
    return codec;
  };
}

/** What the binary codec refuses is refused here: a JSON mapping writes some values that no schema allows. */
function judged(event: EventType, { encode, decode }: JsonCodec<unknown>): JsonCodec<unknown> {
  return {
    encode(value, limits) {
      event.codec.encode(value, 0, limits);
      return encode(value, limits);
    },
    decode,
  };
}

/** Which event a JSON record is, and how it is read. */
export type JsonTarget =
  | {
      readonly kind: "event";
      readonly event: EventType;
      readonly read: (text: Uint8Array, limits?: PayloadLimits) => unknown;
    }
  | { readonly kind: "unhandled"; readonly name: string };

export interface JsonDecoder {
  /** JSON by its content type, or since it begins as no frame does. */
  accepts(record: RawRecord): boolean;
  /** By the `event-type` header; without one it is the topic's only event. */
  find(record: RawRecord): JsonTarget;
}

/** Undefined where none of the known events is written as JSON. */
export function createJsonDecoder(
  handled: readonly EventType[],
  known: readonly EventType[],
): JsonDecoder | undefined {
  if (!known.some(isJsonEvent)) return undefined;
  const byType = new Map(known.filter(isJsonEvent).map((event) => [event.type, event]));
  const framed = new Set(known.filter((event) => !isJsonEvent(event)).map(({ type }) => type));
  const isHandled = new Set(handled);
  const codecOf = createJsonCodecs();
  return {
    accepts(record) {
      if (isJsonType(recordText(record, headerNames.contentType))) return true;
      const type = recordText(record, headerNames.eventType);
      if (type !== undefined && framed.has(type)) return false;
      // The magic bytes of frames begin no JSON.
      const first = record.value?.[0];
      return first !== undefined && first > 1 && recordHeader(record, "__value_schema_id") === undefined;
    },
    find(record) {
      const type = recordText(record, headerNames.eventType);
      const [only, ...others] = known;
      const event = type === undefined ? (others.length === 0 ? only : undefined) : byType.get(type);
      if (event === undefined)
        return { kind: "unhandled", name: type ?? "JSON without an event-type header" };
      if (!isHandled.has(event)) return { kind: "unhandled", name: event.name };
      return { kind: "event", event, read: (text, limits) => codecOf(event).decode(text, limits) };
    },
  };
}

function isJsonType(contentType: string | undefined): boolean {
  return contentType !== undefined && contentType.split(";", 1)[0]?.trim().toLowerCase() === jsonContentType;
}
