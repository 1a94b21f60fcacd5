import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { apis } from "../../src/embedded/broker/api/all.ts";
import type { Api } from "../../src/embedded/broker/api/api.ts";
import { apiVersions } from "../../src/embedded/broker/versions.ts";
import { createFrameReader } from "../../src/embedded/broker/wire/frame.ts";
import { createReader, createWriter } from "../../src/embedded/broker/wire/primitives.ts";
import {
  type Field,
  type Mode,
  readRow,
  skipTags,
  type Type,
  writeRow,
} from "../../src/embedded/broker/wire/schema.ts";

/** A request or an answer: fields by name, as the descriptions of the APIs name them. */
export type Loose = Readonly<Record<string, unknown>>;

/** A client that speaks frames: any API in any version, without the habits of a client library. */
export interface WireClient {
  /** Asks and waits for the answer. Fields that are left out have their defaults, inside lists, too. */
  ask(api: string, version: number, request?: Loose): Promise<Loose>;
  /** Writes the same frame and waits for nothing. */
  send(api: string, version: number, request?: Loose): void;
  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void;
  /** The next frame that no `ask` waits for, correlation id included. */
  nextFrame(): Promise<Buffer>;
  /** Stops taking bytes off the socket, as a client that hangs; and goes on. */
  pause(): void;
  resume(): void;
  readonly isClosed: boolean;
  /** Settled when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Opens a connection to an address as `bootstrap()` gives it. */
export async function connectWire(address: string, clientId = "wire"): Promise<WireClient> {
  const at = address.lastIndexOf(":");
  const socket: Socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
  await once(socket, "connect");
  const frames = createFrameReader(1 << 30);
  const waiting: { readonly resolve: (frame: Buffer) => void; readonly reject: (error: Error) => void }[] =
    [];
  const arrived: Buffer[] = [];
  let isClosed = false;
  let lastCorrelationId = 0;
  socket.on("data", (chunk) => {
    frames.push(chunk);
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      const first = waiting.shift();
      if (first === undefined) arrived.push(frame);
      else first.resolve(frame);
    }
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      isClosed = true;
      for (const { reject } of waiting.splice(0)) reject(new Error("the broker closed the connection"));
      resolve();
    });
  });
  const nextFrame = (): Promise<Buffer> => {
    const frame = arrived.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    if (isClosed) return Promise.reject(new Error("the broker closed the connection"));
    return new Promise((resolve, reject) => void waiting.push({ resolve, reject }));
  };
  const send = (name: string, version: number, request: Loose = {}): number => {
    socket.write(requestFrame(name, version, request, { correlationId: ++lastCorrelationId, clientId }));
    return lastCorrelationId;
  };
  return {
    async ask(name, version, request) {
      const correlationId = send(name, version, request);
      const told = readAnswer(name, version, await nextFrame());
      if (told.correlationId !== correlationId)
        throw new Error(`answer ${told.correlationId} to ${correlationId}`);
      return told.answer;
    },
    send: (name, version, request) => void send(name, version, request),
    raw: (bytes) => void socket.write(bytes),
    nextFrame,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    get isClosed() {
      return isClosed;
    },
    closed,
    close: () => void socket.destroy(),
  };
}

/** A value deep in an answer: `dig(answer, "topics", 0, "partitions", 0, "errorCode")`. */
export function dig(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, step) => (found as Record<string | number, unknown> | undefined)?.[step],
    value,
  );
}

/** The API of that name. */
export function apiOf(name: string): Api {
  const found = apis.find((api) => api.name === name);
  if (found === undefined) throw new Error(`there is no API ${name}`);
  return found;
}

export function modeOf({ key }: Api, version: number): Mode {
  const row = apiVersions.find((one) => one.key === key);
  return { version, isFlexible: version >= (row?.flexibleFrom ?? Number.POSITIVE_INFINITY) };
}

/** A whole frame with its length, as a client writes it. */
export function requestFrame(
  name: string,
  version: number,
  request: Loose,
  {
    correlationId = 1,
    clientId = "wire",
  }: { readonly correlationId?: number; readonly clientId?: string | null } = {},
): Buffer {
  const api = apiOf(name);
  const mode = modeOf(api, version);
  const body = createWriter();
  body.int16(api.key);
  body.int16(version);
  body.int32(correlationId);
  const id = clientId === null ? null : Buffer.from(clientId);
  body.int16(id?.length ?? -1);
  if (id !== null) body.raw(id);
  if (mode.isFlexible) body.varuint(0);
  writeRow(api.request, filled(api.request, request), body, mode);
  return withLength(Buffer.concat(body.finish()));
}

/** Puts a length before a frame. */
export function withLength(frame: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(frame.length);
  return Buffer.concat([head, frame]);
}

/** Takes an answer apart. @throws when bytes are left over */
export function readAnswer(
  name: string,
  version: number,
  frame: Buffer,
): { readonly correlationId: number; readonly answer: Loose } {
  const api = apiOf(name);
  const mode = modeOf(api, version);
  const reader = createReader(frame);
  const correlationId = reader.int32();
  if (mode.isFlexible && name !== "ApiVersions") skipTags(reader);
  const answer = readRow(api.response, reader, mode) as Loose;
  if (reader.remaining > 0)
    throw new Error(`${reader.remaining} bytes behind the answer of ${name} ${version}`);
  return { correlationId, answer };
}

/** Adds the defaults of what a test does not name. */
export function filled(fields: readonly Field[], given: Loose): Loose {
  for (const name of Object.keys(given))
    if (!fields.some((one) => one.name === name)) throw new Error(`there is no field ${name}`);
  return Object.fromEntries(
    fields.map(({ name, type, absent }) => [
      name,
      Object.hasOwn(given, name) ? filledValue(type, given[name]) : absent,
    ]),
  );
}

function filledValue(type: Type, given: unknown): unknown {
  if (type.kind === "struct") return filled(type.fields, given as Loose);
  if (type.kind !== "array" || given === null) return given;
  return (given as readonly unknown[]).map((one) => filledValue(type.of, one));
}
