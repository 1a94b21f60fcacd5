import { stepConfig } from "../configs.ts";
import { array, bool, int8, int16, int32, nullableString, string } from "../wire/schema.ts";
import { alterTopics } from "./33-alter-configs.ts";
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

export const incrementalAlterConfigs: Api = api({ key: 44, request, response }, (asked, { cluster }) => ({
  resources: alterTopics(asked, cluster, (before, steps) => {
    const configs = new Map(before);
    return steps.every((step) => stepConfig(configs, step)) ? configs : undefined;
  }),
}));
