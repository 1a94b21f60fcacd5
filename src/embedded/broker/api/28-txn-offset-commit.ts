import { errorCodes } from "../error-codes.ts";
import { array, int16, int32, int64, nullableString, string } from "../wire/schema.ts";
import { checkCommit } from "./08-offset-commit.ts";
import { type Api, api, type Call } from "./api.ts";

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
  {
    handle(request, call) {
      const refusal = check(call, request);
      const { cluster } = call;
      return {
        throttleTimeMs: 0,
        topics: request.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ index, offset, metadata }) => {
            if (refusal !== errorCodes.none) return { index, errorCode: refusal };
            if (cluster.partition(name, index) === undefined)
              return { index, errorCode: errorCodes.unknownTopicOrPartition };
            const committed = { topic: name, partition: index, offset, metadata };
            cluster.groupOrNew(request.groupId).offsets.commitLater(request.producerId, committed);
            return { index, errorCode: errorCodes.none };
          }),
        })),
      };
    },
    fail: ({ topics }, code) => ({
      throttleTimeMs: 0,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index }) => ({ index, errorCode: code })),
      })),
    }),
  },
);

interface Asked {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

function check(call: Call, request: Asked): number {
  const { generationId, memberId } = request;
  const isNamed = generationId >= 0 || memberId !== "";
  const code = checkCommit(call, request.groupId, request, isNamed);
  return code === errorCodes.none ? call.cluster.transactions.check(request) : code;
}
