import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { KeryxError } from "../../../core/errors.ts";
import type { ListenerOptions, ListenerTls } from "../options.ts";

type Address = { readonly host: string; readonly port: number };

export interface Listener {
  readonly port: number;
  /** Refuses new connections and ends the open ones, those in a handshake, too. */
  close(): Promise<void>;
}

/**
 * Opens a port. `onSocket` gets each connection once it can be spoken on, behind its TLS handshake.
 * @throws KeryxError `port_taken`
 */
export async function openListener(
  { name, tls }: ListenerOptions,
  address: Address,
  onSocket: (socket: Socket) => void,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer(tls, onSocket, (error) => toFailure(error, name, address));
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  // A client that fails the handshake must not end the process.
  server.on("tlsClientError", (_, socket: Socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(toFailure(error, name, address)));
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function createServer(
  tls: ListenerTls | undefined,
  onSocket: (socket: Socket) => void,
  toError: (error: unknown) => Error,
): Server {
  if (tls === undefined) return createPlainServer(onSocket);
  const { requestCert = false } = tls;
  try {
    return createTlsServer({ ...tls, requestCert, rejectUnauthorized: requestCert }, onSocket);
  } catch (error) {
    throw toError(error);
  }
}

function toFailure(cause: unknown, listener: string, { host, port }: Address): KeryxError {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "EADDRINUSE" || code === "EACCES"
    ? new KeryxError("port_taken", `listener ${listener}: port ${port} on ${host} cannot be had`, { cause })
    : new KeryxError("config_invalid", `listener ${listener} cannot listen on ${host}:${port}`, { cause });
}
