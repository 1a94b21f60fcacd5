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

export interface ConfigChange {
  readonly name: string;
  /** Null: back to the default. */
  readonly value: string | null;
}

/** 0 when every setting is known and has a value that makes sense. */
export function checkConfigs(changes: readonly ConfigChange[]): number {
  const isFit = ({ name, value }: ConfigChange): boolean =>
    settings.has(name) && (value === null || settings.get(name)?.[1].test(value) === true);
  return changes.every(isFit) ? errorCodes.none : errorCodes.invalidConfig;
}

/** Sets values, or takes them back to their defaults. */
export function applyConfigs(configs: Map<string, string>, changes: readonly ConfigChange[]): void {
  for (const { name, value } of changes)
    if (value === null) configs.delete(name);
    else configs.set(name, value);
}

const operations = { set: 0, remove: 1, append: 2, subtract: 3 } as const;

/** One step of an incremental change; a list that was never set starts from its default. Undefined where it makes no sense. */
export function stepConfig(
  configs: ReadonlyMap<string, string>,
  { name, value, operation }: ConfigChange & { readonly operation: number },
): ConfigChange | undefined {
  if (operation === operations.set) return { name, value };
  if (operation === operations.remove) return { name, value: null };
  if (settings.get(name)?.[1] !== policy || value === null) return undefined;
  const before = (configs.get(name) ?? defaultConfig(name)).split(",");
  const given = value.split(",");
  if (operation === operations.append)
    return { name, value: [...before, ...given.filter((one) => !before.includes(one))].join(",") };
  if (operation === operations.subtract)
    return { name, value: before.filter((one) => !given.includes(one)).join(",") };
  return undefined;
}
