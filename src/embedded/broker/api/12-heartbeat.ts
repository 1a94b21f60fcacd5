import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { heartbeat as beat } from "../groups/membership.ts";
import { int16, int32, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// 27 while the group rebalances: the sign to join again.

export const heartbeat: Api = api(
  {
    key: 12,
    request: [
      string("groupId"),
      int32("generationId"),
      string("memberId"),
      nullableString("groupInstanceId", { since: 3 }),
    ],
    response: [int32("throttleTimeMs", { since: 1 }), int16("errorCode")],
  },
  ({ groupId, generationId, memberId, groupInstanceId }, call) => {
    const code = checkCoordinator(call, groupId);
    const group = call.cluster.groups.get(groupId);
    const answer = (errorCode: number) => ({ errorCode });
    if (code !== errorCodes.none) return answer(code);
    if (group === undefined) return answer(errorCodes.unknownMemberId);
    return answer(beat(group, memberId, generationId, groupInstanceId));
  },
);
