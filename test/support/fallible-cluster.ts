import type { Context } from "mocha";
import { createDevBroker } from "../../src/embedded/broker/index.ts";
import { requireFallibleKafka, waitForFullIsr } from "./servers.ts";

/** Three brokers that die and come back, real or embedded. */
export interface FallibleCluster {
  readonly brokers: readonly string[];
  readonly ids: readonly number[];
  kill(id: number): Promise<void>;
  revive(id: number): Promise<void>;
  /** Resolves when every copy of these topics is up to date. */
  settled(topics: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** For a `before` hook. */
export type OpenCluster = (test: Context) => Promise<FallibleCluster>;

export const openKafka: OpenCluster = async (test) => {
  const cluster = await requireFallibleKafka(test);
  return {
    brokers: cluster.brokers,
    ids: cluster.nodes.map(({ id }) => id),
    kill: (id) => cluster.node(id).kill("SIGKILL"),
    revive: (id) => cluster.node(id).start(),
    settled: (topics) => waitForFullIsr(cluster.brokers, [...topics]),
    // Others kill it after us.
    close: async () => void (await Promise.all(cluster.nodes.map((node) => node.start()))),
  };
};

export const openEmbedded: OpenCluster = async () => {
  const broker = await createDevBroker({ brokers: 3, log: () => {} });
  return {
    brokers: broker.bootstrap(),
    ids: [0, 1, 2],
    kill: (id) => broker.stopBroker(id),
    revive: (id) => broker.startBroker(id),
    // There is one copy, which never dies.
    settled: async () => {},
    close: () => broker.close(),
  };
};
