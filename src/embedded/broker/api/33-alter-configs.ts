import { applyConfigs, checkConfigs, resourceTypes } from "../configs.ts";
import { errorCodes } from "../error-codes.ts";
import { array, bool, int8, int16, int32, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Replaces all settings of a topic: what is not named goes back to its default.

const request = [
  array("resources", [
    int8("type"),
    string("name"),
    array("configs", [string("name"), nullableString("value")]),
  ]),
  bool("validateOnly"),
];
const response = [
  int32("throttleTimeMs"),
  array("resources", [int16("errorCode"), nullableString("errorMessage"), int8("type"), string("name")]),
];

export const alterConfigs: Api = api(
  { key: 33, request, response },
  ({ resources, validateOnly }, { cluster }) => ({
    resources: resources.map(({ type, name, configs }) => {
      const topic = type === resourceTypes.topic ? cluster.topics.get(name) : undefined;
      const errorCode = topic === undefined ? missing(type) : checkConfigs(configs);
      if (topic !== undefined && errorCode === errorCodes.none && !validateOnly) {
        topic.configs.clear();
        applyConfigs(topic.configs, configs);
      }
      return { errorCode, type, name };
    }),
  }),
);

/** Settings of brokers cannot be changed here. */
export function missing(type: number): number {
  return type === resourceTypes.topic ? errorCodes.unknownTopicOrPartition : errorCodes.invalidRequest;
}
