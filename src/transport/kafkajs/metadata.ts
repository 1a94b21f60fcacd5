import { createRequire } from "node:module";

// What kafkajs knows of topics and their leaders, which all requests of one client share.

export interface PartitionMetadata {
  readonly partitionId: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly partitionErrorCode: number;
}

export interface Metadata {
  readonly brokers: readonly { readonly nodeId: number }[];
  /** Negative, or missing with old brokers, while there is none. */
  readonly controllerId?: number;
  readonly topicMetadata: readonly {
    readonly topic: string;
    readonly partitionMetadata: readonly PartitionMetadata[];
  }[];
}

interface Topics {
  readonly targetTopics: ReadonlySet<string>;
  readonly brokerPool: { readonly metadata: Metadata | null; readonly metadataExpireAt: number | null };
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
}

/**
 * Lets no request go on without its topics. In kafkajs a request may join a refresh that was begun before its topics
 * were known; and of its two kinds of refresh the one that ends last stays, though it was begun first.
 */
export function shareRefreshes(cluster: Topics): void {
  const refresh = cluster.refreshMetadata.bind(cluster);
  const knows = (topics: readonly string[]): boolean => {
    const known = new Set(cluster.brokerPool.metadata?.topicMetadata.map(({ topic }) => topic));
    return cluster.brokerPool.metadata !== null && topics.every((topic) => known.has(topic));
  };
  cluster.refreshMetadata = async () => {
    const wanted = [...cluster.targetTopics];
    await refresh();
    // This one is begun after the call, whoever begins it.
    if (!knows(wanted)) await refresh();
  };
  cluster.refreshMetadataIfNecessary = async () => {
    const { metadataExpireAt } = cluster.brokerPool;
    const isCurrent = metadataExpireAt !== null && Date.now() <= metadataExpireAt;
    if (!isCurrent || !knows([...cluster.targetTopics])) await cluster.refreshMetadata();
  };
}

/** What a request for metadata needs of a broker. */
export interface MetadataBroker {
  readonly connectionPool: { send(request: unknown): Promise<unknown> };
  readonly lookupRequest: (
    apiKey: number,
    versions: unknown,
  ) => (request: unknown) => { readonly request: { readonly apiVersion: number } };
  metadata(topics: readonly string[]): Promise<Metadata>;
  disconnect(): Promise<void>;
}

interface Encoder {
  writeArray(values: readonly string[]): Encoder;
  writeBoolean(value: boolean): Encoder;
}

const metadataApi = 3;
const require = createRequire(import.meta.url);
const Encoder = require("kafkajs/src/protocol/encoder.js") as new () => Encoder;
const versions: unknown = require("kafkajs/src/protocol/requests/metadata/index.js");

/**
 * Lets no topics mean none. kafkajs asks for all topics of the brokers instead, and fails if a single one of them, be it
 * another team's, has no leader at the moment.
 */
export function askForNone(broker: MetadataBroker): void {
  const metadata = broker.metadata.bind(broker);
  broker.metadata = async (topics) => {
    if (topics.length > 0) return metadata(topics);
    const protocol = broker.lookupRequest(metadataApi, versions)({ topics, allowAutoTopicCreation: false });
    const { apiVersion } = protocol.request;
    // In version 0 there is no way to say it.
    if (apiVersion === 0) return metadata(topics);
    const encode = async (): Promise<Encoder> => {
      const none = new Encoder().writeArray([]);
      return apiVersion >= 4 ? none.writeBoolean(false) : none;
    };
    try {
      const sent = broker.connectionPool.send({ ...protocol, request: { ...protocol.request, encode } });
      return (await sent) as Metadata;
    } catch (error) {
      // As kafkajs does after each request, so that the next one connects again.
      if (error instanceof Error && error.name === "KafkaJSConnectionClosedError") await broker.disconnect();
      throw error;
    }
  };
}
