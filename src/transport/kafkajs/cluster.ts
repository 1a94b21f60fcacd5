import type { Kafka } from "kafkajs";
import { KeryxError } from "../../core/errors.ts";
import { hasErrorName } from "./errors.ts";
import {
  askForNone,
  type Metadata,
  type MetadataBroker,
  type PartitionMetadata,
  shareRefreshes,
} from "./metadata.ts";
import type { FetchedMessage } from "./records.ts";

// The parts of kafkajs 2.2.4 that its types do not show and that the guards stand on.

interface Connection {
  rejectRequests(error: Error): void;
  readonly socket?: { destroy(): void };
}

export interface FetchRequest {
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolationLevel: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly fetchOffset: string;
      readonly maxBytes: number;
    }[];
  }[];
}

export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: readonly FetchedMessage[];
  readonly abortedTransactions?: readonly unknown[];
}

export interface FetchResponse {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

export interface Broker extends MetadataBroker {
  readonly nodeId: number | null;
  readonly connectionPool: MetadataBroker["connectionPool"] & {
    readonly host: string;
    readonly port: number;
    readonly pool: readonly Connection[];
  };
  isConnected(): boolean;
  connect(): Promise<void>;
  fetch(request: FetchRequest): Promise<FetchResponse>;
  heartbeat(request: GroupMembership): Promise<unknown>;
  joinGroup(request: JoinRequest): Promise<unknown>;
  syncGroup(request: { groupId: string; generationId: number; memberId: string }): Promise<unknown>;
  offsetCommit(request: GroupMembership & { topics: unknown }): Promise<unknown>;
  findGroupCoordinator(request: { groupId: string }): Promise<unknown>;
}

export interface JoinRequest {
  readonly groupId: string;
  /** Empty for one who does not know any yet. */
  readonly memberId: string;
}

export interface GroupMembership {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupGenerationId: number;
}

export interface Cluster {
  readonly targetTopics: Set<string>;
  readonly brokerPool: {
    readonly brokers: Readonly<Record<string, Broker>>;
    readonly metadata: Metadata | null;
    readonly metadataExpireAt: number | null;
    createBroker(options: unknown): Broker;
    removeBroker(address: { host: string; port: number }): void;
    findConnectedBroker(): Promise<Broker>;
  };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  removeBroker(address: { host: string; port: number }): void;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  findBroker(node: { nodeId: number }): Promise<Broker>;
  findGroupCoordinator(request: { groupId: string }): Promise<Broker>;
}

type CreateCluster = (options: Readonly<Record<string, unknown>>) => Cluster;

const createClusterName = "private:Kafka:createCluster";

function findCreateCluster(kafka: Kafka): { get(): CreateCluster; set(create: CreateCluster): void } {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === createClusterName,
  );
  if (symbol === undefined)
    throw new KeryxError("capability_missing", "this kafkajs is not 2.2.4: its cluster cannot be reached", {
      help: "Install kafkajs 2.2.4 exactly.",
    });
  const holder = kafka as unknown as Record<symbol, CreateCluster>;
  return {
    get: () => holder[symbol] as CreateCluster,
    set: (create) => {
      holder[symbol] = create;
    },
  };
}

/** A cluster of its own, for requests that no kafkajs client offers. */
export function createCluster(kafka: Kafka, options: Readonly<Record<string, unknown>>): Cluster {
  return mend(findCreateCluster(kafka).get()(options));
}

/** Builds a kafkajs client and hands out the cluster that it made for itself. */
export function withCluster<Client>(kafka: Kafka, build: () => Client): { client: Client; cluster: Cluster } {
  const access = findCreateCluster(kafka);
  const original = access.get();
  let made: Cluster | undefined;
  access.set((options) => {
    made = mend(original(options));
    return made;
  });
  try {
    const client = build();
    if (made === undefined) throw new KeryxError("internal", "kafkajs made no cluster");
    return { client, cluster: made };
  } finally {
    access.set(original);
  }
}

function mend(cluster: Cluster): Cluster {
  shareRefreshes(cluster);
  onBroker(cluster, askForNone);
  onBroker(cluster, leaveSilentBroker);
  dropSilentBrokers(cluster);
  return cluster;
}

/** Calls `wrap` with each broker object that the cluster makes from now on. */
export function onBroker(cluster: Cluster, wrap: (broker: Broker) => void): void {
  const { brokerPool } = cluster;
  const original = brokerPool.createBroker;
  brokerPool.createBroker = (options) => {
    const broker = original(options);
    wrap(broker);
    return broker;
  };
}

/**
 * Forgets a broker whose request timed out. kafkajs keeps it: it would ask the same frozen broker again, even for
 * the metadata that say who replaced it.
 */
function dropSilentBrokers(cluster: Cluster): void {
  onBroker(cluster, (broker) => {
    for (const connection of broker.connectionPool.pool) {
      const { requestQueue } = connection as unknown as {
        requestQueue: { createSocketRequest(pushed: unknown): SocketRequest };
      };
      const original = requestQueue.createSocketRequest.bind(requestQueue);
      requestQueue.createSocketRequest = (pushed) => {
        const request = original(pushed);
        const timeout = request.timeoutHandler;
        request.timeoutHandler = () => {
          timeout();
          dropBroker(cluster, broker, "request timed out");
        };
        return request;
      };
    }
  });
}

/**
 * Takes a broker that accepts a connection and then says nothing for one that cannot be reached. Only then kafkajs goes on
 * to the next one of its list; it would ask a frozen one again until it gives up.
 */
function leaveSilentBroker(broker: Broker): void {
  const connect = broker.connect.bind(broker);
  broker.connect = async () => {
    try {
      await connect();
    } catch (error) {
      if (!hasErrorName(error, "KafkaJSRequestTimeoutError")) throw error;
      throw toConnectionError(broker, "connected, but no answer in time");
    }
  };
}

interface SocketRequest {
  timeoutHandler: () => void;
}

/** Takes a broker out of the pool, fails what waits for it and closes its sockets; the next metadata bring it back. */
export function dropBroker(cluster: Cluster, broker: Broker, reason: string): void {
  const { host, port, pool } = broker.connectionPool;
  // Not by the cluster, which a consumer keeps from forgetting its last one: this one must not be asked again.
  cluster.brokerPool.removeBroker({ host, port });
  const error = toConnectionError(broker, reason);
  // The request that timed out is rejected right after this, with its own error.
  setImmediate(() => {
    for (const connection of pool) connection.rejectRequests(error);
    for (const { socket } of pool) socket?.destroy();
    broker.disconnect().catch(() => {});
  });
}

function toConnectionError({ connectionPool }: Broker, reason: string): Error {
  const address = `${connectionPool.host}:${connectionPool.port}`;
  return Object.assign(new Error(`${address}: ${reason}`), {
    name: "KafkaJSConnectionError",
    retriable: true,
    broker: address,
    code: "ETIMEDOUT",
  });
}
