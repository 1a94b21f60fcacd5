import type { AvroType } from "./model.ts";

/** The types that a type consists of, in the order of its text. */
export function partsOf(type: AvroType): readonly AvroType[] {
  switch (type.kind) {
    case "record":
      return type.fields.map((field) => field.type);
    case "union":
      return type.branches;
    case "array":
      return [type.items];
    case "map":
      return [type.values];
    default:
      return [];
  }
}
