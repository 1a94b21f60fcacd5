import type { Socket } from "node:net";
import { apis } from "./api/all.ts";
import { type BrokerNode, type Cluster, createCluster } from "./cluster.ts";
import { createDispatcher } from "./dispatch.ts";
import { createFaults, type Faults } from "./faults.ts";
import { type BatchRecord, buildBatch, type NewRecord } from "./log/batch.ts";
import { type Connection, serveConnection } from "./net/connection.ts";
import { type Listener, openListener } from "./net/listener.ts";
import { type DevBrokerOptions, type ListenerOptions, resolveDevBrokerOptions } from "./options.ts";
import type { RequestNote } from "./signals.ts";

/** A Kafka cluster in this process, for development and tests: real protocol, nothing on disk. */
export interface DevBroker {
  /** Addresses to give to a client. Default: those of the first listener. */
  bootstrap(listener?: string): readonly string[];
  readonly faults: Faults;
  /** Appends records to a partition as a producer would. */
  seed(topic: string, records: readonly NewRecord[], partition?: number): void;
  /** What stands in a topic, partitions in order; batches of snappy and lz4 are not opened. */
  records(topic: string): readonly (BatchRecord & { readonly partition: number })[];
  /** The last thousand requests, oldest first. */
  requests(filter?: { readonly api?: string }): readonly RequestNote[];
  /** Ends every connection and frees the ports. Safe to call twice. */
  close(): Promise<void>;
}

const rememberedRequests = 1000;

/**
 * Starts a development cluster.
 * @throws KeryxError `config_invalid`, `port_taken`
 */
export async function createDevBroker(options: DevBrokerOptions = {}): Promise<DevBroker> {
  const resolved = resolveDevBrokerOptions(options);
  const cluster = createCluster(resolved);
  for (const topic of resolved.topics) cluster.createTopic(topic);
  const faults = createFaults(resolved.clock);
  const ring: RequestNote[] = [];
  const dispatcher = createDispatcher(cluster, apis, faults, (request) => {
    ring.push(request);
    if (ring.length > rememberedRequests) ring.shift();
    cluster.observe({ kind: "request.answered", ...request });
  });
  const net = createNet(cluster, (socket, broker, listener, id, onEnd) =>
    serveConnection(socket, {
      id,
      broker,
      listener,
      maxRequestBytes: resolved.maxRequestBytes,
      dispatcher,
      onEnd,
    }),
  );
  try {
    for (const [index, broker] of [...cluster.brokers.values()].entries()) await net.open(broker, index);
  } catch (error) {
    await net.close();
    throw error;
  }
  const bootstrap = (listener = resolved.listeners[0]?.name ?? ""): readonly string[] =>
    cluster.live().flatMap((broker) => {
      const port = broker.ports.get(listener);
      return port === undefined ? [] : [`${resolved.advertisedHost}:${port}`];
    });
  cluster.observe({ kind: "broker.started", addresses: bootstrap() });
  resolved.log(`development broker on ${bootstrap().join(", ")}: in memory only, not for production`);
  return {
    bootstrap,
    faults,
    seed(topic, records, partition = 0) {
      const found = cluster.partition(topic, partition);
      if (found === undefined) throw new Error(`there is no ${topic}-${partition}`);
      const rules = { maxBatchBytes: Number.POSITIVE_INFINITY, isAppendTime: false, admit: () => 0 };
      const nowMs = resolved.clock.now();
      found.log.append(buildBatch(records, nowMs), { ...rules, nowMs });
      cluster.woken(found);
    },
    records: (topic) =>
      (cluster.topics.get(topic)?.partitions ?? []).flatMap(({ index, log }) =>
        log.batches.records().map((record) => ({ partition: index, ...record })),
      ),
    requests: ({ api } = {}) => ring.filter((one) => api === undefined || one.api === api),
    close: () => net.close(),
  };
}

type Serve = (
  socket: Socket,
  broker: BrokerNode,
  listener: ListenerOptions,
  id: number,
  onEnd: (reason: string | undefined) => void,
) => Connection;

/** Ports and connections of all brokers. */
function createNet(cluster: Cluster, serve: Serve) {
  const listeners = new Map<number, Listener[]>();
  const connections = new Map<number, { readonly broker: number; readonly connection: Connection }>();
  let lastId = 0;
  const open = async (broker: BrokerNode, index: number): Promise<void> => {
    const opened: Listener[] = [];
    listeners.set(broker.id, opened);
    for (const listener of cluster.options.listeners) {
      const port = broker.ports.get(listener.name) ?? (listener.port ? listener.port + index : 0);
      const one = await openListener(listener, { host: cluster.options.host, port }, (socket) => {
        const id = ++lastId;
        const onEnd = (reason: string | undefined): void => {
          connections.delete(id);
          const why = reason === undefined ? {} : { reason };
          cluster.observe({ kind: "connection.closed", connection: id, broker: broker.id, ...why });
        };
        connections.set(id, { broker: broker.id, connection: serve(socket, broker, listener, id, onEnd) });
      });
      opened.push(one);
      broker.ports.set(listener.name, one.port);
    }
  };
  const stop = async (id: number): Promise<void> => {
    const closing = (listeners.get(id) ?? []).map((listener) => listener.close());
    listeners.delete(id);
    for (const { broker, connection } of [...connections.values()])
      if (broker === id) connection.close("the broker stops");
    await Promise.all(closing);
    cluster.observe({ kind: "broker.stopped", broker: id });
  };
  return {
    open,
    stop,
    close: async (): Promise<void> => {
      await Promise.all([...listeners.keys()].map(stop));
    },
  };
}
