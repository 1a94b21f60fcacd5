import { readFileSync } from "node:fs";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import kafkajs, { type ISocketFactoryArgs, type Kafka, type KafkaConfig, type SASLOptions } from "kafkajs";
import { KeryxError } from "../../core/errors.ts";
import type { TlsOptions, TransportOptions } from "../options.ts";

const keepAliveMs = 60_000;

export interface ClientTimeouts {
  readonly requestTimeoutMs: number;
  /** Tries of kafkajs itself, after the first. */
  readonly retries: number;
}

/** A kafkajs client of our settings that never writes to stdout or stderr. */
export function createClient(
  options: TransportOptions,
  { requestTimeoutMs, retries }: ClientTimeouts,
): Kafka {
  const config: KafkaConfig = {
    brokers: fromAnywhere(options.brokers),
    clientId: options.clientId,
    // kafkajs only asks whether there is TLS; the files are read at each connection, so that rotation needs no restart.
    ssl: options.tls !== false,
    connectionTimeout: options.connectionTimeoutMs,
    authenticationTimeout: options.connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: { retries, initialRetryTime: 100, maxRetryTime: 2_000, factor: 0.2, multiplier: 2 },
    socketFactory: (args) => openSocket(args, options.tls),
    logLevel: kafkajs.logLevel.NOTHING,
    // Whatever level an environment variable sets: errors reach the caller, and events become signals.
    logCreator: () => () => {},
  };
  if (options.sasl) config.sasl = toClientSasl(options.sasl);
  return new kafkajs.Kafka(config);
}

// kafkajs begins at the first, and gives up after a few: a client that is made anew has to try others than the last one.
function fromAnywhere(brokers: readonly string[]): string[] {
  const start = Math.floor(Math.random() * brokers.length);
  return [...brokers.slice(start), ...brokers.slice(0, start)];
}

function openSocket({ host, port, onConnect }: ISocketFactoryArgs, tls: TransportOptions["tls"]): Socket {
  const socket =
    tls === false
      ? connectTcp({ host, port }, onConnect)
      : connectTls({ host, port, ...toConnectionOptions(host, tls === true ? {} : tls) }, onConnect);
  socket.setKeepAlive(true, keepAliveMs);
  socket.setNoDelay(true);
  // At a dead socket Node adds a listener for each call, and kafkajs calls at every try while a broker is away.
  const unref = socket.unref.bind(socket);
  socket.unref = () => (socket.destroyed ? socket : unref());
  return socket;
}

function toConnectionOptions(host: string, tls: TlsOptions): ConnectionOptions {
  const name = tls.serverName ?? host;
  return {
    ...(isIP(name) === 0 && { servername: name }),
    ...(tls.caPath !== undefined && { ca: readPem(tls.caPath, "tls.caPath") }),
    ...(tls.certPath !== undefined && { cert: readPem(tls.certPath, "tls.certPath") }),
    ...(tls.keyPath !== undefined && { key: readPem(tls.keyPath, "tls.keyPath") }),
    ...(tls.keyPassphrase !== undefined && { passphrase: tls.keyPassphrase }),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    minVersion: tls.minVersion ?? "TLSv1.2",
  };
}

function readPem(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new KeryxError("tls_failed", `${setting}: ${path} cannot be read`, {
      cause,
      help: `Check that \`${setting}\` names a readable PEM file.`,
    });
  }
}

/** Reads the files once, so that a missing one is reported as itself: kafkajs hides what a socket factory throws. */
export function checkTlsFiles(tls: TransportOptions["tls"]): void {
  if (typeof tls === "object") toConnectionOptions("localhost", tls);
}

/** The login as kafkajs wants it; an OAuth token is asked for at each one. */
export function toClientSasl(sasl: NonNullable<TransportOptions["sasl"]>): SASLOptions {
  if (sasl.mechanism !== "oauthbearer") return { ...sasl };
  return {
    mechanism: "oauthbearer",
    oauthBearerProvider: async () => {
      try {
        const { value, expiresAtMs } = await sasl.token();
        if (expiresAtMs !== undefined && expiresAtMs <= Date.now())
          throw new Error("the token has expired already");
        return { value };
      } catch (cause) {
        // kafkajs would report the broker as unreachable.
        throw new KeryxError(
          "auth_failed",
          `no OAuth token: ${cause instanceof Error ? cause.message : String(cause)}`,
          {
            cause,
            help: "Check the function `sasl.token`.",
          },
        );
      }
    },
  };
}
