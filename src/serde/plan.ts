import { decodeError, KeryxError } from "../core/errors.ts";
import type { EventType, SchemaFormat } from "../core/event.ts";
import type { RegisteredSchema, SchemaType } from "../registry/port.ts";
import { parseProtoSource } from "../schema/proto/source.ts";
import { type AvroReaders, createAvroReaders, resolveAvro } from "./avro.ts";
import { type Decode, decodeOf, type Frame, type Payload, readIndexes, readPayload } from "./frame.ts";
import { resolveIndexes, resolveWithoutIndexes } from "./protobuf.ts";

/** What a payload is to be read as. */
export type Target =
  | {
      readonly kind: "event";
      readonly event: EventType;
      readonly read: Decode;
    }
  | { readonly kind: "unhandled"; readonly name: string };

/** What to do with the records of one schema id; made once per id. @throws KeryxError `decode_failed` */
export type Plan = (frame: Frame) => { readonly target: Target; readonly payload: Payload };

export interface PlannerOptions {
  readonly events: readonly EventType[];
  /** Reads Protobuf without message indexes, as some clients write it: never guessed. Default false. */
  readonly protobufWithoutIndexes?: boolean;
  /** Reads message indexes as unsigned varints, as old .NET and Python clients wrote them. Default false. */
  readonly unsignedIndexes?: boolean;
}

/** Schemas become plans. A schema that cannot be used becomes a plan that says why, for each of its records. */
export function createPlanner(
  options: PlannerOptions,
): (schema: RegisteredSchema, references: readonly RegisteredSchema[]) => Plan {
  const events = {
    avro: byName(options.events, "avro"),
    protobuf: byName(options.events, "protobuf"),
  };
  const readerOf = createAvroReaders();
  return (schema, references) => {
    try {
      if (schema.type === "AVRO") return avroPlan([...references, schema], events.avro, readerOf);
      if (schema.type === "PROTOBUF") return protobufPlan(schema, events.protobuf, options);
      return refusal(schema, `schemas of type ${schema.type satisfies SchemaType} are not read`);
    } catch (error) {
      const { code, message } = KeryxError.from(error);
      if (code !== "schema_invalid") throw error;
      return refusal(schema, `the writer's schema cannot be used: ${message}`, error);
    }
  };
}

function byName(events: readonly EventType[], format: SchemaFormat): ReadonlyMap<string, EventType> {
  return new Map(events.filter((event) => event.format === format).map((event) => [event.name, event]));
}

function refusal(schema: RegisteredSchema, why: string, cause?: unknown): Plan {
  return () => {
    throw decodeError("incompatible", why, { cause, details: { schemaId: schema.id } });
  };
}

function avroPlan(
  schemas: readonly RegisteredSchema[],
  events: ReadonlyMap<string, EventType>,
  readerOf: AvroReaders,
): Plan {
  const texts = schemas.map(({ schema }) => schema);
  const target = resolveAvro(texts, events, readerOf);
  return (frame) => ({ target, payload: readPayload(frame) });
}

function protobufPlan(
  schema: RegisteredSchema,
  events: ReadonlyMap<string, EventType>,
  options: PlannerOptions,
): Plan {
  const file = parseProtoSource(schema.schema);
  const varints = options.unsignedIndexes === true ? "unsigned" : "zigzag";
  const targets = new Map<string | number | undefined, Target>();
  const once = (
    key: string | number | undefined,
    resolve: () => ReturnType<typeof resolveIndexes>,
  ): Target => {
    const known = targets.get(key);
    if (known !== undefined) return known;
    const found = resolve();
    const target = found.kind === "unhandled" ? found : { ...found, read: decodeOf(found.event.codec) };
    // Only indexes that name a message come here, so the schema's size bounds this.
    targets.set(key, target);
    return target;
  };
  return (frame) => {
    if (options.protobufWithoutIndexes === true && frame.payload === undefined)
      return {
        target: once("none", () => resolveWithoutIndexes(file, events)),
        payload: frame,
      };
    const payload = readIndexes(frame, varints);
    const { indexes } = payload;
    const key = indexes.length > 1 ? indexes.join() : indexes[0];
    return { target: once(key, () => resolveIndexes(file, indexes, events)), payload };
  };
}
