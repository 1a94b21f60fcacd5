import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KeryxError } from "../core/errors.ts";
import type { AppHealth } from "../core/health.ts";
import type { Closable } from "../core/lifecycle.ts";
import type { Observe } from "../core/signals.ts";

export interface ProbesDeps {
  readonly port: number;
  readonly host: string;
  readonly health: () => AppHealth;
  readonly observe: Observe;
  /** Takes secrets out of what is answered. */
  readonly redact: (text: string) => string;
}

const maxConnections = 64;
const requestTimeoutMs = 5_000;
/** Also asked without a probe, so that a partition that stands still is noticed whatever their period is. */
const lookEveryMs = 5_000;

/**
 * Answers `GET /livez`, `/readyz` and `/health`, and says when the answers change. What fails here fails for the asker
 * alone.
 * @throws KeryxError `port_taken`
 */
export async function openProbes(deps: ProbesDeps): Promise<Closable> {
  const { observe } = deps;
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, maxHeaderSize: 8_192 },
    (request, response) => answer(deps, request, response),
  );
  server.maxConnections = maxConnections;
  const address = await listen(server, deps);
  // Being asked how it is must not keep a process alive.
  server.unref();
  observe({ kind: "health.listening", host: deps.host, port: address.port });
  const look = createLook(deps);
  look();
  const timer = setInterval(look, lookEveryMs).unref();
  return {
    close() {
      clearInterval(timer);
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: ReturnType<typeof createServer>, { host, port }: ProbesDeps): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new KeryxError("port_taken", `health.port: cannot listen on ${host}:${port}`, {
          cause,
          details: { setting: "health.port", host, port },
          help: "Choose another `health.port`, or 0 for a free one; check `health.host`.",
        }),
      ),
    );
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      // Nobody is served less because one connection failed.
      server.on("error", () => {});
      resolve(server.address() as AddressInfo);
    });
  });
}

function answer(deps: ProbesDeps, request: IncomingMessage, response: ServerResponse): void {
  const [path] = (request.url ?? "").split("?", 1);
  request.resume();
  if (request.method !== "GET") {
    send(response, 405, "only GET is answered\n", { allow: "GET" });
    return;
  }
  try {
    const health = deps.health();
    if (path === "/livez") send(response, health.live ? 200 : 503, deps.redact(`${health.summary}\n`));
    else if (path === "/readyz") send(response, health.ready ? 200 : 503, deps.redact(`${health.summary}\n`));
    else if (path === "/health")
      send(response, health.ready ? 200 : 503, deps.redact(toJson(health)), {
        "content-type": "application/json",
      });
    else send(response, 404, "there are /livez, /readyz and /health\n");
  } catch (error) {
    // Health that cannot be told is no health.
    deps.observe({ kind: "internal.error", where: "health probe", error });
    if (!response.headersSent) send(response, 500, "failed\n");
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    "content-type": "text/plain",
    "cache-control": "no-store",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

function toJson(health: AppHealth): string {
  const replacer = (_: string, value: unknown): unknown =>
    typeof value === "bigint" ? value.toString() : value;
  return `${JSON.stringify(health, replacer, 2)}\n`;
}

function createLook({ health, observe }: ProbesDeps): () => void {
  let before = "";
  return () => {
    try {
      const { live, ready, summary } = health();
      const now = `${live} ${ready} ${summary}`;
      if (now !== before) observe({ kind: "health.changed", live, ready, summary });
      before = now;
    } catch (error) {
      observe({ kind: "internal.error", where: "health look", error });
    }
  };
}
