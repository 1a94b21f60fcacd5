import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A figure of the command itself, with nothing by hand to hold it against. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly goal: string;
  readonly isReached: boolean;
}

const command = fileURLToPath(new URL("../bin/keryx.mjs", import.meta.url));

/** Seconds that one process takes for all the lines, start included. */
async function answer(lines: readonly string[], args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ["--conditions=@keryx/source", command, "compat", "--batch", "--dialect", "confluent-8", ...args],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  let answers = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 0x0a) answers++;
  });
  child.stdin.end(lines.join(""));
  const exit = await new Promise((resolve) => {
    child.on("close", resolve);
  });
  if (exit !== 0 || answers !== lines.length)
    throw new Error(`exit ${exit} with ${answers} answers of ${lines.length}`);
  return (performance.now() - started) / 1000;
}

/** A message of ten fields, an enum, a oneof and a map; each version adds a field. */
function protobuf(schema: number, version: number): string {
  const added = Array.from({ length: version }, (_, at) => `  string added${at} = ${100 + at};\n`).join("");
  return `syntax = "proto3";
package bench.v${schema};
import "google/protobuf/timestamp.proto";
message Event${schema} {
  string event_id = 1;
  string customer_id = 2;
  int64 total_minor = 3;
  google.protobuf.Timestamp placed_at = 4;
  repeated Item items = 5;
  map<string, string> labels = 6;
  Status status = 7;
  oneof payment { string card = 8; string invoice = 9; bytes voucher = 10; }
${added}  message Item { string sku = 1; int32 quantity = 2; double price = 3; }
  enum Status { UNKNOWN = 0; OPEN = 1; PAID = 2; CLOSED = 3; }
}
`;
}

/** The like in Avro. */
function avro(schema: number, version: number): string {
  const field = (name: string, type: unknown): object => ({ name, type });
  const added = Array.from({ length: version }, (_, at) => ({
    name: `added${at}`,
    type: ["null", "string"],
    default: null,
  }));
  return JSON.stringify({
    type: "record",
    name: `Event${schema}`,
    namespace: `bench.v${schema}`,
    fields: [
      ...["eventId", "customerId", "note"].map((name) => field(name, "string")),
      field("totalMinor", "long"),
      field("placedAt", { type: "long", logicalType: "timestamp-millis" }),
      field("items", {
        type: "array",
        items: { type: "record", name: "Item", fields: [field("sku", "string")] },
      }),
      field("labels", { type: "map", values: "string" }),
      field("status", { type: "enum", name: "Status", symbols: ["OPEN", "PAID", "CLOSED"] }),
      field("payment", ["null", "string", "long"]),
      field("amount", { type: "bytes", logicalType: "decimal", precision: 12, scale: 2 }),
      ...added,
    ],
  });
}

const line = (id: number, old: readonly string[], young: string): string =>
  `${JSON.stringify({ id, old, new: young, type: young.startsWith("{") ? "AVRO" : "PROTOBUF" })}\n`;

/** Ten released versions of each schema against the one that comes next, half of the schemas in each format. */
function histories(schemas: number, versions: number): readonly string[] {
  return Array.from({ length: schemas }, (_, schema) => {
    const text = schema % 2 === 0 ? protobuf : avro;
    const old = Array.from({ length: versions }, (_, version) => text(schema, version));
    return line(schema, old, text(schema, versions));
  });
}

/** One small change each; no text stands twice, so that nothing is saved by remembering. */
function questions(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => {
    if (at % 2 === 0) {
      const text = (type: string): string =>
        `syntax = "proto3"; message M${at} { ${type} a = 1; string b = 2; }`;
      return line(at, [text("int32")], text(at % 4 === 0 ? "int64" : "string"));
    }
    const text = (type: string): string =>
      `{"type":"record","name":"R${at}","fields":[{"name":"a","type":"${type}"},{"name":"b","type":"string"}]}`;
    return line(at, [text("int")], text(at % 4 === 1 ? "long" : "string"));
  });
}

/** `keryx compat --batch` as a process: whole histories, and small questions. */
export async function benchCompat(): Promise<readonly Figure[]> {
  const show = (figure: Figure): Figure => {
    console.log(`${figure.name}: ${figure.value}, goal ${figure.goal}`);
    return figure;
  };
  const seconds = await answer(histories(1_000, 10), ["--level", "FULL_TRANSITIVE"]);
  const count = 20_000;
  const rate = count / (await answer(questions(count), ["--level", "FULL"]));
  return [
    show({
      name: "1,000 schemas × 10 versions, FULL_TRANSITIVE",
      value: `${seconds.toFixed(2)} s`,
      goal: "under 5 s",
      isReached: seconds < 5,
    }),
    show({
      name: "small questions, FULL",
      value: `${Math.round(rate).toLocaleString("en-US")} a second`,
      goal: "2,000 a second",
      isReached: rate >= 2_000,
    }),
  ];
}
