import { createStoppableClock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import { apis } from "./api/all.ts";
import { type BrokerNode, type Cluster, createCluster } from "./cluster.ts";
import { createDispatcher } from "./dispatch.ts";
import { errorCodes } from "./error-codes.ts";
import { createFaults, type Faults } from "./faults.ts";
import { lagOf, type PartitionLag } from "./lag.ts";
import type { BatchRecord } from "./log/batch.ts";
import { createPorts, type Ports } from "./net/listener.ts";
import { type DevBrokerOptions, type NewTopic, resolveDevBrokerOptions } from "./options.ts";
import type { RequestNote } from "./signals.ts";
import { applyRetention, createVerbs, type Verbs } from "./verbs.ts";

/** A Kafka cluster in this process, for development and tests: real protocol, nothing on disk. */
export interface DevBroker extends Verbs {
  /** Addresses to give to a client. Default: those of the first listener. */
  bootstrap(listener?: string): readonly string[];
  readonly faults: Faults;
  /** Creates a topic. @throws Error with Kafka's code when it cannot be */
  createTopic(topic: NewTopic): void;
  /** What stands in a topic, partitions in order; batches of snappy and lz4 are not opened. */
  records(topic: string): readonly (BatchRecord & { readonly partition: number })[];
  /** How far a group is; everything is committed where `committed` is `end`. */
  lag(group: string): readonly PartitionLag[];
  /** Refuses and ends a broker's connections; its partitions and groups go on elsewhere. */
  stopBroker(id: number): Promise<void>;
  /** Lets a stopped broker listen again, on its ports of before. */
  startBroker(id: number): Promise<void>;
  /** One more broker, with the next id. */
  addBroker(): Promise<number>;
  /** Stops a broker for good. */
  removeBroker(id: number): Promise<void>;
  /** Open connections, with the broker that each goes to. */
  connections(): readonly { readonly id: number; readonly broker: number }[];
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
  const asked = resolveDevBrokerOptions(options);
  const timers = createStoppableClock(asked.clock);
  const resolved = { ...asked, clock: timers };
  const cluster = createCluster(resolved);
  const faults = createFaults(resolved.clock);
  const ring: RequestNote[] = [];
  const dispatcher = createDispatcher(cluster, apis, faults, (request) => {
    ring.push(request);
    if (ring.length > rememberedRequests) ring.shift();
    cluster.observe({ kind: "request.received", ...request });
  });
  const ports = createPorts(cluster, dispatcher);
  const createTopic = (topic: NewTopic): void => {
    const code = cluster.createTopic(topic);
    if (code !== errorCodes.none)
      throw new KeryxError("config_invalid", `topic ${topic.name} is refused with Kafka's code ${code}`);
  };
  try {
    for (const topic of resolved.topics) createTopic(topic);
    for (const broker of cluster.brokers.values()) await ports.open(broker);
  } catch (error) {
    await ports.close();
    throw error;
  }
  const retain = (): void => {
    applyRetention(cluster);
    timers.schedule(resolved.retentionIntervalMs, retain);
  };
  retain();
  const bootstrap = (listener = resolved.listeners[0]?.name ?? ""): readonly string[] =>
    cluster.live().map((broker) => `${resolved.advertisedHost}:${broker.ports.get(listener)}`);
  resolved.log(`development broker on ${bootstrap().join(", ")}: in memory only, not for production`);
  return {
    ...createVerbs(cluster),
    ...createMachines(cluster, ports),
    bootstrap,
    faults,
    createTopic,
    records: (topic) =>
      (cluster.topics.get(topic)?.partitions ?? []).flatMap(({ index, log }) =>
        log.batches.records().map((record) => ({ partition: index, ...record })),
      ),
    lag: (group) => lagOf(cluster, group),
    connections: ports.connections,
    requests: ({ api } = {}) => ring.filter((one) => api === undefined || one.api === api),
    async close() {
      faults.clear();
      await ports.close();
      timers.stop();
    },
  };
}

type Machines = Pick<DevBroker, "stopBroker" | "startBroker" | "addBroker" | "removeBroker">;

/** Brokers that come and go. */
function createMachines(cluster: Cluster, ports: Ports): Machines {
  const brokerAt = (id: number): BrokerNode => {
    const found = cluster.brokers.get(id);
    if (found === undefined) throw new Error(`there is no broker ${id}`);
    return found;
  };
  const stopBroker = async (id: number): Promise<void> => {
    const broker = brokerAt(id);
    if (broker.isUp && cluster.live().length === 1)
      throw new Error("the last broker cannot be stopped, only closed");
    broker.isUp = false;
    cluster.repairLeaders();
    await ports.stop(id);
  };
  return {
    stopBroker,
    async startBroker(id) {
      const broker = brokerAt(id);
      if (broker.isUp) return;
      await ports.open(broker);
      broker.isUp = true;
    },
    async addBroker() {
      const id = Math.max(...cluster.brokers.keys()) + 1;
      const broker: BrokerNode = { id, ports: new Map(), isUp: true };
      await ports.open(broker);
      cluster.brokers.set(id, broker);
      return id;
    },
    async removeBroker(id) {
      await stopBroker(id);
      cluster.brokers.delete(id);
      cluster.repairLeaders();
    },
  };
}
