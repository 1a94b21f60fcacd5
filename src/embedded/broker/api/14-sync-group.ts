import { findGroup } from "../groups/coordinator.ts";
import { sync } from "../groups/membership.ts";
import { array, bytes, int16, int32, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Followers wait for the leader, whose assignments may be empty.

const request = [
  string("groupId"),
  int32("generationId"),
  string("memberId"),
  nullableString("groupInstanceId", { since: 3 }),
  array("assignments", [string("memberId"), bytes("assignment")]),
];
const response = [int32("throttleTimeMs", { since: 1 }), int16("errorCode"), bytes("assignment")];

export const syncGroup: Api = api({ key: 14, request, response }, (asked, call) => {
  const group = findGroup(call, asked.groupId);
  if (typeof group === "number") return { errorCode: group };
  const shares = new Map(asked.assignments.map((one) => [one.memberId, one.assignment]));
  return new Promise((resolve) => sync(group, asked, shares, resolve));
});
