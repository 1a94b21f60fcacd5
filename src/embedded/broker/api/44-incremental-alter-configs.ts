import { applyConfigs, type ConfigChange, checkConfigs, resourceTypes, stepConfig } from "../configs.ts";
import { errorCodes } from "../error-codes.ts";
import type { Topic } from "../topics.ts";
import { array, bool, int8, int16, int32, nullableString, string } from "../wire/schema.ts";
import { missing } from "./33-alter-configs.ts";
import { type Api, api } from "./api.ts";

// Sets, deletes, appends to and subtracts from single settings (KIP-339).

const request = [
  array("resources", [
    int8("type"),
    string("name"),
    array("configs", [string("name"), int8("operation"), nullableString("value")]),
  ]),
  bool("validateOnly"),
];
const response = [
  int32("throttleTimeMs"),
  array("resources", [int16("errorCode"), nullableString("errorMessage"), int8("type"), string("name")]),
];

export const incrementalAlterConfigs: Api = api(
  { key: 44, request, response },
  ({ resources, validateOnly }, { cluster }) => ({
    resources: resources.map(({ type, name, configs }) => {
      const topic = type === resourceTypes.topic ? cluster.topics.get(name) : undefined;
      const errorCode = topic === undefined ? missing(type) : alter(topic, configs, validateOnly);
      return { errorCode, type, name };
    }),
  }),
);

function alter(
  topic: Topic,
  steps: readonly (ConfigChange & { readonly operation: number })[],
  validateOnly: boolean,
): number {
  const changes = steps.map((step) => stepConfig(topic.configs, step));
  const known = changes.filter((change) => change !== undefined);
  if (known.length < changes.length) return errorCodes.invalidConfig;
  const code = checkConfigs(known);
  if (code === errorCodes.none && !validateOnly) applyConfigs(topic.configs, known);
  return code;
}
