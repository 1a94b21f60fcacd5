// One contender in a process of its own: other shapes first, then the one that is measured. Prints nanoseconds a call.
//   node contender.ts <generated folder> <contender> <shape> <encode|decode>
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import avsc from "avsc";
import protobufjs from "protobufjs";
import { decodeLogin, decodeOrder } from "./by-hand-decode.ts";
import { encodeLogin, encodeOrder } from "./by-hand-encode.ts";
import { avroLogin, avroOrder, earlierOrder, login, order } from "./shapes.ts";

const [generated = "", contender = "", shape = "", direction = ""] = process.argv.slice(2);
const load = (path: string): Promise<Record<string, never>> => import(`${generated}/bench/v1/${path}.ts`);
const schema = (path: string): URL => new URL(path, import.meta.url);

interface Work {
  readonly encode: (value: never) => Uint8Array;
  readonly decode: (bytes: Buffer) => unknown;
  readonly value: unknown;
  /** What every contender must read. */
  readonly bytes: Buffer;
}
type Works = Readonly<Record<string, Work>>;

interface Codec {
  readonly codec: {
    encode(value: unknown, room: number): Uint8Array;
    decode(bytes: Uint8Array): unknown;
    earlier?(encoding: string): ((bytes: Uint8Array) => unknown) | undefined;
  };
}

async function protobufWorks(): Promise<Works> {
  const messages = { ...(await load("order_pb")), ...(await load("login_pb")) } as Record<
    string,
    DescMessage
  >;
  const works = (name: string, value: unknown): Work => {
    const desc = messages[`${name}Schema`] as DescMessage;
    return {
      encode: (message) => toBinary(desc, message),
      decode: (bytes) => fromBinary(desc, bytes),
      value,
      bytes: Buffer.from(toBinary(desc, value as never)),
    };
  };
  return { order: works("Order", order), login: works("Login", login) };
}

function withCodecs(works: Works, codecs: Readonly<Record<string, Pick<Work, "encode" | "decode">>>): Works {
  return Object.fromEntries(
    Object.entries(works).map(([name, work]) => [name, { ...work, ...codecs[name] }]),
  );
}

const ofEvent = ({ codec }: Codec): Pick<Work, "encode" | "decode"> => ({
  encode: (value) => codec.encode(value, 0),
  decode: (bytes) => codec.decode(bytes),
});

/** Longs as numbers, which both libraries like best. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? Number(item) : item)));

function protobufjsWorks(works: Works): Works {
  // Without our own options, whose imports it does not need.
  const text = (path: string): string =>
    readFileSync(schema(`schemas/bench/v1/${path}`), "utf8")
      .replace(/import "keryx[^;]*;/, "")
      .replace(/option \(keryx[^}]*\};/, "");
  const root = new protobufjs.Root();
  root.addJSON(protobufjs.common.get("google/protobuf/timestamp.proto")?.nested ?? {});
  for (const path of ["order.proto", "login.proto"]) protobufjs.parse(text(path), root, { keepCase: false });
  const codec = (name: string): Pick<Work, "encode" | "decode" | "value"> => {
    const type = root.lookupType(`bench.v1.${name}`);
    const value = type.fromObject(plain(name === "Order" ? order : login) as { [key: string]: unknown });
    return {
      encode: (message) => type.encode(message).finish(),
      decode: (bytes) => type.decode(bytes),
      value,
    };
  };
  return withCodecs(works, { order: codec("Order"), login: codec("Login") });
}

const avroType = (path: string): avsc.Type =>
  avsc.Type.forSchema(JSON.parse(readFileSync(schema(path), "utf8")));

function avroWorks(): Works {
  const types = {
    order: avroType("schemas/bench/v1/order.avsc"),
    login: avroType("schemas/bench/v1/login.avsc"),
  };
  const earlier = avroType("earlier/order.avsc");
  const resolver = types.order.createResolver(earlier);
  const works = (type: avsc.Type, value: unknown): Work => ({
    encode: (one) => type.toBuffer(one),
    decode: (bytes) => type.fromBuffer(bytes),
    value: plain(value),
    bytes: type.toBuffer(plain(value)),
  });
  const resolved: Work = {
    ...works(earlier, earlierOrder),
    decode: (bytes) => types.order.fromBuffer(bytes, resolver),
  };
  return { order: works(types.order, avroOrder), login: works(types.login, avroLogin), resolved };
}

async function keryxAvro(works: Works): Promise<Works> {
  const { AvroOrder } = (await load("avro-order")) as unknown as { AvroOrder: Codec };
  const { AvroLogin } = (await load("avro-login")) as unknown as { AvroLogin: Codec };
  const text = readFileSync(`${generated}/bench/v1/avro-order.ts`, "utf8");
  const [, encoding = ""] = /earlier: \{\s*"?(\w+)"?:/.exec(text) ?? [];
  const read = AvroOrder.codec.earlier?.(encoding);
  if (read === undefined) throw new Error("the earlier version has no decoder");
  return withCodecs(
    {
      order: { ...(works["order"] as Work), value: avroOrder },
      login: { ...(works["login"] as Work), value: avroLogin },
      resolved: works["resolved"] as Work,
    },
    {
      order: ofEvent(AvroOrder),
      login: ofEvent(AvroLogin),
      resolved: { encode: (works["resolved"] as Work).encode, decode: read },
    },
  );
}

async function worksOf(name: string): Promise<Works> {
  switch (name) {
    case "avsc":
      return avroWorks();
    case "keryx-avro":
      return keryxAvro(avroWorks());
    case "protobuf-es":
      return protobufWorks();
    case "protobufjs":
      return protobufjsWorks(await protobufWorks());
    case "by-hand":
      return withCodecs(await protobufWorks(), {
        order: { encode: (value) => encodeOrder(value, 0), decode: decodeOrder },
        login: { encode: (value) => encodeLogin(value, 0), decode: decodeLogin },
      });
    default: {
      const { Order } = (await load("order_events")) as unknown as { Order: Codec };
      const { Login } = (await load("login_events")) as unknown as { Login: Codec };
      return withCodecs(await protobufWorks(), { order: ofEvent(Order), login: ofEvent(Login) });
    }
  }
}

const works = await worksOf(contender);
const read = (work: Work): unknown => work.decode(work.bytes);
for (const [name, work] of Object.entries(works)) {
  if (name !== "resolved" && !Buffer.from(work.encode(work.value as never)).equals(work.bytes))
    throw new Error(`${contender} writes other bytes for ${name}`);
  if (!isDeepStrictEqual(plain(read(work)), plain(read(work)))) throw new Error(name);
}

const warmUp = 100_000;
const rounds = 25;
const callsPerRound = 20_000;
let sink: unknown;
for (const work of Object.values(works))
  for (let count = 0; count < warmUp; count += 1) {
    sink = work.encode(work.value as never);
    sink = work.decode(work.bytes);
  }
const measured = works[shape];
if (measured === undefined) throw new Error(`no shape ${shape}`);
const call =
  direction === "encode"
    ? (): unknown => measured.encode(measured.value as never)
    : (): unknown => measured.decode(measured.bytes);
for (let count = 0; count < warmUp; count += 1) sink = call();
const times = Array.from({ length: rounds }, () => {
  const started = process.hrtime.bigint();
  for (let count = 0; count < callsPerRound; count += 1) sink = call();
  return Number(process.hrtime.bigint() - started) / callsPerRound;
});
console.log(JSON.stringify({ times, bytes: measured.bytes.length, sink: typeof sink }));
