import { errorCodes } from "../error-codes.ts";
import { array, int16, int32, list, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Committed offsets of the topic go with it.

const request = [list("topics", "string"), int32("timeoutMs")];
const response = [
  int32("throttleTimeMs", { since: 1 }),
  array("topics", [string("name"), int16("errorCode")]),
];

export const deleteTopics: Api = api({ key: 20, request, response }, ({ topics }, { cluster, broker }) => ({
  topics: topics.map((name) => {
    if (cluster.controller() !== broker) return { name, errorCode: errorCodes.notController };
    if (!cluster.topics.has(name)) return { name, errorCode: errorCodes.unknownTopicOrPartition };
    cluster.deleteTopic(name);
    return { name };
  }),
}));
