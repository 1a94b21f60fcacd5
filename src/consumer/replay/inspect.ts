import type { Clock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { EventType } from "../../core/event.ts";
import type { PayloadLimits } from "../../core/limits.ts";
import type { RawRecord } from "../../core/record.ts";
import { toCoordinates } from "../../core/record.ts";
import type { ReplayOptions } from "../../core/replay.ts";
import type { Decoded } from "../../serde/deserializer.ts";
import { createDeserializer, type DeserializerOptions } from "../../serde/deserializer.ts";
import type { Serializer } from "../../serde/serializer.ts";

/** What a look at the value comes to. */
export type Inspected =
  | { readonly kind: "kept" }
  | { readonly kind: "edited"; readonly event: EventType; readonly value: Uint8Array }
  /** Cannot be read, or what was made of it cannot be written. */
  | { readonly kind: "rejected"; readonly reason: string };

export type Inspect = (record: RawRecord) => Promise<Inspected>;

export interface InspectDeps {
  readonly registry: DeserializerOptions["registry"];
  readonly serializer: Serializer;
  readonly clock: Clock;
  /** Default: `payloadLimits`. */
  readonly limits?: PayloadLimits | undefined;
  readonly events: readonly EventType[];
}

const kept: Inspected = { kind: "kept" };

/**
 * Undefined where nobody asked for a look at values.
 * @throws KeryxError `usage` when nobody said which events there are
 */
export function createInspect(
  deps: InspectDeps,
  { topic, checkValues, edit, dryRun }: Pick<ReplayOptions, "topic" | "checkValues" | "edit" | "dryRun">,
): Inspect | undefined {
  if (!checkValues && !edit) return undefined;
  const { registry, clock, limits, serializer } = deps;
  const events = deps.events.filter((event) => event.topic === topic);
  if (events.length === 0)
    throw new KeryxError("usage", `No event of ${topic} is known, so that values cannot be read`, {
      help: "Give the replay its `events`, or make the topic's consumer before it.",
    });
  const deserializer = createDeserializer({ registry, clock, limits, events });

  const rewrite = async (
    record: RawRecord,
    { event, value }: Extract<Decoded, { kind: "decoded" }>,
  ): Promise<Inspected> => {
    const made = edit && (await ask(edit, value, { event, from: toCoordinates(record) }));
    if (made === undefined) return kept;
    // Preparing may register a schema; a dry run only finds out whether the value can be written.
    if (!dryRun) await serializer.prepare([event]);
    try {
      const bytes = dryRun ? event.codec.encode(made, 0, limits) : serializer.serialize(event, made);
      return { kind: "edited", event, value: bytes };
    } catch (error) {
      throw KeryxError.from(error, "encode_failed");
    }
  };

  return async (record) => {
    // A tombstone has no schema to fail, and nothing to edit.
    if (record.value === null) return kept;
    try {
      const decoded = await deserializer.decode(record);
      if (decoded.kind === "unhandled") return { kind: "rejected", reason: "unhandled-event" };
      return await rewrite(record, decoded);
    } catch (error) {
      // A registry that does not answer says nothing about the record: the run ends, and can go on later.
      if (!(error instanceof KeryxError) || !aboutValue.has(error.code)) throw error;
      const { reason } = error.details;
      return { kind: "rejected", reason: typeof reason === "string" ? reason : error.code };
    }
  };
}

const aboutValue: ReadonlySet<string> = new Set(["decode_failed", "encode_failed"]);

type Edit = NonNullable<ReplayOptions["edit"]>;

async function ask(edit: Edit, ...[value, about]: Parameters<Edit>): Promise<unknown> {
  try {
    return await edit(value, about);
  } catch (error) {
    throw new KeryxError("usage", `The edit of ${about.from} failed`, { cause: error });
  }
}
