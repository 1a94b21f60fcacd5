import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { type Group, metadataOf } from "../groups/group.ts";
import { array, bytes, int16, int32, list, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// A group that is not there is described as Dead, without an error. Protocol and metadata are told of stable groups alone.

const request = [list("groups", "string")];
const response = [
  int32("throttleTimeMs", { since: 1 }),
  array("groups", [
    int16("errorCode"),
    string("groupId"),
    string("state"),
    string("protocolType"),
    string("protocolName"),
    array("members", [
      string("memberId"),
      string("clientId"),
      string("clientHost"),
      bytes("metadata"),
      bytes("assignment"),
    ]),
  ]),
];

export const describeGroups: Api = api({ key: 15, request, response }, ({ groups }, call) => ({
  groups: groups.map((id) => {
    const code = checkCoordinator(call, id, errorCodes.none);
    const group = code === errorCodes.none ? call.cluster.groups.get(id) : undefined;
    return group === undefined ? { ...unknown, errorCode: code, groupId: id } : describe(group);
  }),
}));

const unknown = { state: "Dead", protocolType: "", protocolName: "", members: [] } as const;

function describe({ id, state, protocolType, protocolName, members }: Group) {
  const chosen = state === "Stable" ? protocolName : "";
  return {
    errorCode: errorCodes.none,
    ...{ groupId: id, state, protocolType, protocolName: chosen },
    members: [...members.values()].map((member) => ({
      ...member,
      memberId: member.id,
      metadata: metadataOf(member, chosen),
    })),
  };
}
