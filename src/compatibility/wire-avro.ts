import type { AvroSchema } from "../schema/avro.ts";
import type { PlacedWireProblem } from "./difference.ts";

export function judgeAvroWire(
  _writer: AvroSchema,
  _reader: AvroSchema,
): readonly Omit<PlacedWireProblem, "direction" | "against">[] {
  return [];
}
