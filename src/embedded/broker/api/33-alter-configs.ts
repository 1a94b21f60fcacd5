import type { Cluster } from "../cluster.ts";
import { checkConfigs, resourceTypes } from "../configs.ts";
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

export const alterConfigs: Api = api({ key: 33, request, response }, (asked, { cluster }) => ({
  resources: alterTopics(
    asked,
    cluster,
    (_, given) => new Map(given.map(({ name, value }) => [name, value ?? ""])),
  ),
}));

interface Resource<Change> {
  readonly type: number;
  readonly name: string;
  readonly configs: readonly Change[];
}

/** Gives topics the settings that `next` makes of theirs. Settings of brokers cannot be changed here. */
export function alterTopics<Change>(
  asked: { readonly resources: readonly Resource<Change>[]; readonly validateOnly: boolean },
  { topics }: Cluster,
  next: (before: ReadonlyMap<string, string>, changes: readonly Change[]) => Map<string, string> | undefined,
): readonly { readonly type: number; readonly name: string; readonly errorCode: number }[] {
  return asked.resources.map(({ type, name, configs }) => {
    const topic = topics.get(name);
    if (type !== resourceTypes.topic) return { type, name, errorCode: errorCodes.invalidRequest };
    if (topic === undefined) return { type, name, errorCode: errorCodes.unknownTopicOrPartition };
    const altered = next(topic.configs, configs);
    const errorCode = altered === undefined ? errorCodes.invalidConfig : checkConfigs(altered);
    if (altered !== undefined && errorCode === errorCodes.none && !asked.validateOnly)
      topic.configs = altered;
    return { type, name, errorCode };
  });
}
