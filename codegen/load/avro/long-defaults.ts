import { longMark } from "../../../src/schema/avro/longs.ts";
import type { AvroDefault, AvroType } from "../../../src/schema/avro/model.ts";

/** The field of a long in a default that is to be a number, and that a number does not hold exactly. */
export function unsafeLong(type: AvroType, value: AvroDefault): string | undefined {
  switch (value.kind) {
    case "long": {
      const mark = longMark(type);
      return mark?.as === "NUMBER" && !Number.isSafeInteger(Number(value.value)) ? mark.field : undefined;
    }
    case "array":
      return type.kind === "array" ? firstOf(value.items, (item) => unsafeLong(type.items, item)) : undefined;
    case "map":
      return type.kind === "map"
        ? firstOf(value.entries.values(), (item) => unsafeLong(type.values, item))
        : undefined;
    case "record":
      return type.kind === "record"
        ? firstOf(type.fields, (field) => {
            const member = value.fields.get(field.name);
            return member && unsafeLong(field.type, member);
          })
        : undefined;
    case "union": {
      const branch = type.kind === "union" ? type.branches[value.branch] : undefined;
      return branch && unsafeLong(branch, value.value);
    }
    default:
      return undefined;
  }
}

function firstOf<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
