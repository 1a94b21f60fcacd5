import type { Call } from "../api/api.ts";
import { errorCodes } from "../error-codes.ts";
import type { Group } from "./group.ts";

/** 0 when the broker that was asked looks after this group or transactional id; `ofEmpty` is the code of an empty one. */
export function checkCoordinator({ cluster, broker }: Call, id: string, ofEmpty: number): number {
  if (id === "" && ofEmpty !== errorCodes.none) return ofEmpty;
  return cluster.coordinatorOf(id).id === broker.id ? errorCodes.none : errorCodes.notCoordinator;
}

/** The group that a member speaks of, else the code that says why not. */
export function findGroup(call: Call, id: string): Group | number {
  const code = checkCoordinator(call, id, errorCodes.invalidGroupId);
  return code || (call.cluster.groups.get(id) ?? errorCodes.unknownMemberId);
}
