// Runs the benchmarks side by side with what a team writes by hand, and writes docs/benchmarks.md.
//   npm run bench            all
//   npm run bench -- publish some of them, with commas:
//                            publish, consume, compat, broker, registry, generate, serialization, codec, frames
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { benchBroker } from "./broker.ts";
import { benchCodec, codecTable } from "./codec.ts";
import { benchCompat, type Figure } from "./compat.ts";
import { benchConsume } from "./consume.ts";
import { benchConsumeFigures } from "./consume-figures.ts";
import { benchFrames } from "./frames.ts";
import { benchGenerate } from "./generate.ts";
import { benchPublish } from "./publish.ts";
import { benchRegistry } from "./registry.ts";
import { benchSerialization } from "./serialization.ts";
import { describe, type Measured, ratio } from "./setup.ts";

function toLines(figures: readonly Figure[]): string {
  return figures
    .map(
      ({ name, value, goal, isReached }) =>
        `| ${name} | ${value} | ${goal} (${isReached ? "reached" : "**missed**"}) |`,
    )
    .join("\n");
}

interface Figures {
  readonly consumer: readonly Figure[];
  readonly compat: readonly Figure[];
  readonly broker: readonly Figure[];
  readonly registry: readonly Figure[];
  readonly generator: readonly Figure[];
  /** Lines of a table. */
  readonly serialization: string;
  /** Lines of a table. */
  readonly codec: string;
}

/** What the figures were measured on, and beside which releases. */
function describeMachine(): string {
  const manifest = new URL("../package.json", import.meta.url);
  const { devDependencies, dependencies, peerDependencies } = JSON.parse(readFileSync(manifest, "utf8"));
  const versions = { ...peerDependencies, ...dependencies, ...devDependencies };
  const others = [
    "kafkajs",
    "@kafkajs/confluent-schema-registry",
    "@bufbuild/protobuf",
    "protobufjs",
    "avsc",
  ].map((name) => `${name} ${versions[name]}`);
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `Node ${process.version} on ${platform()} ${arch()}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${memory}. Beside ${others.join(", ")}.`;
}

function toPage(rows: readonly Measured[], figures: Figures): string {
  const { consumer, compat, broker, registry, generator, serialization, codec } = figures;
  const lines = rows.map((row) => {
    const reached = ratio(row);
    const goal =
      row.goal === undefined ? "" : `${row.goal} (${reached >= row.goal ? "reached" : "**missed**"})`;
    return `| ${row.name} | ${describe(row.byHand)} | ${describe(row.keryx)} | ${reached.toFixed(2)} | ${goal} |`;
  });
  return `# Benchmarks

Written by \`npm run bench\`, each part by its last run; do not edit. Records per second: the median of the rounds, with the slowest and the fastest. The ratio is the median of each round's own ratio, Keryx divided by hand-written; both contenders ran in turn in one process against the same cluster, after one round each that was not counted. Absolute figures tell about the machine, ratios about the code.

${describeMachine()}

Three brokers on the same machine, replication 3, acks all, event \`api.request\` in Avro.

| what | by hand | Keryx | ratio | goal |
|---|---|---|---|---|
${lines.join("\n")}

**By hand** is what a team writes with kafkajs: for publishing, one \`producer.send\` for each record, encoded by \`@kafkajs/confluent-schema-registry\`; for consuming, \`eachMessage\` with \`partitionsConsumedConcurrently: 12\`, automatic commits, and the same generated decoder as ours. Neither side of it has retries, dead letters, dedupe or per-key order; ours has them all on, as they are by default.

## Consumer

Each contender in turn against the same cluster, the median of its rounds; memory in a process of its own, after a collection.

| what | figure | goal |
|---|---|---|
${toLines(consumer)}

## Compatibility

\`keryx compat --batch\` as a process, its start included, on one thread; half of the schemas in each format. Every answer holds both verdicts.

| what | figure | goal |
|---|---|---|
${toLines(compat)}

## Embedded broker

kafkajs and the broker in a process each, on the same machine: a million messages of 200 bytes on four partitions.

| what | figure | goal |
|---|---|---|
${toLines(broker)}

## Embedded registry

A client of \`node:http\` with 32 requests under way, and the registry, in a process each, on the same machine; 4,000 schemas of eleven fields.

| what | figure | goal |
|---|---|---|
${toLines(registry)}

## Generator

\`keryx generate\` as a process on the package's JavaScript, its start included: the median of the runs with the fastest and the slowest. Schemas are events of four fields, half of them in each format where none is named; *nothing changed* writes no file.

| what | figure | goal |
|---|---|---|
${toLines(generator)}

## Serializations

\`keryx bench codec <event>\` on sample events, with values made from their schemas: bytes as they are and compressed, each value by itself; nanoseconds, medians of one process for each event. The same command compares your own events on your machine. avsc leaves decimals, UUIDs and times as they are on the wire, where Keryx checks and converts them.

| event | written by | bytes | gzip | zstd | encode ns | decode ns |
|---|---|---|---|---|---|---|
${serialization}

## Codecs

Nanoseconds a call, the median of the runs with the fastest and the slowest, and how many times as fast Keryx is. Each contender runs in a process of its own, after other shapes; bytes are compared before anything is timed. An order has twelve fields, four lines and a map, a login has four fields; *resolved* is what an earlier version of the order wrote. protobufjs compiles its functions from the schema when it starts; those that its static target prints (protobufjs-cli 2.7.1, \`pbjs -t static-module\`) differ from them in the names of variables alone, and took the same time in ten runs by turns. It and avsc have numbers where Keryx has bigints. *By hand* is straight-line code for these two messages alone (\`bench/codec/by-hand-encode.ts\`, \`by-hand-decode.ts\`): it makes the same checks and keeps unknown fields, but counts no depth and names no field that it refuses. Rows of a registry client include the frame, on both sides, with every schema in memory; the client answers by promises, which are part of its price.

| what | the other | Keryx | ratio | goal |
|---|---|---|---|---|
${codec}
`;
}

const wanted = process.argv[2];
/** What each suite found when it last ran: running one of them writes the page anew with the others as they were. */
const keptAt = new URL("results.json", import.meta.url);
const kept: Record<string, unknown> = existsSync(keptAt) ? JSON.parse(readFileSync(keptAt, "utf8")) : {};
const resultOf = async <Result>(name: string, run: () => Promise<Result> | Result): Promise<Result> => {
  const isWanted = wanted === undefined || wanted.split(",").includes(name.split(" ")[0] ?? "");
  if (isWanted) {
    kept[name] = await run();
    writeFileSync(keptAt, `${JSON.stringify(kept, undefined, 2)}\n`);
  }
  return (kept[name] ?? []) as Result;
};
const rows = [...(await resultOf("publish", benchPublish)), ...(await resultOf("consume", benchConsume))];
const figures: Figures = {
  consumer: await resultOf("consume figures", benchConsumeFigures),
  compat: await resultOf("compat", benchCompat),
  broker: await resultOf("broker", benchBroker),
  registry: await resultOf("registry", benchRegistry),
  generator: await resultOf("generate", benchGenerate),
  serialization: await resultOf("serialization", benchSerialization),
  codec: codecTable([...(await resultOf("codec", benchCodec)), ...(await resultOf("frames", benchFrames))]),
};
writeFileSync(new URL("../docs/benchmarks.md", import.meta.url), toPage(rows, figures));
