import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { move } from "../groups/group.ts";
import { array, int16, int32, list, string } from "../wire/schema.ts";
import { type Api, api, type Call } from "./api.ts";

// 68 while it has members, 69 when there is no such group.

const request = [list("groups", "string")];
const response = [int32("throttleTimeMs"), array("groups", [string("groupId"), int16("errorCode")])];

export const deleteGroups: Api = api({ key: 42, request, response }, ({ groups }, call) => ({
  groups: groups.map((groupId) => ({ groupId, errorCode: remove(call, groupId) })),
}));

function remove(call: Call, id: string): number {
  const code = checkCoordinator(call, id, errorCodes.none);
  if (code !== errorCodes.none) return code;
  const group = call.cluster.groups.get(id);
  if (group === undefined) return errorCodes.groupIdNotFound;
  if (group.state !== "Empty") return errorCodes.groupNotEmpty;
  move(group, "Dead");
  call.cluster.groups.delete(id);
  return errorCodes.none;
}
