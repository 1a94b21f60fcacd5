import { apis } from "../../src/embedded/broker/api/all.ts";
import { type Cluster, createCluster } from "../../src/embedded/broker/cluster.ts";
import { createSession } from "../../src/embedded/broker/net/sasl.ts";
import { type DevBrokerOptions, resolveDevBrokerOptions } from "../../src/embedded/broker/options.ts";
import { apiVersions } from "../../src/embedded/broker/versions.ts";
import { filled, type Loose } from "./embedded-wire.ts";

/** The handlers of a cluster without sockets and frames: thousands of histories in the time of one. */
export interface Handlers {
  readonly cluster: Cluster;
  /** Asks in the newest version served; what waits gives a promise. */
  ask(api: string, request?: Loose): unknown;
}

export function createHandlers(options: DevBrokerOptions): Handlers {
  const cluster = createCluster(resolveDevBrokerOptions({ log: () => {}, ...options }));
  for (const topic of options.topics ?? []) cluster.createTopic(topic);
  const byName = new Map(apis.map((api) => [api.name, api]));
  const versions = new Map(apiVersions.map(({ key, max }) => [key, max]));
  const session = createSession(undefined);
  return {
    cluster,
    ask(name, request = {}) {
      const api = byName.get(name);
      if (api === undefined) throw new Error(`there is no API ${name}`);
      return api.handle(filled(api.request, request), {
        ...{ id: 1, cluster, broker: cluster.controller(), listener: "plain", session },
        ...{ version: versions.get(api.key) ?? 0, clientId: "tests", clientHost: "127.0.0.1" },
        onClose: () => () => {},
      });
    },
  };
}
