import type { ConnectionOptions } from "node:tls";
import type { Clock } from "../../core/clock.ts";
import type { FaultMatch } from "../../embedded/broker/faults.ts";

/** Direction of bytes: `upstream` from client to broker, `downstream` back. */
export type ProxyStream = "upstream" | "downstream";

/** What is done to connections. The kinds are those of Toxiproxy, and two more. */
export type Toxic =
  /** Each chunk arrives that much later, give or take the jitter; chunks stay in order. */
  | { readonly kind: "latency"; readonly latencyMs: number; readonly jitterMs?: number }
  /** So many bytes a second get through. */
  | { readonly kind: "bandwidth"; readonly bytesPerSecond: number }
  /** An end of one side reaches the other that much later. */
  | { readonly kind: "slow_close"; readonly delayMs: number }
  /** Whatever is sent is lost, and the connection is closed that much later; 0: never. */
  | { readonly kind: "timeout"; readonly timeoutMs: number }
  /** The connection is reset (TCP RST) that much later. */
  | { readonly kind: "reset_peer"; readonly timeoutMs: number }
  /** Chunks are cut into pieces of about this size, with a pause behind each. */
  | {
      readonly kind: "slicer";
      readonly averageBytes: number;
      readonly variationBytes: number;
      readonly delayMs: number;
    }
  /** The connection is closed once so many bytes went through. */
  | { readonly kind: "limit_data"; readonly bytes: number }
  /** Connections are ended and new ones refused. */
  | { readonly kind: "down" }
  /** Nothing gets through; what was sent arrives once the toxic is taken away, as TCP sends again. */
  | { readonly kind: "partition" }
  /** A connection is reset when its lifetime, drawn from this range, is over. */
  | { readonly kind: "lifetime"; readonly minMs: number; readonly maxMs: number };

/** Where a toxic acts. */
export interface ToxicScope {
  /** Id of one broker. Default: all. */
  readonly broker?: number;
  /** Default: both directions. Without meaning for `down`, `reset_peer` and `lifetime`. */
  readonly stream?: ProxyStream;
  /** Share of the connections that it acts on, 0 to 1, drawn once for each. Default 1. */
  readonly toxicity?: number;
}

/** What is done to a single request. */
export type RuleEffect =
  /** The broker never sees the request; the client gets a well-formed answer with this code. */
  | { readonly kind: "error"; readonly code: number }
  /** It goes on that much later, and so do those behind it on its connection. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** No answer; `handled` says whether the broker sees the request all the same. */
  | { readonly kind: "drop"; readonly handled: boolean }
  /** The same, and the connection is closed. */
  | { readonly kind: "close"; readonly handled: boolean }
  /** The broker gets it twice, the client one answer. */
  | { readonly kind: "duplicate" };

/** Which requests a rule is for, as faults of the embedded broker tell them apart; what is absent matches all. */
export type RuleMatch = FaultMatch;

export interface RuleOptions {
  /** Requests that it is used on; `Number.POSITIVE_INFINITY` keeps it. Default 1. */
  readonly times?: number;
  /** Share of the requests that match on which it is used, 0 to 1, drawn for each. Default 1. */
  readonly probability?: number;
}

/** A toxic or a rule that was put in place. */
export interface ProxyFault {
  /** Connections, or requests, that it acted on: 0 means that it proved nothing. */
  readonly hits: number;
  /** Takes it away; what it held back goes on. */
  remove(): Promise<void>;
}

/** What the proxy did, and when. */
export interface ProxyEvent {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly kind:
    | "connection.opened"
    | "connection.closed"
    | "fault.added"
    | "fault.hit"
    | "fault.removed"
    | "healed";
  readonly connection?: number;
  /** Id of the broker, once an answer has told it. */
  readonly broker?: number;
  /** The toxic or rule. */
  readonly fault?: string;
  /** API of the request that a rule was used on. */
  readonly api?: string;
}

export interface ChaosProxyOptions {
  /** Addresses of the cluster, as a client would be given them. Each broker that an answer names gets a port of its own. */
  readonly brokers: readonly string[];
  /** All that is drawn is drawn from it. Default 1. */
  readonly seed?: number;
  /** What is bound and told to clients. Default `127.0.0.1`. */
  readonly host?: string;
  /** Ends TLS of the clients with this certificate, as PEM texts. Default: plain TCP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Speaks TLS to the brokers, for example `{ ca }`. Default: plain TCP. */
  readonly upstreamTls?: ConnectionOptions;
  /** Largest frame, in bytes; a longer one closes its connection. Default 100 MiB. */
  readonly maxFrameBytes?: number;
  readonly clock?: Clock;
}
