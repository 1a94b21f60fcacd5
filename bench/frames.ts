// How fast values become frames and frames values, beside the registry client that teams use with kafkajs.
//   node scripts/run.mjs node bench/frames.ts
import { type CodecRow, compare, measure, prepare } from "./codec.ts";

const client = "@kafkajs/confluent-schema-registry";

const comparisons = [
  { format: "avro", direction: "encode", goal: 2.2 },
  { format: "avro", direction: "decode", goal: 1.8 },
  { format: "protobuf", direction: "encode", goal: 4 },
  { format: "protobuf", direction: "decode", goal: 2.2 },
] as const;

/** Encode and frame, read the id and decode; the contenders take turns, and have asked the registry before. */
export function benchFrames(): readonly CodecRow[] {
  prepare();
  return comparisons.map(({ format, direction, goal }) => {
    const what = `${format === "avro" ? "Avro" : "Protobuf"}, order ${direction === "encode" ? "encode and frame" : "read id and decode"}`;
    const measured = (contender: string) => () => measure("registry-client.ts", contender, format, direction);
    return compare(`${what}, ${client}`, goal, measured("keryx"), measured("kafkajs"));
  });
}

if (import.meta.main) benchFrames();
