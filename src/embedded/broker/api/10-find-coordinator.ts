import { errorCodes } from "../error-codes.ts";
import { int8, int16, int32, nullableString, string } from "../wire/schema.ts";
import { addressOf } from "./03-metadata.ts";
import { type Api, api } from "./api.ts";

// Key type 0 is a group, 1 (from version 1 on) a transactional id; both are spread over the live brokers by hash.

const request = [string("key"), int8("keyType", { since: 1 })];
const response = [
  int32("throttleTimeMs", { since: 1 }),
  int16("errorCode"),
  nullableString("errorMessage", { since: 1 }),
  int32("nodeId", { absent: -1 }),
  string("host"),
  int32("port", { absent: -1 }),
];

export const findCoordinator: Api = api(
  { key: 10, request, response },
  ({ key, keyType }, { cluster, listener }) =>
    keyType === 0 || keyType === 1
      ? addressOf(cluster, cluster.coordinatorOf(key), listener)
      : { errorCode: errorCodes.invalidRequest },
);
