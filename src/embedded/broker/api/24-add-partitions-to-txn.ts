import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { array, int16, int32, int64, list, string } from "../wire/schema.ts";
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
    response: [
      int32("throttleTimeMs"),
      array("topics", [string("name"), array("partitions", [int32("index"), int16("errorCode")])]),
    ],
  },
  (request, call) => {
    const { cluster } = call;
    const { topics, transactionalId } = request;
    const code = checkCoordinator(call, transactionalId) || cluster.transactions.check(request);
    const found = eachPartition(topics, (topic, index) => ({
      index,
      found: cluster.partition(topic, index),
    }));
    const isAll = found.every(({ partitions }) => partitions.every((one) => one.found !== undefined));
    return {
      topics: eachPartition(found, (_, one) => {
        const { index } = one;
        if (code !== errorCodes.none) return { index, errorCode: code };
        if (one.found === undefined) return { index, errorCode: errorCodes.unknownTopicOrPartition };
        if (!isAll) return { index, errorCode: errorCodes.operationNotAttempted };
        cluster.transactions.addPartition(transactionalId, one.found);
        return { index, errorCode: errorCodes.none };
      }),
    };
  },
);
