// How fast the embedded registry starts and answers, with a client in a process of its own on the same machine.
//   node scripts/run.mjs node bench/registry.ts
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import type { Figure } from "./compat.ts";

const inFlight = 32;
const lookUps = 40_000;
const goalPerSecond = 5_000;

interface Kind {
  readonly name: string;
  readonly count: number;
  readonly goal?: number;
  ask(at: number): { readonly method: string; readonly path: string; readonly body?: string };
}

const avro = (at: number): string =>
  JSON.stringify({
    schema: JSON.stringify({
      ...{ type: "record", name: "Paid", namespace: `bench.v${at}` },
      fields: Array.from({ length: 10 }, (_, field) => ({ name: `f${field}`, type: "string", default: "" })),
    }),
  });

const protobuf = (at: number): string =>
  JSON.stringify({
    schemaType: "PROTOBUF",
    schema: `syntax = "proto3"; package bench.v${at}; import "google/protobuf/timestamp.proto";
message Paid { ${Array.from({ length: 10 }, (_, field) => `string f${field} = ${field + 1};`).join(" ")} google.protobuf.Timestamp at = 20; }`,
  });

const path = (at: number, format: string): string => `/subjects/${format}-${at}-value`;
const json = "application/vnd.schemaregistry.v1+json";

const kinds: readonly Kind[] = [
  {
    name: "registering Avro",
    count: 2_000,
    ask: (at) => ({ method: "POST", path: `${path(at, "avro")}/versions`, body: avro(at) }),
  },
  {
    name: "registering Protobuf",
    count: 2_000,
    ask: (at) => ({ method: "POST", path: `${path(at, "proto")}/versions`, body: protobuf(at) }),
  },
  {
    name: "looking up by id",
    ...{ count: lookUps, goal: goalPerSecond },
    ask: (at) => ({ method: "GET", path: `/schemas/ids/${1 + (at % 4_000)}` }),
  },
  {
    name: "looking up by version",
    ...{ count: lookUps, goal: goalPerSecond },
    ask: (at) => ({ method: "GET", path: `${path(at % 2_000, "avro")}/versions/1` }),
  },
  {
    name: "looking up Avro by content",
    count: lookUps / 4,
    ask: (at) => ({ method: "POST", path: path(at % 2_000, "avro"), body: avro(at % 2_000) }),
  },
  {
    name: "looking up Protobuf by content",
    count: lookUps / 4,
    ask: (at) => ({ method: "POST", path: path(at % 2_000, "proto"), body: protobuf(at % 2_000) }),
  },
];

/** Requests per second. */
async function measure(url: string, agent: Agent, { count, ask }: Kind): Promise<number> {
  let next = 0;
  const send = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const { method, path, body } = ask(at);
      const headers =
        body === undefined ? {} : { "content-type": json, "content-length": Buffer.byteLength(body) };
      const sent = request(`${url}${path}`, { method, agent, headers }, (response) => {
        response
          .resume()
          .once("end", () =>
            response.statusCode === 200
              ? resolve()
              : reject(new Error(`${method} ${path}: ${response.statusCode}`)),
          );
      });
      sent.once("error", reject).end(body);
    });
  const lane = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) await send(at);
  };
  const before = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (count / (performance.now() - before)) * 1000;
}

async function cpuMs(child: ChildProcess): Promise<number> {
  child.send("usage");
  const [answer] = await once(child, "message");
  return answer.cpuMs;
}

export async function benchRegistry(): Promise<readonly Figure[]> {
  const child = fork(new URL("registry-process.ts", import.meta.url));
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  try {
    const [{ url, startMs }] = await once(child, "message");
    const figures: Figure[] = [
      { name: "start, its imports included", value: `${startMs.toFixed(0)} ms`, goal: "-", isReached: true },
    ];
    for (const kind of kinds) {
      const before = await cpuMs(child);
      const perSecond = await measure(url, agent, kind);
      const each = ((await cpuMs(child)) - before) / kind.count;
      figures.push({
        name: kind.name,
        value: `${Math.round(perSecond).toLocaleString("en")} a second, ${each.toFixed(2)} ms of CPU each`,
        goal: kind.goal === undefined ? "-" : `${kind.goal.toLocaleString("en")} a second`,
        isReached: kind.goal === undefined || perSecond >= kind.goal,
      });
    }
    return figures;
  } finally {
    agent.destroy();
    child.disconnect();
  }
}

if (process.argv[1] === import.meta.filename)
  for (const { name, value, goal } of await benchRegistry()) console.log(`${name}: ${value} (goal: ${goal})`);
