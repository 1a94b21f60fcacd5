import { type Clock, systemClock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import { type EventType, isJsonEvent, type SchemaFormat, type WireReference } from "../core/event.ts";
import type { PayloadLimits } from "../core/limits.ts";
import type { Observe } from "../core/signals.ts";
import type {
  RegisteredVersion,
  SchemaDefinition,
  SchemaReference,
  SchemaRegistry,
  SchemaType,
} from "../registry/port.ts";
import { frameHeader } from "./frame.ts";
import { createJsonCodecs } from "./json.ts";
import { registeredIndexes } from "./protobuf.ts";

/** Values of events in, framed bytes out; of events that are written as JSON, plain JSON. */
export interface Serializer {
  /**
   * Registers the schemas of the events, or looks them up: once per schema, whoever asks at the same time. JSON needs none.
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
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: `payloadLimits`. */
  readonly limits?: PayloadLimits | undefined;
}

export function createSerializer(options: SerializerOptions): Serializer {
  const { registry, clock = systemClock, limits } = options;
  const headers = new Map<EventType, Uint8Array>();
  const jsonOf = createJsonCodecs();
  const placing: Placing = { ...options, placed: new Map() };
  const preparing = new Map<string, Promise<Uint8Array>>();

  async function prepareOne(event: EventType): Promise<Uint8Array> {
    const { id } = await place(placing, event, { subject: event.subject, ...event.wire });
    const isIndexed = event.format === "protobuf";
    return frameHeader(id, isIndexed ? await registeredIndexes(registry, clock, id, event) : undefined);
  }

  return {
    async prepare(events, signal) {
      // One after the other, so that ids come in the order of the events and shared references once.
      for (const event of events) {
        if (headers.has(event) || isJsonEvent(event)) continue;
        const key = `${event.subject}\n${event.fingerprint}\n${event.name}`;
        headers.set(
          event,
          await untilAborted(
            once(preparing, key, () => prepareOne(event)),
            signal,
          ),
        );
      }
    },
    serialize(event, value) {
      if (isJsonEvent(event)) return jsonOf(event).encode(value, limits);
      const header = headers.get(event);
      if (header === undefined)
        throw new KeryxError("internal", `${event.name} is serialized before it was prepared`);
      const bytes = event.codec.encode(value, header.length, limits);
      bytes.set(header);
      return bytes;
    },
  };
}

/** Whoever asks while the work is under way shares it, and its result stays; a failure is forgotten. */
function once<T>(running: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const known = running.get(key);
  if (known !== undefined) return known;
  const started = work().catch((error: unknown) => {
    running.delete(key);
    throw error;
  });
  running.set(key, started);
  return started;
}

/** One caller gives up; the shared work goes on for the others. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () =>
      reject(new KeryxError("aborted", "preparing schemas was called off", { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

interface Placing extends SerializerOptions {
  /** References by subject and text, shared by every event that needs them. */
  readonly placed: Map<string, Promise<RegisteredVersion>>;
}

interface Text {
  readonly subject: string;
  readonly schema: string;
  readonly references: readonly WireReference[];
}

/** Finds a text under its subject, or registers it; its references go first. */
async function place(placing: Placing, event: EventType, text: Text): Promise<RegisteredVersion> {
  const { registry, observe, autoRegister } = placing;
  const references: SchemaReference[] = [];
  for (const reference of text.references) {
    const key = `${reference.subject}\n${reference.schema}`;
    const { subject, version } = await once(placing.placed, key, () => place(placing, event, reference));
    references.push({ name: reference.name, subject, version });
  }
  const schema: SchemaDefinition = { type: schemaTypes[event.format], schema: text.schema, references };
  const known = await registry.lookup(text.subject, schema);
  if (known === undefined && !autoRegister) throw notRegistered(event, text.subject);
  // Only the event's own subject has a declared level.
  if (text.subject === event.subject) {
    if (known === undefined) await alignLevel(placing, event);
    else await reportLevel(placing, event);
  }
  const placed = known ?? (await registry.register(text.subject, schema));
  observe({ kind: "schema.registered", subject: text.subject, id: placed.id, isNew: known === undefined });
  return placed;
}

const schemaTypes: Readonly<Record<SchemaFormat, SchemaType>> = { avro: "AVRO", protobuf: "PROTOBUF" };

/** Sets the level while the subject is empty; later a difference is only told, for it is somebody's decision. */
async function alignLevel({ registry, observe }: Placing, event: EventType): Promise<void> {
  const wanted = event.policy.compatibility;
  const found = await registry.subjectLevel(event.subject);
  if (found === undefined && !(await registry.hasSubject(event.subject)))
    await registry.setSubjectLevel(event.subject, wanted);
  else if (found !== wanted)
    observe({ kind: "schema.level_differs", subject: event.subject, wanted, found: found ?? "none" });
}

/** The schema is there already, so nothing of this may stand in the way of sending. */
async function reportLevel({ registry, observe }: Placing, event: EventType): Promise<void> {
  const wanted = event.policy.compatibility;
  try {
    const found = await registry.subjectLevel(event.subject);
    if (found !== wanted)
      observe({ kind: "schema.level_differs", subject: event.subject, wanted, found: found ?? "none" });
  } catch (error) {
    const { message } = KeryxError.from(error);
    observe({ kind: "config.warning", message: `The level of ${event.subject} cannot be read: ${message}` });
  }
}

function notRegistered(event: EventType, subject: string): KeryxError {
  return new KeryxError(
    "schema_not_found",
    `the schema of ${event.name} is not registered under ${subject}`,
    {
      details: { subject, event: event.name },
      help: "Run `keryx register`, or set `registry.autoRegister: true`.",
    },
  );
}
