import type { LongForm } from "../../core/event.ts";
import type { AvroRecord, AvroScalar, AvroType, LongMark } from "./model.ts";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The longs without a logical type that a field of this type holds: in lists, maps and unions, not in records. */
export function plainLongs(type: AvroType): readonly AvroScalar[] {
  switch (type.kind) {
    case "long":
      return type.logical === undefined ? [type] : [];
    case "array":
      return plainLongs(type.items);
    case "map":
      return plainLongs(type.values);
    case "union":
      return type.branches.flatMap(plainLongs);
    default:
      return [];
  }
}

/** Puts at the longs of a record's fields how they are held; `formOf` is asked for the full name of each field. */
export function markLongs(record: AvroRecord, formOf: (field: string) => LongForm | undefined): void {
  for (const { name, type } of record.fields) {
    const field = `${record.name}.${name}`;
    const as = formOf(field);
    if (as === undefined) continue;
    const mark: LongMark = { as, field };
    // A reference to a primitive is an object of its own: no other field shares it.
    for (const long of plainLongs(type)) (long as Writable<AvroScalar>).long = mark;
  }
}

/** How the values of a type are held, where it is a long that is marked. */
export function longMark(type: AvroType): LongMark | undefined {
  return type.kind === "long" ? type.long : undefined;
}
