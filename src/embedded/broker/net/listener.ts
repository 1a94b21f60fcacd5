import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { KeryxError } from "../../../core/errors.ts";
import type { BrokerNode, Cluster } from "../cluster.ts";
import type { Dispatcher } from "../dispatch.ts";
import type { ListenerOptions } from "../options.ts";
import { serveConnection } from "./connection.ts";

/** Ports and connections of all brokers. */
export interface Ports {
  /** Opens a broker's listeners, on the ports that it had before. @throws KeryxError `port_taken` */
  open(broker: BrokerNode): Promise<void>;
  /** Frees a broker's ports and ends its connections. */
  stop(broker: number): Promise<void>;
  connections(): readonly { readonly id: number; readonly broker: number }[];
  close(): Promise<void>;
}

export function createPorts({ options, observe }: Cluster, dispatcher: Dispatcher): Ports {
  const { firstBrokerId, maxRequestBytes } = options;
  const closes = new Map<number, (() => Promise<void>)[]>();
  const connections = new Map<number, number>();
  let lastId = 0;
  const serve = (socket: Socket, broker: BrokerNode, listener: ListenerOptions): void => {
    const id = ++lastId;
    connections.set(id, broker.id);
    serveConnection(socket, { id, broker, listener, maxRequestBytes, dispatcher }, (told) => {
      connections.delete(id);
      const reason = told ?? (closes.has(broker.id) ? undefined : "the broker stops");
      const why = reason === undefined ? {} : { reason };
      observe({ kind: "connection.closed", connection: id, broker: broker.id, ...why });
    });
  };
  const stop = async (id: number): Promise<void> => {
    const closing = (closes.get(id) ?? []).map((close) => close());
    closes.delete(id);
    await Promise.all(closing);
    observe({ kind: "broker.stopped", broker: id });
  };
  return {
    async open(broker) {
      const opened: (() => Promise<void>)[] = [];
      closes.set(broker.id, opened);
      for (const listener of options.listeners) {
        const first = listener.port ?? 0;
        const port = broker.ports.get(listener.name) ?? (first === 0 ? 0 : first + broker.id - firstBrokerId);
        const server = await listen(listener, options.host, port, (socket) =>
          serve(socket, broker, listener),
        );
        opened.push(closing(server));
        broker.ports.set(listener.name, (server.address() as AddressInfo).port);
      }
      observe({ kind: "broker.started", broker: broker.id });
    },
    stop,
    connections: () => [...connections].map(([id, broker]) => ({ id, broker })),
    close: async () => void (await Promise.all([...closes.keys()].map(stop))),
  };
}

/** Opens a port. `onSocket` gets each connection once it can be spoken on, behind its TLS handshake. */
async function listen(
  { name, tls }: ListenerOptions,
  host: string,
  port: number,
  onSocket: (socket: Socket) => void,
): Promise<Server> {
  try {
    const { requestCert = false } = tls ?? {};
    const checked = { ...tls, requestCert, rejectUnauthorized: requestCert };
    const server = tls === undefined ? createServer(onSocket) : createTlsServer(checked, onSocket);
    // A client that fails the handshake must not end the process.
    server.on("tlsClientError", (_, socket: Socket) => socket.destroy());
    await once(server.listen(port, host), "listening");
    return server;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw code === "EADDRINUSE" || code === "EACCES"
      ? new KeryxError("port_taken", `listener ${name}: port ${port} on ${host} cannot be had`, { cause })
      : new KeryxError("config_invalid", `listener ${name} cannot listen on ${host}:${port}`, { cause });
  }
}

/** How to refuse new connections and end the open ones, those in a handshake, too. */
function closing(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  return async () => {
    const closed = once(server.close(), "close");
    const end = (socket: Socket) => new Promise((resolve) => socket.once("close", resolve).destroy());
    await Promise.all([closed, ...[...sockets].map(end)]);
  };
}
