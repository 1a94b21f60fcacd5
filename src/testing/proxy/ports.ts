import { once } from "node:events";
import { type AddressInfo, connect, createServer, isIP, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { KeryxError } from "../../core/errors.ts";
import type { ChaosProxyOptions } from "./options.ts";

/** One broker's place in the proxy: clients connect here, the proxy to the broker. */
export interface ProxyPort {
  readonly port: number;
  /** Id of the broker, once an answer has told it. */
  id: number | undefined;
  /** Refuses or takes connections, as `isDown` says. */
  turn(isDown: boolean): Promise<void>;
  /** A new connection to the broker. */
  connect(): Socket;
  close(): Promise<void>;
}

export type PortOptions = Pick<ChaosProxyOptions, "tls" | "upstreamTls"> & { readonly host: string };

/**
 * Opens a port in front of a broker.
 * @throws KeryxError `port_taken`, `config_invalid`
 */
export async function openPort(
  address: string,
  { host, tls, upstreamTls }: PortOptions,
  onClient: (client: Socket, port: ProxyPort) => void,
): Promise<ProxyPort> {
  const target = toTarget(address);
  const half = { allowHalfOpen: true };
  const take = (client: Socket): void => onClient(client, self);
  const server = tls === undefined ? createServer(half, take) : createTlsServer({ ...half, ...tls }, take);
  server.on("tlsClientError", (_: Error, socket: Socket) => socket.destroy());
  const port = await listen(server, host, 0);
  // One after the other: a port that is being closed cannot be opened.
  let turning: Promise<void> = Promise.resolve();
  const turn = async (isDown: boolean): Promise<void> => {
    if (isDown && server.listening) server.close();
    if (!isDown && !server.listening) await listen(server, host, port);
  };
  const self: ProxyPort = {
    port,
    id: undefined,
    turn(isDown) {
      turning = turning.then(() => turn(isDown));
      return turning;
    },
    connect: () =>
      upstreamTls === undefined
        ? connect({ ...target, ...half })
        : connectTls({
            ...(isIP(target.host) === 0 && { servername: target.host }),
            ...upstreamTls,
            ...target,
          }),
    async close() {
      await turning.catch(() => {});
      if (server.listening) await once(server.close(), "close");
    },
  };
  return self;
}

function toTarget(address: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined)
    throw new KeryxError("config_invalid", `${address} is not an address of the form host:port`);
  return { host, port: Number(port) };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    await once(server.listen(port, host), "listening");
  } catch (cause) {
    throw new KeryxError("port_taken", `the proxy cannot listen on ${host}:${port}`, { cause });
  }
  return (server.address() as AddressInfo).port;
}
