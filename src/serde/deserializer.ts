import { type Clock, systemClock } from "../core/clock.ts";
import { type DecodeReason, decodeError, KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import type { PayloadLimits } from "../core/limits.ts";
import type { RawRecord, SchemaKey } from "../core/record.ts";
import type { RegisteredSchema, SchemaRegistry } from "../registry/port.ts";
import { type Frame, readFrame } from "./frame.ts";
import { createJsonDecoder, type JsonDecoder } from "./json.ts";
import { createLru } from "./lru.ts";
import { createPlanner, type Plan, type PlannerOptions } from "./plan.ts";
import { fetchReferences } from "./references.ts";
import { isSchemaNotFound, schemaWithSecondLook } from "./second-look.ts";

export type Decoded =
  | {
      readonly kind: "decoded";
      readonly event: EventType;
      readonly value: unknown;
      /** Absent: JSON, which names no schema. */
      readonly schemaId?: SchemaKey;
    }
  /** A well-formed schema or an event type, but of none of the events. */
  | { readonly kind: "unhandled"; readonly name: string; readonly schemaId?: SchemaKey };

/** Framed bytes or JSON in, values of known events out. */
export interface Deserializer {
  /**
   * Answers at once when the schema is known. A null value never comes here: tombstones are the consumer's.
   * @throws KeryxError `decode_failed` with `details.reason`; `registry_unreachable` and `registry_unauthorized`,
   * which say nothing about the record. Thrown or rejected, depending on when it shows.
   */
  decode(record: RawRecord): Decoded | Promise<Decoded>;
}

export interface DeserializerOptions extends PlannerOptions {
  readonly registry: SchemaRegistry;
  /** Every event that the topic is known to have, handled or not: JSON names its event by a header only. Default: `events`. */
  readonly known?: readonly EventType[];
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: `payloadLimits`. */
  readonly limits?: PayloadLimits | undefined;
}

const noBytes = new Uint8Array();
const maxPlans = 1_000;
const unknownForMs = 30_000;

export function createDeserializer(options: DeserializerOptions): Deserializer {
  const { registry, clock = systemClock, limits } = options;
  const buildPlan = createPlanner(options);
  const plans = createLru<SchemaKey, Plan>(maxPlans);
  const unknown = createLru<SchemaKey, number>(maxPlans);
  const loading = new Map<SchemaKey, Promise<Plan>>();
  const json = createJsonDecoder(options.events, options.known ?? options.events);

  async function fetchSchema(id: SchemaKey): Promise<RegisteredSchema> {
    try {
      return await schemaWithSecondLook(registry, clock, id);
    } catch (error) {
      if (!isSchemaNotFound(error)) throw error;
      unknown.set(id, clock.now() + unknownForMs);
      throw decodeError("unknown-schema", `the registry has no schema ${id}`, { cause: error });
    }
  }

  async function loadPlan(id: SchemaKey): Promise<Plan> {
    try {
      const schema = await fetchSchema(id);
      return buildPlan(schema, await fetchReferences(registry, schema));
    } catch (error) {
      throw toFetchError(error, id);
    }
  }

  function loadPlanOnce(id: SchemaKey): Promise<Plan> {
    const known = loading.get(id);
    if (known !== undefined) return known;
    const started = loadPlan(id)
      .then((plan) => {
        plans.set(id, plan);
        return plan;
      })
      .finally(() => loading.delete(id));
    loading.set(id, started);
    return started;
  }

  /** The plan when it needs no I/O. */
  function planAtHand(id: SchemaKey): Plan | undefined {
    const known = plans.get(id);
    if (known !== undefined) return known;
    const schema = registry.cachedSchema(id);
    if (schema === undefined || schema.references.length > 0) return undefined;
    const plan = buildPlan(schema, []);
    plans.set(id, plan);
    return plan;
  }

  return {
    decode(record) {
      let schemaId: SchemaKey | undefined;
      const fail = (error: unknown): KeryxError => toRecordError(error, record, schemaId);
      try {
        if (json?.accepts(record) === true) return decodeJson(json, record, limits);
        const frame = readFrame(record.value ?? noBytes, record);
        const id = frame.schemaId;
        schemaId = id;
        const plan = planAtHand(id);
        if (plan !== undefined) return follow(plan, frame, limits);
        if ((unknown.get(id) ?? 0) > clock.now())
          throw decodeError("unknown-schema", `the registry has no schema ${id}`);
        return loadPlanOnce(id).then(
          (loaded) => {
            try {
              return follow(loaded, frame, limits);
            } catch (error) {
              throw fail(error);
            }
          },
          (error: unknown) => {
            throw fail(error);
          },
        );
      } catch (error) {
        throw fail(error);
      }
    },
  };
}

function decodeJson(json: JsonDecoder, record: RawRecord, limits: PayloadLimits | undefined): Decoded {
  const target = json.find(record);
  if (target.kind === "unhandled") return target;
  const { event } = target;
  try {
    return { kind: "decoded", event, value: target.read(record.value ?? noBytes, limits) };
  } catch (error) {
    throw nameEvent(error, event);
  }
}

function follow(plan: Plan, frame: Frame, limits: PayloadLimits | undefined): Decoded {
  const { schemaId } = frame;
  const { target, payload } = plan(frame);
  if (target.kind === "unhandled") return { kind: "unhandled", name: target.name, schemaId };
  const { event } = target;
  try {
    const value = target.read(payload, limits);
    return { kind: "decoded", event, value, schemaId };
  } catch (error) {
    throw nameEvent(error, event);
  }
}

/**
 * A registry that answers nonsense is down as far as the record is concerned: it is asked again, never dead-lettered.
 * Only a schema that is there and beyond our limits belongs to the record.
 */
function toFetchError(error: unknown, id: SchemaKey): KeryxError {
  const known = KeryxError.from(error);
  if (known.code === "schema_invalid")
    return decodeError("incompatible", `the writer's schema ${id} cannot be used: ${textOf(known)}`, {
      cause: known,
    });
  if (known.code !== "registry_error") return known;
  const { cause, details, help } = known;
  return new KeryxError("registry_unreachable", textOf(known), { cause, details, help });
}

/** Whatever a codec throws on bytes is about the bytes: they came from outside, the codec did not. */
function nameEvent(error: unknown, event: EventType): KeryxError {
  const known = KeryxError.from(error, "decode_failed");
  const reason = reasonOf(known) ?? "malformed";
  return decodeError(reason, textOf(known), {
    cause: error,
    details: { ...known.details, event: event.name },
  });
}

/** Adds the record's coordinates. What the registry or the app failed at is passed on: it is not the record's fault. */
function toRecordError(error: unknown, record: RawRecord, schemaId: SchemaKey | undefined): KeryxError {
  const known = KeryxError.from(error);
  const reason = reasonOf(known);
  if (reason === undefined) return known;
  const { topic, partition, offset } = record;
  const name = known.details["event"];
  const subject = typeof name === "string" ? name : "record";
  return decodeError(reason, `${subject} at ${topic}-${partition}@${offset}: ${textOf(known)}`, {
    cause: known.cause ?? known,
    details: { ...known.details, topic, partition, offset, ...(schemaId === undefined ? {} : { schemaId }) },
  });
}

function reasonOf(error: KeryxError): DecodeReason | undefined {
  return error.code === "decode_failed" ? (error.details["reason"] as DecodeReason | undefined) : undefined;
}

function textOf(error: KeryxError): string {
  const prefix = `[${error.code}] `;
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}
