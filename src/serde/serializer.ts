import type { EventType } from "../core/event.ts";
import type { Observe } from "../core/signals.ts";
import type { SchemaRegistry } from "../registry/port.ts";

/** Values of events in, framed bytes out. */
export interface Serializer {
  /**
   * Registers the schemas of the events, or looks them up: once per schema, whoever asks at the same time.
   * A subject's level is set before its first version; a differing one is reported and left as it is.
   * @throws KeryxError `schema_not_found`, `schema_incompatible`, `schema_invalid`, `registry_unreachable`, `registry_unauthorized`
   */
  prepare(events: readonly EventType[], signal?: AbortSignal): Promise<void>;
  /**
   * Frames and encodes a complete value. The event was prepared before.
   * @throws KeryxError `encode_failed`
   */
  serialize(event: EventType, value: unknown): Uint8Array;
}

export interface SerializerOptions {
  readonly registry: SchemaRegistry;
  /** False: schemas are only looked up, never registered. */
  readonly autoRegister: boolean;
  readonly observe: Observe;
}

export function createSerializer(_options: SerializerOptions): Serializer {
  throw new Error("not there yet");
}
