import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { KeryxError } from "../../../core/errors.ts";
import type { ListenerOptions } from "../options.ts";

export interface Listener {
  readonly port: number;
  /** Refuses new connections; the open ones are the owner's to end. */
  close(): Promise<void>;
}

/**
 * Opens a port. `onSocket` gets each connection once it can be spoken on, behind its TLS handshake.
 * @throws KeryxError `port_taken`
 */
export async function openListener(
  { name, tls }: ListenerOptions,
  address: { readonly host: string; readonly port: number },
  onSocket: (socket: Socket) => void,
): Promise<Listener> {
  const server: Server =
    tls === undefined
      ? createPlainServer(onSocket)
      : createTlsServer(
          {
            key: tls.key,
            cert: tls.cert,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            requestCert: tls.requestCert ?? false,
            rejectUnauthorized: tls.requestCert ?? false,
          },
          onSocket,
        );
  // A client that fails the handshake must not end the process.
  server.on("tlsClientError", (_, socket: Socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(toFailure(error, name, address)));
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : address.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function toFailure(
  error: NodeJS.ErrnoException,
  listener: string,
  { host, port }: { readonly host: string; readonly port: number },
): KeryxError {
  if (error.code === "EADDRINUSE" || error.code === "EACCES")
    return new KeryxError("port_taken", `listener ${listener}: port ${port} on ${host} cannot be had`, {
      cause: error,
    });
  return new KeryxError("config_invalid", `listener ${listener} cannot listen on ${host}:${port}`, {
    cause: error,
  });
}
