import { errorCodes } from "../error-codes.ts";
import { array, int16, int32, int64, nullableString, string } from "../wire/schema.ts";
import { checkCommit } from "./08-offset-commit.ts";
import { type Api, api, eachPartition } from "./api.ts";

// Offsets wait for the end of the transaction. Member and generation are checked from version 3 on (KIP-447); below it
// Kafka's classic groups check neither.

export const txnOffsetCommit: Api = api(
  {
    key: 28,
    request: [
      string("transactionalId"),
      string("groupId"),
      int64("producerId"),
      int16("producerEpoch"),
      int32("generationId", { since: 3, absent: -1 }),
      string("memberId", { since: 3 }),
      nullableString("groupInstanceId", { since: 3 }),
      array("topics", [
        string("name"),
        array("partitions", [
          int32("index"),
          int64("offset"),
          int32("leaderEpoch", { since: 2, absent: -1 }),
          nullableString("metadata"),
        ]),
      ]),
    ],
    response: [
      int32("throttleTimeMs"),
      array("topics", [string("name"), array("partitions", [int32("index"), int16("errorCode")])]),
    ],
  },
  (request, call) => {
    const { cluster } = call;
    const isNamed = request.generationId >= 0 || request.memberId !== "";
    const refusal =
      checkCommit(call, request.groupId, request, isNamed) || cluster.transactions.check(request);
    return {
      topics: eachPartition(request.topics, (topic, { index, offset, metadata }) => {
        if (refusal !== errorCodes.none) return { index, errorCode: refusal };
        if (cluster.partition(topic, index) === undefined)
          return { index, errorCode: errorCodes.unknownTopicOrPartition };
        const committed = { topic, partition: index, offset, metadata };
        cluster.groupOrNew(request.groupId).offsets.commitLater(request.producerId, committed);
        return { index, errorCode: errorCodes.none };
      }),
    };
  },
);
