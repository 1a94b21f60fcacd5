import { findGroup } from "../groups/coordinator.ts";
import { nothing } from "../groups/group.ts";
import { sync } from "../groups/membership.ts";
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
  (request, call) => {
    const group = findGroup(call, request.groupId);
    if (typeof group === "number") return { errorCode: group, assignment: nothing };
    const shares = new Map(request.assignments.map((one) => [one.memberId, one.assignment]));
    return new Promise((resolve) => sync(group, request, shares, resolve));
  },
);
