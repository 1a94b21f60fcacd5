import type { Cluster } from "../cluster.ts";
import { errorCodes } from "../error-codes.ts";
import { addPartitions, checkPartitions } from "../topics.ts";
import { array, bool, int16, int32, list, nullable, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// `count` is the number of partitions afterwards; fewer or as many are 37.

const request = [
  array("topics", [
    string("name"),
    int32("count"),
    nullable(array("assignments", [list("brokerIds", "int32")])),
  ]),
  int32("timeoutMs"),
  bool("validateOnly"),
];
const response = [
  int32("throttleTimeMs"),
  array("topics", [string("name"), int16("errorCode"), nullableString("errorMessage")]),
];

export const createPartitions: Api = api({ key: 37, request, response }, (asked, { cluster, broker }) => {
  const isController = cluster.controller() === broker;
  const codeOf = (topic: Asked): number =>
    isController ? grow(cluster, topic, asked.validateOnly) : errorCodes.notController;
  return { topics: asked.topics.map((topic) => ({ name: topic.name, errorCode: codeOf(topic) })) };
});

interface Asked {
  readonly name: string;
  readonly count: number;
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null;
}

function grow(cluster: Cluster, { name, count, assignments }: Asked, validateOnly: boolean): number {
  const topic = cluster.topics.get(name);
  if (topic === undefined) return errorCodes.unknownTopicOrPartition;
  const assigned = assignments?.map(({ brokerIds }) => brokerIds);
  const brokers = [...cluster.brokers.keys()];
  const code = checkPartitions(topic.partitions.length, count, assigned, brokers);
  if (code !== errorCodes.none || validateOnly) return code;
  const [one] = topic.partitions;
  const first = Math.max(0, brokers.indexOf(one?.replicas[0] ?? 0));
  addPartitions(topic, count, assigned, { brokers, first, replicationFactor: one?.replicas.length ?? 1 });
  cluster.repairLeaders();
  return errorCodes.none;
}
