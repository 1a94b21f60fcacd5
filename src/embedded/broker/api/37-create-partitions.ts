import { type Cluster, isAssignable } from "../cluster.ts";
import { errorCodes } from "../error-codes.ts";
import { createPartition } from "../topics.ts";
import { array, bool, int16, int32, list, nullable, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// `count` is the number of partitions afterwards; fewer or as many are 37.

export const createPartitions: Api = api(
  {
    key: 37,
    request: [
      array("topics", [
        string("name"),
        int32("count"),
        nullable(array("assignments", [list("brokerIds", "int32")])),
      ]),
      int32("timeoutMs"),
      bool("validateOnly"),
    ],
    response: [
      int32("throttleTimeMs"),
      array("topics", [string("name"), int16("errorCode"), nullableString("errorMessage")]),
    ],
  },
  ({ topics, validateOnly }, { cluster, broker }) => ({
    topics: topics.map((asked) => ({
      name: asked.name,
      errorCode:
        cluster.controller() === broker ? grow(cluster, asked, validateOnly) : errorCodes.notController,
      errorMessage: null,
    })),
  }),
);

interface Asked {
  readonly name: string;
  readonly count: number;
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null;
}

function grow(cluster: Cluster, { name, count, assignments }: Asked, validateOnly: boolean): number {
  const topic = cluster.topics.get(name);
  if (topic === undefined) return errorCodes.unknownTopicOrPartition;
  const added = count - topic.partitions.length;
  if (added <= 0 || count > 10_000) return errorCodes.invalidPartitions;
  const isFit = ({ brokerIds }: { readonly brokerIds: readonly number[] }): boolean =>
    isAssignable(cluster.brokers, brokerIds);
  if (assignments !== null && (assignments.length !== added || !assignments.every(isFit)))
    return errorCodes.invalidReplicaAssignment;
  if (validateOnly) return errorCodes.none;
  const ids = [...cluster.brokers.keys()];
  const size = topic.partitions[0]?.replicas.length ?? 1;
  const first = topic.partitions.length;
  for (let index = first; index < count; index++) {
    const spread = Array.from({ length: size }, (_, at) => ids[(index + at) % ids.length] ?? 0);
    const replicas = assignments?.[index - first]?.brokerIds ?? spread;
    topic.partitions.push(createPartition(name, index, replicas));
  }
  cluster.repairLeaders();
  return errorCodes.none;
}
