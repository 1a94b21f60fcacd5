import { createHash } from "node:crypto";
import type { EventType, LongForm, WireReference } from "../core/event.ts";
import { encodingText } from "../schema/avro/encoding-text.ts";
import { markLongs } from "../schema/avro/longs.ts";
import type { AvroNamedType, AvroType } from "../schema/avro/model.ts";
import { parseAvro } from "../schema/avro.ts";
import { isSameEncoding } from "./avro-encoding.ts";
import { createResolver } from "./avro-resolve.ts";
import { type Decode, decodeOf } from "./frame.ts";

/** What one writer's schema stands for, and how its payloads are read. */
export type AvroTarget =
  | {
      readonly kind: "event";
      readonly event: EventType;
      readonly read: Decode;
    }
  | { readonly kind: "unhandled"; readonly name: string };

/** Texts in an order in which each uses only those before it; the last one is the schema itself. */
export type AvroTexts = readonly string[];

/** Readers' schemas of events, parsed when first needed. */
export type AvroReaders = (event: EventType) => AvroType;

export function createAvroReaders(): AvroReaders {
  const known = new Map<EventType, AvroType>();
  return (event) => {
    const type = known.get(event) ?? parseReader(event);
    known.set(event, type);
    return type;
  };
}

/**
 * Finds the event that a writer's schema belongs to, by full name and then by the aliases of the readers.
 * @throws KeryxError `schema_invalid`
 */
export function resolveAvro(
  texts: AvroTexts,
  events: ReadonlyMap<string, EventType>,
  readerOf: AvroReaders,
): AvroTarget {
  const writer = parseTexts(texts, true);
  const name = "name" in writer ? writer.name : writer.kind;
  const event = events.get(name) ?? [...events.values()].find((one) => isAlias(readerOf(one), name));
  if (event === undefined) return { kind: "unhandled", name };
  const reader = readerOf(event);
  if (isSameEncoding(writer, reader)) return { kind: "event", event, read: decodeOf(event.codec) };
  const encoding = createHash("sha256").update(encodingText(writer)).digest("hex");
  const decode = event.codec.earlier?.(encoding) ?? createResolver(writer, reader);
  return { kind: "event", event, read: decodeOf({ decode }) };
}

function isAlias(reader: AvroType, name: string): boolean {
  return "name" in reader && reader.aliases.includes(name);
}

function parseReader(event: EventType): AvroType {
  const { longs = {} } = event;
  const named = new Map<string, AvroNamedType>();
  const type = parseTexts(textsOf(event), false, named);
  const formOf = (field: string): LongForm | undefined =>
    Object.hasOwn(longs, field) ? longs[field] : undefined;
  for (const one of named.values()) if (one.kind === "record") markLongs(one, formOf);
  return type;
}

function parseTexts(
  texts: AvroTexts,
  ignoreDefaults: boolean,
  named: Map<string, AvroNamedType> = new Map(),
): AvroType {
  let last: AvroType | undefined;
  for (const text of texts) {
    const parsed = parseAvro(text, { named, ignoreDefaults });
    for (const [name, type] of parsed.named) named.set(name, type);
    last = parsed.type;
  }
  return last ?? parseAvro('"null"').type;
}

/** An event's own text behind those that it refers to; a text that several refer to stands there once. */
function textsOf(event: EventType): AvroTexts {
  const texts = new Set<string>();
  const add = (references: readonly WireReference[]): void => {
    for (const reference of references) {
      add(reference.references);
      texts.add(reference.schema);
    }
  };
  add(event.wire.references);
  return [...texts, event.wire.schema];
}
