import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { apis } from "../../src/embedded/broker/api/all.ts";
import { apiVersions } from "../../src/embedded/broker/versions.ts";
import { createFrameReader } from "../../src/embedded/broker/wire/frame.ts";
import { createWriter } from "../../src/embedded/broker/wire/primitives.ts";
import { writeRow } from "../../src/embedded/broker/wire/schema.ts";
import { apiOf, type Loose, modeOf, readAnswer, withLength } from "./embedded-wire.ts";

/** A request with its answer, as they went over the wire, without their length. */
export interface TappedFrame {
  readonly api: string;
  readonly version: number;
  readonly request: string;
  /** Null where none came. */
  readonly response: string | null;
}

export interface FrameTap {
  /** What to give to a client instead of the cluster's own addresses. */
  readonly bootstrap: readonly string[];
  /** The first frames of each API and version that went through. */
  readonly frames: readonly TappedFrame[];
  close(): Promise<void>;
}

/**
 * Stands between any client and a cluster, embedded or real, and writes down what they say. It offers the versions of
 * the embedded broker's table only, and puts its own addresses where the cluster names its brokers'.
 */
export async function tapFrames(cluster: readonly string[]): Promise<FrameTap> {
  const frames: TappedFrame[] = [];
  const proxies = new Map<string, Promise<{ readonly port: number; readonly server: Server }>>();
  const sockets = new Set<Socket>();
  const proxyOf = (address: string) => {
    const known = proxies.get(address) ?? open(address);
    proxies.set(address, known);
    return known;
  };
  const open = async (address: string) => {
    const server = createServer((client) => {
      const at = address.lastIndexOf(":");
      const broker = connect(Number(address.slice(at + 1)), address.slice(0, at));
      for (const [one, other] of [
        [client, broker],
        [broker, client],
      ] as const) {
        sockets.add(one);
        one.on("error", () => {});
        one.on("close", () => other.destroy());
      }
      relay(client, broker, {
        frames,
        portOf: async (host, port) => (await proxyOf(`${host}:${port}`)).port,
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return { server, port: (server.address() as { readonly port: number }).port };
  };
  const bootstrap: string[] = [];
  for (const address of cluster) bootstrap.push(`127.0.0.1:${(await proxyOf(address)).port}`);
  return {
    bootstrap,
    frames,
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const proxy of proxies.values()) (await proxy).server.close();
    },
  };
}

interface Surroundings {
  readonly frames: TappedFrame[];
  readonly portOf: (host: string, port: number) => Promise<number>;
}

function relay(client: Socket, broker: Socket, { frames, portOf }: Surroundings): void {
  const asked = new Map<number, Buffer>();
  eachFrame(client, async (frame) => {
    const [key, version] = [frame.readInt16BE(0), frame.readInt16BE(2)];
    if (key === 18 && version > 2) client.write(refusal(frame));
    else {
      asked.set(frame.readInt32BE(4), frame);
      broker.write(withLength(frame));
    }
  });
  eachFrame(broker, async (frame) => {
    const request = asked.get(frame.readInt32BE(0));
    asked.delete(frame.readInt32BE(0));
    const api = apis.find(({ key }) => key === request?.readInt16BE(0));
    const version = request?.readInt16BE(2) ?? 0;
    if (request === undefined || api === undefined) {
      client.write(withLength(frame));
      return;
    }
    note(frames, {
      api: api.name,
      version,
      request: request.toString("hex"),
      response: frame.toString("hex"),
    });
    client.write(withLength(await rewritten(api.name, version, frame, portOf)));
  });
}

/** Frames of a socket, one after the other, also where a step waits. */
function eachFrame(socket: Socket, step: (frame: Buffer) => Promise<void>): void {
  const reader = createFrameReader(1 << 30);
  let before = Promise.resolve();
  socket.on("data", (chunk) => {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      const one = Buffer.from(frame);
      before = before.then(() => step(one)).catch(() => void socket.destroy());
    }
  });
}

const framesOfEach = 3;

function note(frames: TappedFrame[], frame: TappedFrame): void {
  const same = frames.filter(({ api, version }) => api === frame.api && version === frame.version);
  if (same.length < framesOfEach && frame.request.length + (frame.response?.length ?? 0) < 8000)
    frames.push(frame);
}

async function rewritten(
  name: string,
  version: number,
  frame: Buffer,
  portOf: Surroundings["portOf"],
): Promise<Buffer> {
  if (name !== "Metadata" && name !== "FindCoordinator" && name !== "ApiVersions") return frame;
  const { correlationId, answer } = readAnswer(name, version, frame);
  return answerFrame(name, version, correlationId, await changed(name, answer, portOf));
}

async function changed(name: string, answer: Loose, portOf: Surroundings["portOf"]): Promise<Loose> {
  const moved = async (node: Loose): Promise<Loose> =>
    Number(node["port"]) > 0
      ? { ...node, host: "127.0.0.1", port: await portOf(String(node["host"]), Number(node["port"])) }
      : node;
  if (name === "FindCoordinator") return moved(answer);
  if (name === "Metadata")
    return { ...answer, brokers: await Promise.all((answer["brokers"] as readonly Loose[]).map(moved)) };
  const offered = answer["apiKeys"] as readonly { readonly apiKey: number }[];
  return {
    ...answer,
    apiKeys: ranges().filter(({ apiKey }) => offered.some((one) => one.apiKey === apiKey)),
  };
}

function ranges() {
  return apiVersions.map(({ key, listedMin, max }) => ({
    apiKey: key,
    minVersion: listedMin,
    maxVersion: max,
  }));
}

/** What a broker of these versions says to a newer ApiVersions. */
function refusal(frame: Buffer): Buffer {
  return withLength(
    answerFrame("ApiVersions", 0, frame.readInt32BE(4), { errorCode: 35, apiKeys: ranges() }),
  );
}

function answerFrame(name: string, version: number, correlationId: number, answer: Loose): Buffer {
  const api = apiOf(name);
  const writer = createWriter();
  writer.int32(correlationId);
  writeRow(api.response, answer, writer, modeOf(api, version));
  return Buffer.concat(writer.finish());
}

/** Puts what a tap collected where the tests of the embedded broker look for it. */
export function writeFrames(client: string, frames: readonly TappedFrame[]): void {
  const rank = ({ api, version }: TappedFrame): number => apiOf(api).key * 100 + version;
  const lines = [...frames].sort((a, b) => rank(a) - rank(b)).map((frame) => JSON.stringify(frame));
  const url = new URL(`../golden/kafka-frames/${client}.jsonl`, import.meta.url);
  writeFileSync(url, `${lines.join("\n")}\n`);
}
