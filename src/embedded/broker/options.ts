import { type Clock, systemClock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { BrokerSignal } from "./signals.ts";

/** A topic that exists from the start. */
export interface NewTopic {
  readonly name: string;
  /** Default 1. */
  readonly partitions?: number;
  /** Stored and reported, never acted on. Default 1. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** TLS of a listener, as PEM texts. */
export interface ListenerTls {
  readonly key: string;
  readonly cert: string;
  /** Authority that client certificates are checked against. */
  readonly ca?: string;
  /** Default false: clients need no certificate. */
  readonly requestCert?: boolean;
}

export type SaslMechanism = "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER";

export interface ListenerSasl {
  /** Passwords by user name. */
  readonly users: Readonly<Record<string, string>>;
  /** Default PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly mechanisms?: readonly SaslMechanism[];
  /** How long a session holds before the client must authenticate again; 0 is for ever. Default 0. */
  readonly sessionLifetimeMs?: number;
}

export interface ListenerOptions {
  readonly name: string;
  /** Port of the first broker; the next ones take the ports behind it. Default 0: free ones. */
  readonly port?: number;
  readonly tls?: ListenerTls;
  readonly sasl?: ListenerSasl;
}

export interface DevBrokerOptions {
  /** Default 1. */
  readonly brokers?: number;
  /** Default 0. */
  readonly firstBrokerId?: number;
  readonly topics?: readonly NewTopic[];
  /** Default: one, named `plain`, on a free port. */
  readonly listeners?: readonly ListenerOptions[];
  /** What is bound. Default 127.0.0.1. */
  readonly host?: string;
  /** What clients are told. Default: `host`. */
  readonly advertisedHost?: string;
  /** Metadata requests may create topics. Default false: a typing error makes no topic. */
  readonly autoCreateTopics?: boolean;
  /** Partitions of topics that do not say. Default 1. */
  readonly defaultPartitions?: number;
  /** Largest request. Default 100 MiB, as in Kafka. */
  readonly maxRequestBytes?: number;
  /** Pause before the first rebalance of an empty group. Default 0: tests do not wait. */
  readonly initialRebalanceDelayMs?: number;
  /** Bounds of a member's session timeout. Default 10 ms and 30 min. */
  readonly minSessionTimeoutMs?: number;
  readonly maxSessionTimeoutMs?: number;
  /** Longest transaction timeout that a producer may ask for. Default 15 min, as in Kafka. */
  readonly maxTransactionTimeoutMs?: number;
  /** How often retention is applied. Default 5 min; `applyRetention()` does it at once. */
  readonly retentionIntervalMs?: number;
  /** Order of aborted transactions in fetch answers; Kafka's own is `completion`. Default `first-offset`. */
  readonly abortedOrder?: "first-offset" | "completion";
  /** Ids are drawn from it, so that a run can be repeated. Default 1. */
  readonly seed?: number;
  readonly clock?: Clock;
  /** Gets the one line that names it a development broker. Default: standard error. */
  readonly log?: (line: string) => void;
  /** Called with everything that happens. Default: nobody. */
  readonly observe?: (signal: BrokerSignal) => void;
  /** Default false: refuses to start where `NODE_ENV` is `production`. */
  readonly allowInProduction?: boolean;
}

export type ResolvedBrokerOptions = Required<DevBrokerOptions>;

export const devBrokerDefaults: Omit<ResolvedBrokerOptions, "advertisedHost"> = {
  brokers: 1,
  firstBrokerId: 0,
  topics: [],
  listeners: [{ name: "plain" }],
  host: "127.0.0.1",
  autoCreateTopics: false,
  defaultPartitions: 1,
  maxRequestBytes: 100 * 1024 * 1024,
  initialRebalanceDelayMs: 0,
  minSessionTimeoutMs: 10,
  maxSessionTimeoutMs: 1_800_000,
  maxTransactionTimeoutMs: 900_000,
  retentionIntervalMs: 300_000,
  abortedOrder: "first-offset",
  seed: 1,
  clock: systemClock,
  log: (line) => void process.stderr.write(`${line}\n`),
  observe: () => {},
  allowInProduction: false,
};

/** @throws KeryxError `config_invalid` */
export function resolveDevBrokerOptions(options: DevBrokerOptions): ResolvedBrokerOptions {
  const resolved = {
    ...devBrokerDefaults,
    ...options,
    advertisedHost: options.advertisedHost ?? options.host ?? devBrokerDefaults.host,
  };
  const refuse = (message: string): never => {
    throw new KeryxError("config_invalid", message);
  };
  if (process.env["NODE_ENV"] === "production" && !resolved.allowInProduction)
    refuse("the development broker keeps nothing on disk and does not start where NODE_ENV is production");
  const { brokers, defaultPartitions, firstBrokerId } = resolved;
  const check = (name: string, count: number, least: number, most: number): void => {
    if (!Number.isInteger(count) || count < least || count > most)
      refuse(`${name} is ${count}; it is a whole number from ${least} to ${most}`);
  };
  check("brokers", brokers, 1, 1000);
  check("defaultPartitions", defaultPartitions, 1, 1000);
  check("firstBrokerId", firstBrokerId, 0, 1_000_000);
  for (const { name, port = 0 } of resolved.listeners)
    check(`port of listener ${name}`, port, 0, 65_536 - brokers);
  const names = resolved.listeners.map((listener) => listener.name);
  if (names.length === 0) refuse("listeners is empty");
  if (new Set(names).size < names.length) refuse(`two listeners have the same name: ${names.join(", ")}`);
  return resolved;
}
