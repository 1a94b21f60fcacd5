import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { array, int16, int32, int64, list, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

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
      array("results", [string("name"), array("partitions", [int32("index"), int16("errorCode")])]),
    ],
  },
  {
    handle(request, call) {
      const { cluster } = call;
      const { topics, transactionalId } = request;
      const code = checkCoordinator(call, transactionalId) || cluster.transactions.check(request);
      if (code !== errorCodes.none) return toAnswer(topics, () => code);
      const isThere = (name: string, index: number): boolean => cluster.partition(name, index) !== undefined;
      const isAll = topics.every(({ name, partitions }) => partitions.every((index) => isThere(name, index)));
      return toAnswer(topics, (name, index) => {
        const found = cluster.partition(name, index);
        if (found === undefined) return errorCodes.unknownTopicOrPartition;
        if (!isAll) return errorCodes.operationNotAttempted;
        cluster.transactions.addPartition(transactionalId, found);
        return errorCodes.none;
      });
    },
    fail: ({ topics }, code) => toAnswer(topics, () => code),
  },
);

function toAnswer(
  topics: readonly { readonly name: string; readonly partitions: readonly number[] }[],
  codeOf: (name: string, index: number) => number,
) {
  return {
    throttleTimeMs: 0,
    results: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((index) => ({ index, errorCode: codeOf(name, index) })),
    })),
  };
}
