import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { join } from "../groups/membership.ts";
import { array, bytes, int16, int32, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Waits until all members have come, at most the longest rebalance timeout. From version 4 on a first join is answered with
// 79 and an id to come again with (KIP-394); version 5 brings static members (KIP-345). As in Kafka, a connection that ends
// meanwhile changes nothing: the member stays until its session ends.

const request = [
  string("groupId"),
  int32("sessionTimeoutMs"),
  int32("rebalanceTimeoutMs", { since: 1, absent: -1 }),
  string("memberId"),
  nullableString("groupInstanceId", { since: 5 }),
  string("protocolType"),
  array("protocols", [string("name"), bytes("metadata")]),
];
const response = [
  int32("throttleTimeMs", { since: 2 }),
  int16("errorCode"),
  int32("generationId", { absent: -1 }),
  string("protocolName"),
  string("leader"),
  string("memberId"),
  array("members", [string("memberId"), nullableString("groupInstanceId", { since: 5 }), bytes("metadata")]),
];

export const joinGroup: Api = api({ key: 11, request, response }, (asked, call) => {
  const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId } = asked;
  const { minSessionTimeoutMs, maxSessionTimeoutMs } = call.cluster.options;
  const isBounded = sessionTimeoutMs >= minSessionTimeoutMs && sessionTimeoutMs <= maxSessionTimeoutMs;
  const code = checkCoordinator(call, groupId, errorCodes.invalidGroupId);
  if (code !== errorCodes.none) return { errorCode: code, memberId };
  if (!isBounded) return { errorCode: errorCodes.invalidSessionTimeout, memberId };
  const isKnown = memberId === "" || call.cluster.groups.has(groupId);
  if (!isKnown) return { errorCode: errorCodes.unknownMemberId, memberId };
  const joining = {
    ...asked,
    rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
    clientId: call.clientId ?? "",
    clientHost: call.clientHost,
    requiresMemberId: call.version >= 4,
  };
  return new Promise((resolve) => join(call.cluster.groupOrNew(groupId), joining, resolve));
});
