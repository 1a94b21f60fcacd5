import type { Cluster } from "./cluster.ts";
import { errorCodes } from "./error-codes.ts";
import { type Topic, type TopicConfig, topicConfigs } from "./topics.ts";

/** What DescribeConfigs is asked about. */
export const resourceTypes = { topic: 2, broker: 4 } as const;

/** Where a value comes from, as the protocol numbers it. */
export const configSources = { topic: 1, staticBroker: 4, default: 5 } as const;

export interface ConfigChange {
  readonly name: string;
  /** Null: back to the default. */
  readonly value: string | null;
}

const lists: ReadonlySet<string> = new Set(["cleanup.policy"]);
const choices: ReadonlyMap<string, readonly string[]> = new Map([
  ["cleanup.policy", ["delete", "compact"]],
  ["compression.type", ["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"]],
  ["message.timestamp.type", ["CreateTime", "LogAppendTime"]],
]);

export function isTopicConfig(name: string): name is TopicConfig {
  return Object.hasOwn(topicConfigs, name);
}

/** 0 when every setting is known and has a value that makes sense. */
export function checkConfigs(changes: Iterable<ConfigChange>): number {
  for (const { name, value } of changes) {
    if (!isTopicConfig(name)) return errorCodes.invalidConfig;
    if (value === null) continue;
    const allowed = choices.get(name);
    const isFit =
      allowed === undefined
        ? /^-?\d{1,19}$/.test(value)
        : (lists.has(name) ? value.split(",") : [value]).every((one) => allowed.includes(one));
    if (!isFit) return errorCodes.invalidConfig;
  }
  return errorCodes.none;
}

/** Sets values, or takes them back to their defaults. */
export function applyConfigs({ configs }: Topic, changes: Iterable<ConfigChange>): void {
  for (const { name, value } of changes)
    if (value === null) configs.delete(name);
    else configs.set(name, value);
}

const operations = { set: 0, remove: 1, append: 2, subtract: 3 } as const;

/** A value after one step of an incremental change; a list that was never set starts from its default. */
export function stepConfig(
  topic: Topic,
  { name, value, operation }: ConfigChange & { readonly operation: number },
): ConfigChange | undefined {
  if (operation === operations.set) return { name, value };
  if (operation === operations.remove) return { name, value: null };
  if (!lists.has(name) || !isTopicConfig(name) || value === null) return undefined;
  const before = (topic.configs.get(name) ?? topicConfigs[name]).split(",").filter((one) => one !== "");
  const given = value.split(",");
  if (operation === operations.append)
    return { name, value: [...before, ...given.filter((one) => !before.includes(one))].join(",") };
  if (operation === operations.subtract)
    return { name, value: before.filter((one) => !given.includes(one)).join(",") };
  return undefined;
}

/** A broker's own settings, as far as clients read them. */
export function brokerConfigs({ options, brokers }: Cluster): ReadonlyMap<string, string> {
  return new Map([
    ["auto.create.topics.enable", String(options.autoCreateTopics)],
    ["default.replication.factor", String(Math.min(1, brokers.size))],
    ["message.max.bytes", topicConfigs["max.message.bytes"]],
    ["num.partitions", String(options.defaultPartitions)],
    ["transaction.max.timeout.ms", String(options.maxTransactionTimeoutMs)],
  ]);
}
