import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { identifyInGeneration } from "../groups/membership.ts";
import { renewSession } from "../groups/rebalance.ts";
import { array, int16, int32, int64, nullableString, string } from "../wire/schema.ts";
import { type Api, api, type Call, eachPartition } from "./api.ts";

// Generation −1 commits for a group without members. A commit is 27 between the end of joining and the sharing out, and is
// taken while members are still to join: they commit before they come again.

export const offsetCommit: Api = api(
  {
    key: 8,
    request: [
      string("groupId"),
      int32("generationId"),
      string("memberId"),
      nullableString("groupInstanceId", { since: 7 }),
      int64("retentionTimeMs", { until: 4, absent: -1 }),
      array("topics", [
        string("name"),
        array("partitions", [
          int32("index"),
          int64("offset"),
          int32("leaderEpoch", { since: 6, absent: -1 }),
          nullableString("metadata"),
        ]),
      ]),
    ],
    response: [
      int32("throttleTimeMs", { since: 3 }),
      array("topics", [string("name"), array("partitions", [int32("index"), int16("errorCode")])]),
    ],
  },
  (request, call) => {
    const { groupId, topics } = request;
    const refusal = checkCommit(call, groupId, request);
    const offsets = refusal === errorCodes.none ? call.cluster.groupOrNew(groupId).offsets : undefined;
    return {
      topics: eachPartition(topics, (topic, { index, offset, metadata }) => {
        if (offsets === undefined) return { index, errorCode: refusal };
        if (call.cluster.partition(topic, index) === undefined)
          return { index, errorCode: errorCodes.unknownTopicOrPartition };
        offsets.commit({ topic, partition: index, offset, metadata });
        return { index, errorCode: errorCodes.none };
      }),
    };
  },
);

interface Committer {
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** 0 when this member may commit now. A commit is a sign of life. `isNamed` false: nobody in particular commits. */
export function checkCommit(
  call: Call,
  groupId: string,
  { generationId, memberId, groupInstanceId }: Committer,
  isNamed = true,
): number {
  const code = checkCoordinator(call, groupId);
  if (code !== errorCodes.none || !isNamed) return code;
  const group = call.cluster.groups.get(groupId);
  if (generationId < 0 && (group === undefined || group.members.size === 0)) return errorCodes.none;
  if (group === undefined) return errorCodes.illegalGeneration;
  const refusal = identifyInGeneration(group, memberId, generationId, groupInstanceId);
  const member = group.members.get(memberId);
  if (refusal !== errorCodes.none || member === undefined) return refusal || errorCodes.unknownMemberId;
  if (member.joining === undefined) renewSession(group, member);
  return group.state === "CompletingRebalance" ? errorCodes.rebalanceInProgress : errorCodes.none;
}
