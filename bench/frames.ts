// How fast values become frames and frames values, beside the registry client that teams use with kafkajs.
//   node scripts/run.mjs node bench/frames.ts
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type CodecRow, median, prepare, work } from "./codec.ts";

const program = fileURLToPath(new URL("codec/registry-client.ts", import.meta.url));
const runs = Number(process.env["KERYX_BENCH_RUNS"] ?? 3);
const client = "@kafkajs/confluent-schema-registry";

function measure(contender: "keryx" | "kafkajs", format: string, direction: string): number {
  const args = ["--conditions=@keryx/source", program, `${work}/generated`, contender, format, direction];
  const out = execFileSync(process.execPath, args, { encoding: "utf8" });
  return median((JSON.parse(out) as { times: number[] }).times);
}

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
    const pairs = Array.from({ length: runs }, () => ({
      mine: measure("keryx", format, direction),
      theirs: measure("kafkajs", format, direction),
    }));
    const title = `${format === "avro" ? "Avro" : "Protobuf"}, order ${direction === "encode" ? "encode and frame" : "read id and decode"}, ${client}`;
    const row: CodecRow = {
      name: title,
      keryx: pairs.map(({ mine }) => mine),
      other: pairs.map(({ theirs }) => theirs),
      ratio: median(pairs.map(({ mine, theirs }) => theirs / mine)),
      goal,
    };
    console.log(`${row.name}: ${row.ratio.toFixed(2)}, goal ${goal}`);
    return row;
  });
}

if (import.meta.main) benchFrames();
