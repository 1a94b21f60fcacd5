import { errorCodes } from "../error-codes.ts";
import { findGroup } from "../groups/coordinator.ts";
import { leave } from "../groups/membership.ts";
import { array, int16, int32, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Version 3 takes several members, each by id or, for an operator, by its instance alone (KIP-345).

const member = [string("memberId"), nullableString("groupInstanceId")] as const;
const request = [string("groupId"), string("memberId", { until: 2 }), array("members", member, { since: 3 })];
const response = [
  int32("throttleTimeMs", { since: 1 }),
  int16("errorCode"),
  array("members", [...member, int16("errorCode")], { since: 3 }),
];

export const leaveGroup: Api = api({ key: 13, request, response }, ({ groupId, memberId, members }, call) => {
  const group = findGroup(call, groupId);
  const takeOut = (id: string, instanceId: string | null): number =>
    typeof group === "number" ? group : leave(group, id, instanceId);
  const isRefused = typeof group === "number" && group !== errorCodes.unknownMemberId;
  if (call.version < 3 || isRefused) return { errorCode: takeOut(memberId, null), members: [] };
  const told = members.map((member) => ({
    ...member,
    errorCode: takeOut(member.memberId, member.groupInstanceId),
  }));
  return { errorCode: errorCodes.none, members: told };
});
