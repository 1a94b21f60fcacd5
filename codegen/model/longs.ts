import type { LongForm } from "../../src/core/event.ts";
import { longMark } from "../../src/schema/avro/longs.ts";
import type { AvroType } from "../../src/schema/avro/model.ts";
import { partsOf } from "../../src/schema/avro/parts.ts";
import type { EventModel } from "./model.ts";
import { compare } from "./order.ts";

/** The fields of an Avro event, and of all records in it, whose longs are marked; sorted. */
export function longsOf({ source }: EventModel): readonly (readonly [field: string, form: LongForm])[] {
  const found = new Map<string, LongForm>();
  const types = new Set<AvroType>(source.kind === "avro" ? [source.record] : []);
  // A set grows while it is walked, so every type is met once.
  for (const type of types) {
    const mark = longMark(type);
    if (mark !== undefined) found.set(mark.field, mark.as);
    for (const part of partsOf(type)) types.add(part);
  }
  return [...found].sort(([left], [right]) => compare(left, right));
}
