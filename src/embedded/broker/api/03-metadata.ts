import type { BrokerNode, Cluster } from "../cluster.ts";
import { errorCodes } from "../error-codes.ts";
import { isTopicName } from "../topics.ts";
import { array, bool, int16, int32, list, nullable, nullableString, string } from "../wire/schema.ts";
import { type Api, api, type Call } from "./api.ts";

// No list of topics means all of them, an empty one none; before version 1 an empty list means all. A topic is created
// only when both the request (from version 4 on) and the broker allow it, and is usable in the same answer.

const request = [
  nullable(array("topics", [string("name")])),
  bool("allowAutoTopicCreation", { since: 4, absent: true }),
];
const response = [
  int32("throttleTimeMs", { since: 3 }),
  array("brokers", [int32("nodeId"), string("host"), int32("port"), nullableString("rack", { since: 1 })]),
  nullableString("clusterId", { since: 2 }),
  int32("controllerId", { since: 1 }),
  array("topics", [
    int16("errorCode"),
    string("name"),
    bool("isInternal", { since: 1 }),
    array("partitions", [
      int16("errorCode"),
      int32("index"),
      int32("leader"),
      list("replicas", "int32"),
      list("isr", "int32"),
      list("offlineReplicas", "int32", { since: 5 }),
    ]),
  ]),
];

export const metadata: Api = api(
  { key: 3, request, response },
  ({ topics, allowAutoTopicCreation }, call) =>
    answer(topics, call, (name) => describe(call.cluster, name, allowAutoTopicCreation)),
  // Clients cannot go on without brokers, so only the topics fail.
  ({ topics }, call, errorCode) => answer(topics, call, (name) => ({ name, errorCode })),
);

function answer<Topic>(
  topics: readonly { readonly name: string }[] | null,
  { cluster, listener, version }: Call,
  tell: (name: string) => Topic,
) {
  const isAll = topics === null || (version === 0 && topics.length === 0);
  const names = isAll ? [...cluster.topics.keys()] : topics.map((topic) => topic.name);
  return {
    brokers: cluster.live().map((broker) => addressOf(cluster, broker, listener)),
    clusterId: cluster.id,
    controllerId: cluster.controller().id,
    topics: names.map(tell),
  };
}

/** Where a broker is reached through the listener that a client came in on. */
export function addressOf(
  { options }: Cluster,
  broker: BrokerNode,
  listener: string,
): { readonly nodeId: number; readonly host: string; readonly port: number } {
  return { nodeId: broker.id, host: options.advertisedHost, port: broker.ports.get(listener) ?? -1 };
}

function describe(cluster: Cluster, name: string, mayCreate: boolean) {
  if (!isTopicName(name)) return { name, errorCode: errorCodes.invalidTopic };
  if (!cluster.topics.has(name) && mayCreate && cluster.options.autoCreateTopics)
    cluster.createTopic({ name });
  const topic = cluster.topics.get(name);
  if (topic === undefined) return { name, errorCode: errorCodes.unknownTopicOrPartition };
  const isUp = (id: number): boolean => cluster.brokers.get(id)?.isUp === true;
  const partitions = topic.partitions.map(({ index, leader, replicas }) => {
    // Where no replica is left its copy goes on at the leader; the answer names brokers of its own list only.
    const live = replicas.some(isUp) ? replicas.filter(isUp) : [leader];
    return { index, leader, replicas: live, isr: live };
  });
  return { name, partitions };
}
