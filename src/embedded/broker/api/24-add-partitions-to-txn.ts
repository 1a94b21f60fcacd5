import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { array, byTopic, int16, int32, int64, list, string } from "../wire/schema.ts";
import { type Api, api, eachPartition } from "./api.ts";

// All or none: beside a partition that does not exist (3) the others are not attempted (55).

const request = [
  string("transactionalId"),
  int64("producerId"),
  int16("producerEpoch"),
  array("topics", [string("name"), list("partitions", "int32")]),
];
const response = [int32("throttleTimeMs"), byTopic([int32("index"), int16("errorCode")])];

export const addPartitionsToTxn: Api = api({ key: 24, request, response }, (asked, call) => {
  const { cluster } = call;
  const { topics, transactionalId } = asked;
  const all = topics.flatMap(({ name, partitions }) =>
    partitions.map((index) => cluster.partition(name, index)),
  );
  const found = all.filter((partition) => partition !== undefined);
  const isAll = found.length === all.length;
  const code = isAll
    ? checkCoordinator(call, transactionalId, errorCodes.invalidRequest) || cluster.transactions.check(asked)
    : errorCodes.operationNotAttempted;
  if (code === errorCodes.none) cluster.transactions.add(transactionalId, found);
  return {
    topics: eachPartition(topics, (topic, index) => {
      const isThere = cluster.partition(topic, index) !== undefined;
      return { index, errorCode: isThere ? code : errorCodes.unknownTopicOrPartition };
    }),
  };
});
