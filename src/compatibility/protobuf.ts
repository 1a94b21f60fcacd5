import type { ProtoSchema } from "../schema/proto-schema.ts";
import type { Dialect } from "./dialects.ts";
import type { Difference } from "./difference.ts";

export function compareProtobuf(
  _older: ProtoSchema,
  _newer: ProtoSchema,
  _dialect: Dialect,
): readonly Difference[] {
  throw new Error("Comes with the next commit.");
}
