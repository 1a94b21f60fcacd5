import { errorCodes } from "./error-codes.ts";

/** What DescribeConfigs is asked about. */
export const resourceTypes = { topic: 2, broker: 4 } as const;

/** Where a value comes from, as the protocol numbers it. */
export const configSources = { topic: 1, staticBroker: 4, default: 5 } as const;

const whole = /^-?\d{1,18}$/;
const ratio = /^(0(\.\d+)?|1(\.0+)?)$/;
const truth = /^(true|false)$/;
const policy = /^(delete|compact)(,(delete|compact))*$/;

/** Settings that a topic may have, each with its default and its form. Size, time stamps and retention act; the others are kept. */
const settings: ReadonlyMap<string, readonly [value: string, form: RegExp]> = new Map([
  ["cleanup.policy", ["delete", policy]],
  ["compression.type", ["producer", /^(producer|uncompressed|gzip|snappy|lz4|zstd)$/]],
  ["delete.retention.ms", ["86400000", whole]],
  ["file.delete.delay.ms", ["60000", whole]],
  ["flush.messages", ["9223372036854775807", /^\d{1,19}$/]],
  ["flush.ms", ["9223372036854775807", /^\d{1,19}$/]],
  ["index.interval.bytes", ["4096", whole]],
  ["max.compaction.lag.ms", ["9223372036854775807", /^\d{1,19}$/]],
  ["max.message.bytes", ["1048588", whole]],
  ["message.timestamp.type", ["CreateTime", /^(CreateTime|LogAppendTime)$/]],
  ["min.cleanable.dirty.ratio", ["0.5", ratio]],
  ["min.compaction.lag.ms", ["0", whole]],
  ["min.insync.replicas", ["1", whole]],
  ["preallocate", ["false", truth]],
  ["retention.bytes", ["-1", whole]],
  ["retention.ms", ["604800000", whole]],
  ["segment.bytes", ["1073741824", whole]],
  ["segment.index.bytes", ["10485760", whole]],
  ["segment.jitter.ms", ["0", whole]],
  ["segment.ms", ["604800000", whole]],
  ["unclean.leader.election.enable", ["false", truth]],
]);

export const topicConfigNames: readonly string[] = [...settings.keys()];

/** What holds where a topic sets nothing. */
export function defaultConfig(name: string): string {
  return settings.get(name)?.[0] ?? "";
}

/** 0 when every setting is known and has a value that makes sense. */
export function checkConfigs(configs: Iterable<readonly [name: string, value: string]>): number {
  for (const [name, value] of configs)
    if (settings.get(name)?.[1].test(value) !== true) return errorCodes.invalidConfig;
  return errorCodes.none;
}

const operations = { set: 0, remove: 1, append: 2, subtract: 3 } as const;

/** One step of an incremental change; a list that was never set starts from its default. False where it makes no sense. */
export function stepConfig(
  configs: Map<string, string>,
  {
    name,
    value,
    operation,
  }: { readonly name: string; readonly value: string | null; readonly operation: number },
): boolean {
  const [initial, form] = settings.get(name) ?? [];
  if (initial === undefined || (value === null && operation !== operations.remove)) return false;
  const before = (configs.get(name) ?? initial).split(",");
  const given = (value ?? "").split(",");
  if (operation === operations.remove) configs.delete(name);
  else if (operation === operations.set) configs.set(name, value ?? "");
  else if (form !== policy) return false;
  else if (operation === operations.append) configs.set(name, [...new Set([...before, ...given])].join(","));
  else if (operation === operations.subtract)
    configs.set(name, before.filter((one) => !given.includes(one)).join(","));
  else return false;
  return true;
}
