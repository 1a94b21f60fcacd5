import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

/** A request as it came over the socket. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, not decoded. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** What the server does with a request. */
export type Reply =
  | {
      readonly status: number;
      /** An object is sent as JSON, text as it is. */
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly delayMs?: number;
    }
  /** Closes the socket without an answer. */
  | "drop"
  /** Never answers. */
  | "hang"
  /** Begins an answer and closes the socket in the middle of it. */
  | "truncate"
  /** Sends bytes until the client closes the socket. */
  | "endless";

export interface FaultServer {
  /** Base URL, without a trailing slash. */
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Changes what it answers from now on. A list answers one request each; its last entry goes on. */
  answer(replies: Reply | readonly Reply[] | ((request: SeenRequest) => Reply)): void;
  close(): Promise<void>;
}

/** A real HTTP server on a real socket that misbehaves as it is told. */
export async function startFaultServer(): Promise<FaultServer> {
  const seen: SeenRequest[] = [];
  let reply: (request: SeenRequest) => Reply = () => ({ status: 200, body: {} });
  const server = createServer(async (request, response) => {
    const text = await readText(request);
    const one: SeenRequest = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
    seen.push(one);
    await play(reply(one), request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer(replies) {
      if (typeof replies === "function") {
        reply = replies;
        return;
      }
      const queue = Array.isArray(replies) ? [...(replies as readonly Reply[])] : [replies as Reply];
      reply = () => (queue.length > 1 ? queue.shift() : queue[0]) as Reply;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function* spaces(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024, 0x20);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function play(reply: Reply, request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (reply) {
    case "drop":
      request.socket.destroy();
      return;
    case "hang":
      return;
    case "truncate":
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"schema":');
      setTimeout(() => request.socket.destroy(), 20);
      return;
    case "endless": {
      response.writeHead(200, { "content-type": "application/json" });
      // The client closing the socket is the end of it, not a failure.
      await pipeline(spaces, response).catch(() => {});
      return;
    }
    default: {
      if (reply.delayMs) await new Promise((resolve) => setTimeout(resolve, reply.delayMs));
      const isText = typeof reply.body === "string";
      response.writeHead(reply.status, {
        "content-type": isText ? "text/html" : "application/vnd.schemaregistry.v1+json",
        ...reply.headers,
      });
      response.end(reply.body === undefined ? undefined : isText ? reply.body : JSON.stringify(reply.body));
    }
  }
}
