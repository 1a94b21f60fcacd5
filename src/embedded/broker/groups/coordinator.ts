import type { Call } from "../api/api.ts";
import { errorCodes } from "../error-codes.ts";

/** 0 when the broker that was asked looks after this group or transactional id. */
export function checkCoordinator({ cluster, broker }: Call, id: string): number {
  if (id === "") return errorCodes.invalidGroupId;
  return cluster.coordinatorOf(id).id === broker.id ? errorCodes.none : errorCodes.notCoordinator;
}
