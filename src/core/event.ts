import type { PayloadLimits } from "./limits.ts";

/** Schema formats that an event can be written in. */
export type SchemaFormat = "protobuf" | "avro";

/** Compatibility levels of a schema registry subject, as registries spell them. */
export const compatibilityLevels = [
  "NONE",
  "BACKWARD",
  "BACKWARD_TRANSITIVE",
  "FORWARD",
  "FORWARD_TRANSITIVE",
  "FULL",
  "FULL_TRANSITIVE",
] as const;

/** Compatibility level of a schema registry subject: which older or newer versions a schema must go with. */
export type CompatibilityLevel = (typeof compatibilityLevels)[number];

/**
 * Turns values of one event into bytes and back. Synchronous and free of I/O; generated code supplies it.
 *
 * `Value` is what handlers receive (complete), `Init` what senders may write (fields with defaults optional).
 */
export interface Codec<Value, Init = Value> {
  /** Completes an init value: absent fields take their defaults. */
  create(init: Init): Value;
  /**
   * Encodes a complete value behind `room` untouched bytes, which the caller fills with the frame header.
   * Without limits the defaults hold.
   * @throws KeryxError `encode_failed` naming the field path.
   */
  encode(value: Value, room: number, limits?: PayloadLimits): Uint8Array;
  /**
   * Decodes a payload that this very schema wrote; the frame is already removed. Without limits the defaults hold.
   * @throws KeryxError `decode_failed` with `details.reason`.
   */
  decode(payload: Uint8Array, limits?: PayloadLimits): Value;
  /**
   * Decodes, as `decode` does, what stands behind `room` bytes: the frame need not be cut off first, which takes a
   * tenth of the time. A codec that is written by hand may do without.
   */
  decodeFramed?(framed: Uint8Array, room: number, limits?: PayloadLimits): Value;
  /**
   * Avro: what decodes payloads of an earlier version of the schema, as a value of this one; undefined when the
   * generator did not know that version. `encoding` is the SHA-256 of the writer's encoding.
   */
  earlier?(encoding: string): ((payload: Uint8Array, limits?: PayloadLimits) => Value) | undefined;
}

/**
 * How payloads are written: the format's binary encoding behind a registry's frame, or JSON without a frame and
 * without a registry. `AVRO_JSON` is the JSON encoding of Avro's own specification.
 */
export type Serialization = "BINARY" | "JSON" | "AVRO_JSON";

/** Turns complete values of one event into JSON text and back, by the rules of its format. */
export interface JsonCodec<Value> {
  /** Without limits the defaults hold. @throws KeryxError `encode_failed` naming the field path */
  encode(value: Value, limits?: PayloadLimits): Uint8Array;
  /** Without limits the defaults hold. @throws KeryxError `decode_failed` with `details.reason` */
  decode(text: Uint8Array, limits?: PayloadLimits): Value;
}

/**
 * How TypeScript holds the values of an Avro `long` where they are no bigints: as numbers, which refuse what they cannot
 * hold exactly, or as decimal text.
 */
export type LongForm = "NUMBER" | "STRING";

/** A schema that the event's schema imports, in registration order. */
export interface WireReference {
  /** The import path (Protobuf) or full name (Avro) that the text uses. */
  readonly name: string;
  /** Registry subject that it is registered under. */
  readonly subject: string;
  /** Text to register when the subject does not hold it yet. */
  readonly schema: string;
  readonly references: readonly WireReference[];
}

/** Delivery policy of one event, as its schema declares it (defaults filled in). */
export interface EventPolicy {
  /** One retry topic for each delay, in order; milliseconds. Empty: no retry topics. */
  readonly retry: { readonly delaysMs: readonly number[] };
  /** Dead-letter topic. */
  readonly deadLetter: string;
  /** Level that its subject gets with the first version. */
  readonly compatibility: CompatibilityLevel;
  /** Per-key order is kept on failure too; then there are no retry topics. */
  readonly ordered: boolean;
  /** Who answers for the event. */
  readonly owner?: string;
}

/**
 * Everything the runtime knows of one event. Plain data and a codec, written by the generator.
 * Members are methods where they take a value, so that an event of any type is an `EventType`.
 */
export interface EventType<
  Value = unknown,
  Init = Value,
  Type extends string = string,
  Topic extends string = string,
> {
  /** Event type as it travels in the `event-type` header, for example `order.placed`. */
  readonly type: Type;
  readonly topic: Topic;
  /** Full name of the message or record, for example `orders.v1.OrderPlaced`. */
  readonly name: string;
  /** Registry subject. */
  readonly subject: string;
  readonly format: SchemaFormat;
  /** SHA-256 of the wire schema's text, lower-case hex. */
  readonly fingerprint: string;
  /** Protobuf: path of message indexes inside its file. Avro: empty. */
  readonly index: readonly number[];
  /** The text that is registered: the schema without our own options. */
  readonly wire: { readonly schema: string; readonly references: readonly WireReference[] };
  /** The format's binary encoding, whatever `serialization` says: older records of the event may have it. */
  readonly codec: Codec<Value, Init>;
  /** Default: BINARY. */
  readonly serialization?: Serialization;
  /** Protobuf's JSON mapping, where the event is written so. Avro's JSON follows from `wire`. */
  readonly json?: JsonCodec<Value>;
  /**
   * Avro: the fields whose longs are no bigints, by the record's full name, a dot and the field's. Another way to hold
   * them changes no byte, so `wire` does not tell.
   */
  readonly longs?: Readonly<Record<string, LongForm>>;
  readonly policy: EventPolicy;
  /** Dotted paths of sensitive fields in terms of the generated type. */
  readonly sensitive: readonly string[];
  /** Record key; absent when the schema declares none. Empty text means "not set". */
  key?(value: Value): string;
  /** Dedupe id; absent when the schema declares none. Empty text means "not set". */
  id?(value: Value): string;
  /** Event time, epoch milliseconds; absent when the schema declares none. Undefined means "not set". */
  time?(value: Value): number | undefined;
}

/** True when the event's records are JSON: they carry no frame and need no registry. */
export function isJsonEvent(event: Pick<EventType, "serialization">): boolean {
  return event.serialization !== undefined && event.serialization !== "BINARY";
}

/** A topic with the events that the schemas declare on it. */
export interface TopicDefinition {
  readonly name: string;
  /** Every event that a schema declares on the topic, also those that this service has no handler for. */
  readonly events: readonly EventType[];
}
