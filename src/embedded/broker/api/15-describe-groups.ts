import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { type Group, nothing } from "../groups/group.ts";
import { array, bytes, int16, int32, list, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// A group that is not there is described as Dead, without an error.

export const describeGroups: Api = api(
  {
    key: 15,
    request: [list("groups", "string")],
    response: [
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
    ],
  },
  ({ groups }, call) => ({
    groups: groups.map((id) => {
      const code = checkCoordinator(call, id);
      const group = call.cluster.groups.get(id);
      return code !== errorCodes.none || group === undefined ? unknown(id, code) : describe(group);
    }),
  }),
);

function unknown(groupId: string, errorCode: number) {
  return { errorCode, groupId, state: "Dead", protocolType: "", protocolName: "", members: [] };
}

function describe({ id, state, protocolType, protocolName, members }: Group) {
  return {
    errorCode: errorCodes.none,
    groupId: id,
    state,
    protocolType,
    protocolName,
    members: [...members.values()].map((member) => ({
      memberId: member.id,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: member.protocols.find((one) => one.name === protocolName)?.metadata ?? nothing,
      assignment: member.assignment,
    })),
  };
}
