import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { KeryxError } from "../../../core/errors.ts";
import type { RegistryFaultPoint } from "../faults.ts";
import { RegistryRefusal, refusals } from "../refusals.ts";
import type { Registry } from "../registry.ts";
import { isAcceptable, readBody } from "./body.ts";
import type { Answer, Route } from "./route.ts";
import { createRouter, type Matched } from "./router.ts";

/** What is remembered of a request. */
export interface RegistryRequestNote {
  readonly method: string;
  /** As the interface is documented; the path itself where there is no such route. */
  readonly route: string;
  readonly path: string;
  readonly status: number;
}

export interface HttpServer {
  readonly port: number;
  /** Frees the port and ends every connection. */
  close(): Promise<void>;
}

export interface ServerParts {
  readonly registry: Registry;
  readonly routes: readonly Route[];
  readonly faults: RegistryFaultPoint;
  readonly onAnswered: (note: RegistryRequestNote) => void;
}

const contentType = "application/vnd.schemaregistry.v1+json";
const maxPathLength = 8_192;

/** @throws KeryxError `port_taken` */
export async function startServer(parts: ServerParts): Promise<HttpServer> {
  const { options } = parts.registry;
  const router = createRouter(parts.routes);
  const server = createServer((request, response) => {
    // A connection that is gone is nobody's failure.
    serve(parts, router, request, response).catch(() => response.destroy());
  });
  await listen(server, options.port, options.host);
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE" || cause.code === "EACCES";
      const code = isTaken ? "port_taken" : "config_invalid";
      reject(new KeryxError(code, `the registry cannot listen on ${host}:${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function serve(
  parts: ServerParts,
  router: (method: string, path: string) => Matched,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET", url = "/" } = request;
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  let route = path.slice(0, 200);
  let reply: Reply | undefined;
  try {
    if (path.length > maxPathLength) throw refusals.http(414, "URI Too Long");
    if (!isAcceptable(request.headers.accept)) throw refusals.http(406, "Not Acceptable");
    const matched = router(method, path);
    route = matched.route.path;
    reply = await answer(parts, matched, query, request);
  } catch (error) {
    reply = toReply(error);
  }
  parts.onAnswered({ method, route, path, status: reply?.status ?? 0 });
  if (reply === undefined) return void response.destroy();
  const length = Buffer.byteLength(reply.text);
  // What is left of a body that was not read would be taken for the next request.
  const ending = request.complete || !hasBody(request) ? {} : { connection: "close" };
  response.writeHead(reply.status, {
    "content-type": contentType,
    "content-length": length,
    ...ending,
    ...reply.headers,
  });
  response.end(reply.text);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/** Undefined: a fault wants the connection closed. */
async function answer(
  { registry, faults }: ServerParts,
  { route, params, context }: Matched,
  query: URLSearchParams,
  request: IncomingMessage,
): Promise<Reply | undefined> {
  const body = hasBody(request) ? await readBody(request, registry.options.maxBodyBytes) : undefined;
  if (route.method === "POST" || query.get("format") === "serialized") await registry.load();
  const target = { method: route.method, route: route.path, subject: params.get("subject") };
  const fault = faults.take(target);
  await fault?.passed;
  const effect = fault?.effect;
  if (effect?.kind === "status") {
    const { status, code, headers = {} } = effect;
    const text = code === undefined ? "" : JSON.stringify({ error_code: code, message: "injected" });
    return { status, text, headers };
  }
  if (effect?.kind === "close" && !effect.handled) return undefined;
  const param = (name: string): string => params.get(name) ?? "";
  const reply = print(route.handle({ registry, param, query, body, context }));
  return effect?.kind === "close" ? undefined : reply;
}

function print(answer: Answer): Reply {
  if (answer.kind === "nothing") return { status: 204, text: "" };
  return { status: 200, text: answer.kind === "text" ? answer.text : JSON.stringify(answer.value) };
}

function toReply(error: unknown): Reply {
  const { status, code, message } =
    error instanceof RegistryRefusal
      ? error
      : {
          status: 500,
          code: 50001,
          message: `Error in the registry: ${error instanceof Error ? error.message : error}`,
        };
  return { status, text: JSON.stringify({ error_code: code, message }) };
}
