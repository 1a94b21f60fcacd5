import type { BrokerNode, Cluster } from "../cluster.ts";
import type { Dispatcher } from "../dispatch.ts";
import { serveConnection } from "./connection.ts";
import { type Listener, openListener } from "./listener.ts";

/** Ports and connections of all brokers. */
export interface Ports {
  /** Opens a broker's listeners, on the ports that it had before. @throws KeryxError `port_taken` */
  open(broker: BrokerNode): Promise<void>;
  /** Frees a broker's ports and ends its connections. */
  stop(broker: number): Promise<void>;
  connections(): readonly { readonly id: number; readonly broker: number }[];
  close(): Promise<void>;
}

export function createPorts(cluster: Cluster, dispatcher: Dispatcher): Ports {
  const { listeners: wanted, host, firstBrokerId, maxRequestBytes } = cluster.options;
  const listeners = new Map<number, Listener[]>();
  const connections = new Map<number, number>();
  let lastId = 0;
  const stop = async (id: number): Promise<void> => {
    const closing = (listeners.get(id) ?? []).map((listener) => listener.close());
    listeners.delete(id);
    await Promise.all(closing);
    cluster.observe({ kind: "broker.stopped", broker: id });
  };
  return {
    async open(broker) {
      const opened: Listener[] = [];
      listeners.set(broker.id, opened);
      for (const listener of wanted) {
        const first = listener.port ?? 0;
        const port = broker.ports.get(listener.name) ?? (first === 0 ? 0 : first + broker.id - firstBrokerId);
        const one = await openListener(listener, { host, port }, (socket) => {
          const id = ++lastId;
          connections.set(id, broker.id);
          serveConnection(socket, { id, broker, listener, maxRequestBytes, dispatcher }, (reason) => {
            connections.delete(id);
            const why = reason === undefined ? {} : { reason };
            cluster.observe({ kind: "connection.closed", connection: id, broker: broker.id, ...why });
          });
        });
        opened.push(one);
        broker.ports.set(listener.name, one.port);
      }
      cluster.observe({ kind: "broker.started", broker: broker.id });
    },
    stop,
    connections: () => [...connections].map(([id, broker]) => ({ id, broker })),
    close: async () => void (await Promise.all([...listeners.keys()].map(stop))),
  };
}
