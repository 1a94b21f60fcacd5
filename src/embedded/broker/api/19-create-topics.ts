import type { Cluster } from "../cluster.ts";
import { errorCodes } from "../error-codes.ts";
import type { TopicRequest } from "../topics.ts";
import { array, bool, int16, int32, list, nullableString, type Row, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// −1 partitions or replicas mean the broker's default (KIP-464): Java and librdkafka send it from version 4 on, kafkajs
// below, too. Manual assignments exclude both numbers. Only the controller creates topics.

const request = [
  array("topics", [
    string("name"),
    int32("numPartitions"),
    int16("replicationFactor"),
    array("assignments", [int32("index"), list("brokerIds", "int32")]),
    array("configs", [string("name"), nullableString("value")]),
  ]),
  int32("timeoutMs"),
  bool("validateOnly", { since: 1 }),
];
const response = [
  int32("throttleTimeMs", { since: 2 }),
  array("topics", [string("name"), int16("errorCode"), nullableString("errorMessage", { since: 1 })]),
];

export const createTopics: Api = api({ key: 19, request, response }, (asked, { cluster, broker }) => {
  const counts = Map.groupBy(asked.topics, ({ name }) => name);
  const codeOf = (topic: Asked): number => {
    if (cluster.controller() !== broker) return errorCodes.notController;
    const isOnce = counts.get(topic.name)?.length === 1;
    return isOnce ? create(cluster, topic, asked.validateOnly) : errorCodes.invalidRequest;
  };
  return { topics: asked.topics.map((topic) => ({ name: topic.name, errorCode: codeOf(topic) })) };
});

type Asked = Row<typeof request>["topics"][number];

function create(cluster: Cluster, asked: Asked, validateOnly: boolean): number {
  const { name, numPartitions, replicationFactor, assignments } = asked;
  const isAssigned = assignments.length > 0;
  if (isAssigned && (numPartitions !== -1 || replicationFactor !== -1)) return errorCodes.invalidRequest;
  const configs: Record<string, string> = Object.create(null);
  for (const { name: key, value } of asked.configs) {
    if (value === null) return errorCodes.invalidConfig;
    configs[key] = value;
  }
  const sorted = [...assignments].sort((a, b) => a.index - b.index);
  if (sorted.some(({ index }, at) => index !== at)) return errorCodes.invalidReplicaAssignment;
  const topic: TopicRequest = {
    name,
    ...(numPartitions === -1 ? {} : { partitions: numPartitions }),
    ...(replicationFactor === -1 ? {} : { replicationFactor }),
    ...(isAssigned ? { assignments: sorted.map(({ brokerIds }) => brokerIds) } : {}),
    configs,
  };
  return cluster.createTopic(topic, validateOnly);
}
