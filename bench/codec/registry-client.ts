// One contender with its frame in a process of its own: other shapes first, then the one that is measured, all with
// the schema at hand. Prints nanoseconds a call.
//   node registry-client.ts <generated folder> <keryx|kafkajs> <protobuf|avro> <encode|decode>
import { isDeepStrictEqual } from "node:util";
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import type { EventType } from "keryx";
import { createDevRegistry } from "keryx/testing";
import { avroLogin, avroOrder, login, order } from "./shapes.ts";

const [generated = "", contender = "", format = "", direction = ""] = process.argv.slice(2);

interface Work {
  readonly value: unknown;
  readonly bytes: Buffer;
  readonly encode: (value: never) => Uint8Array | Promise<Uint8Array>;
  readonly decode: (bytes: Buffer) => unknown;
}

const load = async (path: string, name: string): Promise<EventType> =>
  ((await import(`${generated}/bench/v1/${path}.ts`)) as Record<string, EventType>)[name] as EventType;
const events: readonly (readonly [event: EventType, value: unknown])[] =
  format === "avro"
    ? [
        [await load("avro-login", "AvroLogin"), avroLogin],
        [await load("avro-order", "AvroOrder"), avroOrder],
      ]
    : [
        [await load("login_events", "Login"), login],
        [await load("order_events", "Order"), order],
      ];

/** Longs as numbers, which the client's libraries like best. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? Number(item) : item)));

/** What producers and consumers run: the header in front of what the codec writes, the plan by the schema's id. */
function framed(ids: readonly number[]): readonly Work[] {
  const plans = new Map(events.map(([event], at) => [ids[at], event]));
  return events.map(([event, value], at) => {
    const header = Buffer.alloc(format === "avro" ? 5 : 6);
    header.writeUInt32BE(ids[at] ?? 0, 1);
    const encode = (one: never): Uint8Array => {
      const bytes = event.codec.encode(one, header.length);
      bytes.set(header);
      return bytes;
    };
    return {
      value,
      encode,
      bytes: Buffer.from(encode(value as never)),
      decode(bytes) {
        if (bytes[0] !== 0) throw new Error("no frame");
        const plan = plans.get(bytes.readUInt32BE(1));
        if (plan?.codec.decodeFramed === undefined || (format !== "avro" && bytes[5] !== 0))
          throw new Error("another schema");
        return plan.codec.decodeFramed(bytes, header.length);
      },
    };
  });
}

async function ofClient(registry: SchemaRegistry, ids: readonly number[]): Promise<readonly Work[]> {
  return Promise.all(
    events.map(async ([, value], at): Promise<Work> => {
      const id = ids[at] ?? 0;
      const own = plain(value);
      return {
        value: own,
        bytes: await registry.encode(id, own),
        encode: (one) => registry.encode(id, one),
        decode: (bytes) => registry.decode(bytes),
      };
    }),
  );
}

const timestamp =
  'syntax = "proto3";\npackage google.protobuf;\nmessage Timestamp {\n  int64 seconds = 1;\n  int32 nanos = 2;\n}\n';

/** The schemas in a registry, read once, so that the client keeps them; nothing is asked of it while time is taken. */
async function register(registry: SchemaRegistry): Promise<readonly number[]> {
  const path = "google/protobuf/timestamp.proto";
  const type = format === "avro" ? SchemaType.AVRO : SchemaType.PROTOBUF;
  if (format !== "avro") await registry.register({ type, schema: timestamp }, { subject: "timestamp" });
  const ids: number[] = [];
  for (const [event] of events) {
    const { schema } = event.wire;
    const references = schema.includes(path) ? [{ name: path, subject: "timestamp", version: 1 }] : [];
    const confluent = { type, schema, ...(references.length > 0 ? { references } : {}) };
    ids.push((await registry.register(confluent as never, { subject: event.subject })).id);
  }
  return ids;
}

const server = await createDevRegistry({ log: () => {} });
const registry = new SchemaRegistry({ host: server.url });
const ids = await register(registry);
const works = contender === "keryx" ? framed(ids) : await ofClient(registry, ids);
await server.close();

for (const work of works) {
  const read = plain(await work.decode(work.bytes)) as object;
  const wanted = plain(work.value) as object;
  const same = (key: string): boolean =>
    isDeepStrictEqual(String(Reflect.get(read, key) ?? ""), String(Reflect.get(wanted, key) ?? ""));
  if (!same("eventId") || !same("isGift")) throw new Error(`${contender} reads another value`);
}

const rounds = 15;
const calls = 10_000;
const warmUp = 50_000;
let sink: unknown;
async function repeat(work: Work, what: string, times: number): Promise<void> {
  // Who has no promise pays for none.
  if (contender === "keryx")
    for (let count = 0; count < times; count += 1)
      sink = what === "encode" ? work.encode(work.value as never) : work.decode(work.bytes);
  else
    for (let count = 0; count < times; count += 1)
      sink = await (what === "encode" ? work.encode(work.value as never) : work.decode(work.bytes));
}
for (const work of works) for (const what of ["encode", "decode"]) await repeat(work, what, warmUp);
const measured = works.at(-1);
if (measured === undefined) throw new Error("nothing to measure");
await repeat(measured, direction, warmUp);
const times: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const started = process.hrtime.bigint();
  await repeat(measured, direction, calls);
  times.push(Number(process.hrtime.bigint() - started) / calls);
}
console.log(JSON.stringify({ times, bytes: measured.bytes.length, sink: typeof sink }));
