import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { leave } from "../groups/membership.ts";
import { array, int16, int32, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Version 3 takes several members, each by id or, for an operator, by its instance alone (KIP-345).

export const leaveGroup: Api = api(
  {
    key: 13,
    request: [
      string("groupId"),
      string("memberId", { until: 2 }),
      array("members", [string("memberId"), nullableString("groupInstanceId")], { since: 3 }),
    ],
    response: [
      int32("throttleTimeMs", { since: 1 }),
      int16("errorCode"),
      array("members", [string("memberId"), nullableString("groupInstanceId"), int16("errorCode")], {
        since: 3,
      }),
    ],
  },
  ({ groupId, memberId, members }, call) => {
    const code = checkCoordinator(call, groupId);
    const group = call.cluster.groups.get(groupId);
    if (code !== errorCodes.none) return { errorCode: code, members: [] };
    const takeOut = (id: string, instanceId: string | null): number =>
      group === undefined ? errorCodes.unknownMemberId : leave(group, id, instanceId);
    if (call.version < 3) return { errorCode: takeOut(memberId, null), members: [] };
    return {
      errorCode: errorCodes.none,
      members: members.map((member) => ({
        ...member,
        errorCode: takeOut(member.memberId, member.groupInstanceId),
      })),
    };
  },
);
