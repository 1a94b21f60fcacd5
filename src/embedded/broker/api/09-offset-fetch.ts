import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import type { CommittedOffset } from "../groups/offsets.ts";
import {
  array,
  byTopic,
  int16,
  int32,
  int64,
  list,
  nullable,
  nullableString,
  string,
} from "../wire/schema.ts";
import { type Api, api, eachPartition } from "./api.ts";

// No list of topics (from version 2 on) means all of the group. What was never committed is −1 without an error, for
// unknown groups, too.

const request = [string("groupId"), nullable(array("topics", [string("name"), list("partitions", "int32")]))];
const response = [
  int32("throttleTimeMs", { since: 3 }),
  byTopic([
    int32("index"),
    int64("offset", { absent: -1 }),
    nullableString("metadata", { absent: "" }),
    int16("errorCode"),
  ]),
  int16("errorCode", { since: 2 }),
];

export const offsetFetch: Api = api({ key: 9, request, response }, ({ groupId, topics }, call) => {
  const code = checkCoordinator(call, groupId, errorCodes.none);
  const group = code === errorCodes.none ? call.cluster.groups.get(groupId) : undefined;
  const asked = topics ?? grouped(group?.offsets.all() ?? []);
  return {
    topics: eachPartition(asked, (topic, index) => {
      const { offset = -1, metadata = "" } = group?.offsets.find(topic, index) ?? {};
      return { index, offset, metadata, errorCode: code };
    }),
    errorCode: code,
  };
});

function grouped(offsets: readonly CommittedOffset[]) {
  const topics = Map.groupBy(offsets, ({ topic }) => topic);
  return [...topics].map(([name, list]) => ({ name, partitions: list.map(({ partition }) => partition) }));
}
