import { once } from "node:events";
import { type AddressInfo, createServer as createPlainServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { KeryxError } from "../../../core/errors.ts";
import type { ListenerOptions } from "../options.ts";

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
  try {
    const { requestCert = false } = tls ?? {};
    const server =
      tls === undefined
        ? createPlainServer(onSocket)
        : createTlsServer({ ...tls, requestCert, rejectUnauthorized: requestCert }, onSocket);
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    // A client that fails the handshake must not end the process.
    server.on("tlsClientError", (_, socket: Socket) => socket.destroy());
    await once(server.listen(address.port, address.host), "listening");
    const close = async (): Promise<void> => {
      const closed = once(server.close(), "close");
      for (const socket of sockets) socket.destroy();
      await closed;
    };
    return { port: (server.address() as AddressInfo).port, close };
  } catch (error) {
    throw toFailure(error, name, address);
  }
}

function toFailure(cause: unknown, listener: string, { host, port }: Address): KeryxError {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "EADDRINUSE" || code === "EACCES"
    ? new KeryxError("port_taken", `listener ${listener}: port ${port} on ${host} cannot be had`, { cause })
    : new KeryxError("config_invalid", `listener ${listener} cannot listen on ${host}:${port}`, { cause });
}
