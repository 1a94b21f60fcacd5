import type { Cluster } from "../cluster.ts";
import { configSources, defaultConfig, resourceTypes, topicConfigNames } from "../configs.ts";
import { errorCodes } from "../error-codes.ts";
import { array, bool, int8, int16, int32, list, nullable, nullableString, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Defaults are answered with their source, and broker keys where a broker is asked about.

const request = [
  array("resources", [int8("type"), string("name"), nullable(list("keys", "string"))]),
  bool("includeSynonyms", { since: 1 }),
];
const response = [
  int32("throttleTimeMs"),
  array("resources", [
    int16("errorCode"),
    nullableString("errorMessage"),
    int8("type"),
    string("name"),
    array("configs", [
      string("name"),
      nullableString("value"),
      bool("readOnly"),
      int8("source", { since: 1 }),
      bool("isSensitive"),
      array("synonyms", [string("name"), nullableString("value"), int8("source")], { since: 1 }),
    ]),
  ]),
];

export const describeConfigs: Api = api({ key: 32, request, response }, (asked, { cluster }) => ({
  resources: asked.resources.map(({ type, name, keys }) => {
    const found = settingsOf(cluster, type, name);
    if (typeof found === "number") return { type, name, errorCode: found };
    const wanted = found.filter((one) => !keys?.length || keys.includes(one.name));
    const configs = wanted.map((one) => ({ ...one, synonyms: asked.includeSynonyms ? [one] : [] }));
    return { type, name, configs };
  }),
}));

/** All settings of a topic or a broker, or the code that says why there are none. */
function settingsOf(cluster: Cluster, type: number, name: string) {
  if (type === resourceTypes.broker) {
    const isKnown = name === "" || cluster.brokers.has(Number(name));
    return isKnown ? settingsOfBrokers(cluster) : errorCodes.invalidRequest;
  }
  if (type !== resourceTypes.topic) return errorCodes.invalidRequest;
  const configs = cluster.topics.get(name)?.configs;
  if (configs === undefined) return errorCodes.unknownTopicOrPartition;
  return topicConfigNames.map((key) => ({
    name: key,
    value: configs.get(key) ?? defaultConfig(key),
    source: configs.has(key) ? configSources.topic : configSources.default,
  }));
}

/** What clients read of brokers. */
function settingsOfBrokers({ options }: Cluster) {
  const values = {
    "auto.create.topics.enable": options.autoCreateTopics,
    "default.replication.factor": 1,
    "message.max.bytes": defaultConfig("max.message.bytes"),
    "num.partitions": options.defaultPartitions,
    "transaction.max.timeout.ms": options.maxTransactionTimeoutMs,
  };
  const common = { readOnly: true, source: configSources.staticBroker };
  return Object.entries(values).map(([name, value]) => ({ ...common, name, value: String(value) }));
}
