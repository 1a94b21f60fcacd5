import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { type Joined, refusedJoin } from "../groups/group.ts";
import { forgetWaiter, join } from "../groups/membership.ts";
import { array, bytes, int16, int32, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Waits until all members have come, at most the longest rebalance timeout. From version 4 on a first join is answered with
// 79 and an id to come again with (KIP-394); version 5 brings static members (KIP-345).

export const joinGroup: Api = api(
  {
    key: 11,
    request: [
      string("groupId"),
      int32("sessionTimeoutMs"),
      int32("rebalanceTimeoutMs", { since: 1, absent: -1 }),
      string("memberId"),
      nullableString("groupInstanceId", { since: 5 }),
      string("protocolType"),
      array("protocols", [string("name"), bytes("metadata")]),
    ],
    response: [
      int32("throttleTimeMs", { since: 2 }),
      int16("errorCode"),
      int32("generationId", { absent: -1 }),
      string("protocolName"),
      string("leader"),
      string("memberId"),
      array("members", [
        string("memberId"),
        nullableString("groupInstanceId", { since: 5 }),
        bytes("metadata"),
      ]),
    ],
  },
  (request, call) => {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId } = request;
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = call.cluster.options;
    const code = checkCoordinator(call, groupId);
    if (code !== errorCodes.none) return refusedJoin(code, memberId);
    if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs)
      return refusedJoin(errorCodes.invalidSessionTimeout, memberId);
    const known = call.cluster.groups.get(groupId);
    if (known === undefined && memberId !== "") return refusedJoin(errorCodes.unknownMemberId, memberId);
    const group = known ?? call.cluster.groupOrNew(groupId);
    return new Promise((resolve) => {
      const answer = (joined: Joined): void => {
        stopWatching();
        resolve(joined);
      };
      const stopWatching = call.onClose(() => forgetWaiter(group, answer));
      join(
        group,
        {
          memberId,
          sessionTimeoutMs,
          rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
          instanceId: request.groupInstanceId,
          clientId: call.clientId ?? "",
          clientHost: call.clientHost,
          protocolType: request.protocolType,
          protocols: request.protocols,
          requiresMemberId: call.version >= 4,
        },
        answer,
      );
    });
  },
);
