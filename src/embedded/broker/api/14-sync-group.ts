import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { nothing, type Synced } from "../groups/group.ts";
import { forgetWaiter, sync } from "../groups/membership.ts";
import { array, bytes, int16, int32, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Followers wait for the leader, whose assignments may be empty.

export const syncGroup: Api = api(
  {
    key: 14,
    request: [
      string("groupId"),
      int32("generationId"),
      string("memberId"),
      nullableString("groupInstanceId", { since: 3 }),
      array("assignments", [string("memberId"), bytes("assignment")]),
    ],
    response: [int32("throttleTimeMs", { since: 1 }), int16("errorCode"), bytes("assignment")],
  },
  ({ groupId, generationId, memberId, groupInstanceId, assignments }, call) => {
    const code = checkCoordinator(call, groupId);
    if (code !== errorCodes.none) return refused(code);
    const group = call.cluster.groups.get(groupId);
    if (group === undefined) return refused(errorCodes.unknownMemberId);
    return new Promise((resolve) => {
      const answer = (synced: Synced): void => {
        stopWatching();
        resolve({ ...synced });
      };
      const stopWatching = call.onClose(() => forgetWaiter(group, answer));
      const shares = new Map(assignments.map((one) => [one.memberId, one.assignment]));
      const request = { memberId, instanceId: groupInstanceId, generation: generationId };
      sync(group, { ...request, assignments: shares }, answer);
    });
  },
);

function refused(errorCode: number) {
  return { errorCode, assignment: nothing };
}
