import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { KeryxError } from "../../src/core/errors.ts";
import type { EventType } from "../../src/core/event.ts";
import { createJsonCodecs } from "../../src/serde/json.ts";
import { showJson, showText } from "../diagnostics-print.ts";
import { type BenchModule, withModule } from "./bench/module.ts";
import { sampleJson } from "./bench/sample.ts";
import type { Io, Run } from "./command.ts";
import { findEvent } from "./find-event.ts";
import { loadClean, openProject } from "./load.ts";

/** One way to write the event. */
interface Contender {
  readonly name: string;
  encode(): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** What was measured of a contender. Bytes of the value alone: a registry's frame adds 5, for Protobuf 6 or more. */
interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly zstdBytes: number;
  readonly encodeNs: number;
  readonly decodeNs: number;
}

interface Skipped {
  readonly name: string;
  readonly why: string;
}

/** Sizes and times of one event's serializations, side by side in this process. */
export const runBenchCodec: Run = async ({ arguments: [name = ""], options, io }) => {
  const project = openProject(options, io);
  const checked = await loadClean(project, io);
  if (checked === undefined) return 1;
  const model = findEvent(checked.model, name);
  const json = options.value === undefined ? sampleJson(model) : readValue(options.value, io);
  const { rows, skipped, value } = await withModule(project, checked, model, async (module) => {
    const event: EventType = { ...module.event, serialization: "JSON" };
    const asJson = createJsonCodecs()(event);
    const value = asJson.decode(Buffer.from(JSON.stringify(json)));
    const contenders: Contender[] = [
      {
        name: `Keryx, ${model.format === "avro" ? "Avro" : "Protobuf"}`,
        encode: () => event.codec.encode(value, 0),
        decode: (bytes) => event.codec.decode(bytes),
      },
      { name: "Keryx, JSON", encode: () => asJson.encode(value), decode: (bytes) => asJson.decode(bytes) },
    ];
    const skipped: Skipped[] = [];
    const other = await findOther(module, value, project.root);
    if ("why" in other) skipped.push(other);
    else contenders.push(other);
    return { rows: contenders.map(measure), skipped, value: asJson.encode(value) };
  });
  const report = { event: model.name, format: model.format, node: process.version, rows, skipped };
  if (options.json === true) io.out(`${showJson(report)}\n`);
  else io.out(formatRows(rows));
  for (const { name: other, why } of skipped) io.note(`skipped ${other}: ${why}\n`);
  io.note(
    `One value of ${value.length} bytes of JSON. Times are medians on this machine, and only good to compare.\n`,
  );
  return 0;
};

function readValue(path: string, io: Io): unknown {
  try {
    return JSON.parse(readFileSync(resolve(io.cwd, path), "utf8"));
  } catch (cause) {
    throw new KeryxError("usage", `--value ${JSON.stringify(path)} is no readable JSON file.`, {
      cause,
      help: "Name a file with one value of the event, as its JSON.",
    });
  }
}

/** The library that people use for the format, where it is installed. */
async function findOther(
  { event, schema }: BenchModule,
  value: unknown,
  root: string,
): Promise<Contender | Skipped> {
  const name = event.format === "avro" ? "avsc" : "protobuf-es";
  const load = <T>(library: string): T => createRequire(join(root, "package.json"))(library) as T;
  try {
    return event.format === "avro"
      ? avscContender(name, load<Avsc>("avsc"), event, value)
      : protobufContender(name, load<ProtobufEs>("@bufbuild/protobuf"), schema, value);
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND";
    return { name, why: isMissing ? "it is not installed" : "it does not take this schema or value" };
  }
}

interface Avsc {
  readonly Type: {
    forSchema(
      schema: unknown,
      options: object,
    ): { toBuffer(value: unknown): Uint8Array; fromBuffer(bytes: Uint8Array): unknown };
  };
}

function avscContender(name: string, { Type }: Avsc, event: EventType, value: unknown): Contender {
  const type = Type.forSchema(JSON.parse(event.wire.schema), { wrapUnions: "auto" });
  // Its own shape of the same value.
  const own = type.fromBuffer(Buffer.from(event.codec.encode(value, 0)));
  return { name, encode: () => type.toBuffer(own), decode: (bytes) => type.fromBuffer(bytes) };
}

interface ProtobufEs {
  toBinary(schema: unknown, value: unknown): Uint8Array;
  fromBinary(schema: unknown, bytes: Uint8Array): unknown;
}

function protobufContender(name: string, library: ProtobufEs, schema: unknown, value: unknown): Contender {
  library.toBinary(schema, value);
  return {
    name,
    encode: () => library.toBinary(schema, value),
    decode: (bytes) => library.fromBinary(schema, bytes),
  };
}

function measure(contender: Contender): Row {
  const bytes = contender.encode().slice();
  return {
    name: contender.name,
    bytes: bytes.length,
    gzipBytes: gzipSync(bytes).length,
    zstdBytes: zstdCompressSync(bytes).length,
    encodeNs: medianNs(() => contender.encode()),
    decodeNs: medianNs(() => contender.decode(bytes)),
  };
}

const batchMs = 25;
const batches = 9;

/** Median of several batches, after as long a warm-up. */
function medianNs(run: () => unknown): number {
  let calls = 1;
  let tookMs = 0;
  for (const until = performance.now() + batchMs * batches; performance.now() < until; ) {
    const start = performance.now();
    for (let at = 0; at < calls; at += 1) run();
    tookMs = performance.now() - start;
    if (tookMs < batchMs) calls *= 2;
  }
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const start = performance.now();
    for (let at = 0; at < calls; at += 1) run();
    times.push(((performance.now() - start) * 1e6) / calls);
  }
  return Math.round(times.sort((a, b) => a - b)[Math.floor(batches / 2)] ?? 0);
}

function formatRows(rows: readonly Row[]): string {
  const lines = [
    ["", "bytes", "gzip", "zstd", "encode ns", "decode ns"],
    ...rows.map((row) => [
      showText(row.name),
      ...[row.bytes, row.gzipBytes, row.zstdBytes, row.encodeNs, row.decodeNs].map(String),
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((line) => `${line.map(pad).join("  ")}\n`).join("");
}
