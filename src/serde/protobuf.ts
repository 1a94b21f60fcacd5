import type { Clock } from "../core/clock.ts";
import { decodeError, KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import type { SchemaRegistry } from "../registry/port.ts";
import type { ProtoFile } from "../schema/proto/model.ts";
import { parseProtoSource } from "../schema/proto/source.ts";
import { indexesOf, messageAt } from "../schema/protobuf.ts";
import { schemaWithSecondLook } from "./second-look.ts";

/**
 * The message indexes of an event inside the text that the registry returns for an id: it prints the text anew
 * and may move definitions about.
 * @throws KeryxError `schema_invalid` when that text does not define the message
 */
export async function registeredIndexes(
  registry: SchemaRegistry,
  clock: Clock,
  id: number,
  event: EventType,
): Promise<readonly number[]> {
  const registered = await schemaWithSecondLook(registry, clock, id);
  if (registered.schema === event.wire.schema) return event.index;
  const indexes = indexesOf(parseProtoSource(registered.schema), event.name);
  if (indexes === undefined)
    throw new KeryxError("schema_invalid", `the registry's schema ${id} does not define ${event.name}`, {
      details: { id, subject: event.subject },
    });
  return indexes;
}

/** What a message index of one writer's schema stands for. */
export type ProtoTarget =
  | { readonly kind: "event"; readonly event: EventType }
  | { readonly kind: "unhandled"; readonly name: string };

/**
 * The event that message indexes name in a writer's text.
 *
 * Some clients count map entries as well, which shifts messages that are nested behind a map field. So the text's
 * count is tried first, then the descriptor's; when both name an event, nobody can tell them apart.
 * @throws KeryxError `decode_failed`, reason `type-mismatch`
 */
export function resolveIndexes(
  file: ProtoFile,
  indexes: readonly number[],
  events: ReadonlyMap<string, EventType>,
): ProtoTarget {
  const plain = messageAt(file, indexes);
  const counted = indexes.length < 2 ? plain : messageAt(file, indexes, { mapEntries: true });
  const found = plain && events.get(plain.fullName);
  const other = counted && events.get(counted.fullName);
  if (found !== undefined && other !== undefined && found !== other)
    throw decodeError(
      "type-mismatch",
      `the message indexes [${indexes}] mean ${found.name}, or ${other.name} when map entries are counted`,
    );
  const event = found ?? other;
  if (event !== undefined) return { kind: "event", event };
  const name = plain?.fullName ?? counted?.fullName;
  if (name === undefined)
    throw decodeError("type-mismatch", `the schema has no message at the indexes [${indexes}]`);
  return { kind: "unhandled", name };
}

/**
 * The event of records without message indexes: the only one that the writer's text defines, else its first message.
 * @throws KeryxError `decode_failed`, reason `type-mismatch` when several are defined
 */
export function resolveWithoutIndexes(file: ProtoFile, events: ReadonlyMap<string, EventType>): ProtoTarget {
  const defined = [...events.values()].filter((event) => indexesOf(file, event.name) !== undefined);
  const [event] = defined;
  if (defined.length > 1)
    throw decodeError(
      "type-mismatch",
      `without message indexes the record may be any of ${defined.map(({ name }) => name).join(", ")}`,
    );
  return event === undefined ? resolveIndexes(file, [0], events) : { kind: "event", event };
}
