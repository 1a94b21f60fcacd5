import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { array, byTopic, int16, int32, int64, list, string } from "../wire/schema.ts";
import { type Api, api, eachPartition } from "./api.ts";

// All or none: beside a partition that does not exist (3) the others are not attempted (55).

export const addPartitionsToTxn: Api = api(
  {
    key: 24,
    request: [
      string("transactionalId"),
      int64("producerId"),
      int16("producerEpoch"),
      array("topics", [string("name"), list("partitions", "int32")]),
    ],
    response: [int32("throttleTimeMs"), byTopic([int32("index"), int16("errorCode")])],
  },
  (request, call) => {
    const { cluster } = call;
    const { topics, transactionalId } = request;
    const asked = topics.flatMap(({ name, partitions }) =>
      partitions.map((index) => cluster.partition(name, index)),
    );
    const found = asked.filter((partition) => partition !== undefined);
    const isAll = found.length === asked.length;
    const code = isAll
      ? checkCoordinator(call, transactionalId, errorCodes.invalidRequest) ||
        cluster.transactions.check(request)
      : errorCodes.operationNotAttempted;
    if (code === errorCodes.none) cluster.transactions.addPartitions(transactionalId, found);
    return {
      topics: eachPartition(topics, (topic, index) => {
        const isThere = cluster.partition(topic, index) !== undefined;
        return { index, errorCode: isThere ? code : errorCodes.unknownTopicOrPartition };
      }),
    };
  },
);
