import type { Socket } from "node:net";
import { createStoppableClock, systemClock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import { closeAll } from "../../core/lifecycle.ts";
import { createRandom } from "../../core/random.ts";
import type { Redirect } from "./answers.ts";
import { serveConnection } from "./connection.ts";
import type {
  ChaosProxyOptions,
  ProxyEvent,
  ProxyFault,
  RuleEffect,
  RuleMatch,
  RuleOptions,
  Toxic,
  ToxicScope,
} from "./options.ts";
import { openPort, type ProxyPort } from "./ports.ts";
import { createRules } from "./rules.ts";
import { createTimeline } from "./timeline.ts";
import { createToxics, type Poisoned } from "./toxics.ts";

/** A proxy between Kafka clients and a cluster, embedded or real, that makes the network fail as a test wants it. */
export interface ChaosProxy extends AsyncDisposable {
  /** What to give to clients instead of the cluster's own addresses. */
  readonly brokers: readonly string[];
  /**
   * Does something to connections until it is taken away.
   * @throws KeryxError `config_invalid` for a number that makes no sense
   */
  toxic(toxic: Toxic, scope?: ToxicScope): ProxyFault;
  /**
   * Does something to requests. Later rules wait until earlier ones that match are used up.
   * @throws KeryxError `config_invalid` for a name that no API has
   */
  rule(match: RuleMatch, effect: RuleEffect, options?: RuleOptions): ProxyFault;
  /** Takes all toxics and rules away; resolves when every broker can be reached again. */
  heal(): Promise<void>;
  /** Toxics and rules that never acted: a test that ends with one has proved nothing. */
  unused(): readonly string[];
  /** What happened, oldest first: the last hundred thousand events. */
  readonly timeline: readonly ProxyEvent[];
  /** Open connections, with the broker that each goes to where an answer has told it. */
  connections(): readonly { readonly id: number; readonly broker: number | undefined }[];
  /** Ends every connection and frees the ports. Safe to call twice. */
  close(): Promise<void>;
}

const defaultMaxFrameBytes = 100 * 1024 * 1024;

/**
 * Starts a chaos proxy. Clients that connect through it never learn an address of the cluster, and no version of the
 * protocol that the proxy does not read; everything else passes byte for byte.
 * @throws KeryxError `config_invalid`, `port_taken`
 */
export async function createChaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const { brokers, seed = 1, host = "127.0.0.1", maxFrameBytes = defaultMaxFrameBytes } = options;
  const clock = createStoppableClock(options.clock ?? systemClock);
  const random = createRandom(seed);
  const { events: timeline, note } = createTimeline(clock);
  const ports = new Map<string, Promise<ProxyPort>>();
  const connections = new Map<Poisoned, ProxyPort>();
  let lastId = 0;
  let isClosed = false;
  const changedDown = async (): Promise<void> => {
    const open = await Promise.all(ports.values());
    if (!isClosed) await Promise.all(open.map((port) => port.turn(toxics.isDown(port.id, port.port))));
  };
  const toxics = createToxics({
    clock,
    random,
    changedDown,
    note: (kind, fault, on) => note(kind, { fault }, on),
  });
  const faults: { readonly name: string; readonly fault: Pick<ProxyFault, "hits"> }[] = [];
  const rules = createRules(clock, random);

  const redirect: Redirect = async ({ id, host: brokerHost, port }) => {
    const found = await portOf(`${brokerHost}:${port}`);
    if (found.id !== id) {
      found.id = id;
      for (const [connection, own] of connections) if (own === found) toxics.named(connection);
      await found.turn(toxics.isDown(id, found.port));
    }
    return { host, port: found.port };
  };
  const serve = (client: Socket, port: ProxyPort): void => {
    if (isClosed) {
      client.destroy();
      return;
    }
    const connection = serveConnection({
      ...{ id: ++lastId, client, upstream: port.connect(), broker: () => port.id, maxFrameBytes },
      ...{ toxics, rules, redirect, clock, random },
      used: ({ kind }, api, on) => note("fault.hit", { fault: kind, api }, on),
    });
    connections.set(connection, port);
    note("connection.opened", {}, connection);
    client.once("close", () => {
      connections.delete(connection);
      note("connection.closed", {}, connection);
    });
  };
  const portOf = (address: string): Promise<ProxyPort> => {
    if (isClosed) throw new KeryxError("closed", "the proxy is closed");
    const found = ports.get(address) ?? openPort(address, { ...options, host }, serve);
    ports.set(address, found);
    return found;
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    rules.clear();
    clock.stop();
    for (const connection of connections.keys()) connection.end("close");
    const opened = await Promise.allSettled(ports.values());
    await closeAll(opened.flatMap((port) => (port.status === "fulfilled" ? [port.value] : [])));
  };
  let closing: Promise<void> | undefined;
  const keep = <Kept extends Pick<ProxyFault, "hits">>(name: string, fault: Kept): Kept => {
    faults.push({ name, fault });
    return fault;
  };

  const own: string[] = [];
  try {
    for (const address of brokers) own.push(`${host}:${(await portOf(address)).port}`);
  } catch (error) {
    await close();
    throw error;
  }
  const proxy: ChaosProxy = {
    brokers: own,
    timeline,
    toxic: (toxic, scope = {}) => keep(JSON.stringify([toxic, scope]), toxics.add(toxic, scope)),
    rule(match, effect, ruleOptions) {
      const name = JSON.stringify([match, effect]);
      note("fault.added", { fault: name });
      return keep(name, rules.add(match, effect, ruleOptions));
    },
    async heal() {
      rules.clear();
      await toxics.clear();
      note("healed");
    },
    unused: () => faults.filter(({ fault }) => fault.hits === 0).map(({ name }) => name),
    connections: () => [...connections.keys()].map((one) => ({ id: one.id, broker: one.broker() })),
    close() {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
  return proxy;
}
