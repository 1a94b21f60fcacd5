import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { checkCommit } from "../groups/membership.ts";
import { byTopic, int16, int32, int64, nullableString, string } from "../wire/schema.ts";
import { commitEach } from "./08-offset-commit.ts";
import { type Api, api } from "./api.ts";

// Offsets wait for the end of the transaction, which has to name the group first, else 48. Member and generation are checked
// from version 3 on (KIP-447); below it Kafka's classic groups check neither.

const request = [
  string("transactionalId"),
  string("groupId"),
  int64("producerId"),
  int16("producerEpoch"),
  int32("generationId", { since: 3, absent: -1 }),
  string("memberId", { since: 3 }),
  nullableString("groupInstanceId", { since: 3 }),
  byTopic([
    int32("index"),
    int64("offset"),
    int32("leaderEpoch", { since: 2, absent: -1 }),
    nullableString("metadata"),
  ]),
];
const response = [int32("throttleTimeMs"), byTopic([int32("index"), int16("errorCode")])];

export const txnOffsetCommit: Api = api({ key: 28, request, response }, (asked, call) => {
  const { cluster } = call;
  const { groupId, producerId } = asked;
  const refusal =
    checkCoordinator(call, groupId, errorCodes.invalidGroupId) ||
    cluster.transactions.admit(asked, groupId) ||
    checkCommit(cluster.groups.get(groupId), asked, true);
  return commitEach(call, asked.topics, refusal, (offset) =>
    cluster.groupOrNew(groupId).offsets.commitLater(producerId, offset),
  );
});
