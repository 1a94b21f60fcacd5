import { findGroup } from "../groups/coordinator.ts";
import { heartbeat as beat } from "../groups/membership.ts";
import { int16, int32, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// 27 while the group rebalances: the sign to join again.

const request = [
  string("groupId"),
  int32("generationId"),
  string("memberId"),
  nullableString("groupInstanceId", { since: 3 }),
];
const response = [int32("throttleTimeMs", { since: 1 }), int16("errorCode")];

export const heartbeat: Api = api({ key: 12, request, response }, (asked, call) => {
  const group = findGroup(call, asked.groupId);
  return { errorCode: typeof group === "number" ? group : beat(group, asked) };
});
