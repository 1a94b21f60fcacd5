import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import type { CommittedOffset } from "../groups/offsets.ts";
import { array, int16, int32, int64, list, nullableArray, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// No list of topics (from version 2 on) means all of the group. What was never committed is −1 without an error, for
// unknown groups, too.

export const offsetFetch: Api = api(
  {
    key: 9,
    request: [string("groupId"), nullableArray("topics", [string("name"), list("partitions", "int32")])],
    response: [
      int32("throttleTimeMs", { since: 3 }),
      array("topics", [
        string("name"),
        array("partitions", [
          int32("index"),
          int64("offset"),
          nullableString("metadata"),
          int16("errorCode"),
        ]),
      ]),
      int16("errorCode", { since: 2 }),
    ],
  },
  {
    handle({ groupId, topics }, call) {
      const code = checkCoordinator(call, groupId);
      if (code !== errorCodes.none) return refused(topics, code);
      const offsets = call.cluster.groups.get(groupId)?.offsets;
      const asked = topics ?? byTopic(offsets?.all() ?? []);
      return {
        throttleTimeMs: 0,
        topics: asked.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map((index) => ({
            index,
            offset: offsets?.find(name, index)?.offset ?? -1,
            metadata: offsets?.find(name, index)?.metadata ?? "",
            errorCode: errorCodes.none,
          })),
        })),
        errorCode: errorCodes.none,
      };
    },
    fail: ({ topics }, code) => refused(topics, code),
  },
);

interface Asked {
  readonly name: string;
  readonly partitions: readonly number[];
}

function byTopic(offsets: readonly CommittedOffset[]): readonly Asked[] {
  const topics = Map.groupBy(offsets, ({ topic }) => topic);
  return [...topics].map(([name, list]) => ({ name, partitions: list.map(({ partition }) => partition) }));
}

function refused(topics: readonly Asked[] | null, errorCode: number) {
  return {
    throttleTimeMs: 0,
    topics: (topics ?? []).map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((index) => ({ index, offset: -1, metadata: "", errorCode })),
    })),
    errorCode,
  };
}
