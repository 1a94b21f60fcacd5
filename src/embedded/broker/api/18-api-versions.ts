import { array, int16, int32 } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Answered with a header of version 0 whatever was asked. A version above ours gets a body of version 0 with code 35 and
// the whole list: clients look for key 18 in it and ask again (KIP-511).

const response = [
  int16("errorCode"),
  array("apiKeys", [int16("apiKey"), int16("minVersion"), int16("maxVersion")]),
  int32("throttleTimeMs", { since: 1 }),
];

export const apiVersions: Api = api({ key: 18, request: [], response }, (_, { cluster }) => ({
  apiKeys: [...cluster.versions.values()].map(({ key, max, listedMin }) => ({
    apiKey: key,
    minVersion: listedMin,
    maxVersion: max,
  })),
}));
