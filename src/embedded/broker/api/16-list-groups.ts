import { errorCodes } from "../error-codes.ts";
import { array, int16, int32, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Each broker lists the groups that it looks after: clients ask them all.

const response = [
  int32("throttleTimeMs", { since: 1 }),
  int16("errorCode"),
  array("groups", [string("groupId"), string("protocolType")]),
];

export const listGroups: Api = api({ key: 16, request: [], response }, (_, { cluster, broker }) => ({
  errorCode: errorCodes.none,
  groups: [...cluster.groups.values()]
    .filter(({ id }) => cluster.coordinatorOf(id).id === broker.id)
    .map(({ id, protocolType }) => ({ groupId: id, protocolType })),
}));
