import type { z } from "zod";
import { consumerOptionsSchema } from "../consumer/options.ts";
import type { ConsumerOptions } from "../core/app.ts";
import { KeryxError } from "../core/errors.ts";
import {
  type ProducerOptions,
  producerDefaults,
  producerOptionsSchema,
  resolveProducerOptions,
} from "../producer/options.ts";
import {
  type RegistryOptions,
  registryDefaults,
  registryOptionsSchema,
  resolveRegistryOptions,
} from "../registry/options.ts";
import {
  resolveTransportOptions,
  type TransportOptions,
  transportDefaults,
  transportSchema,
} from "../transport/options.ts";
import {
  type ConfigIssue,
  findUnknownKeys,
  isGroup,
  type Layer,
  type Merged,
  merge,
  normalize,
  type Settings,
  toPathKey,
} from "./layers.ts";
import { type OwnSettings, ownDefaults, ownSettingsSchema } from "./settings.ts";
import type { Shape } from "./shape.ts";
import { toIssues } from "./validate.ts";

/** Settings of all sources, checked, with the source of each. */
export interface KeryxConfig extends OwnSettings {
  readonly transport: TransportOptions;
  readonly registry: RegistryOptions;
  readonly producer: ProducerOptions;
  readonly consumer: Partial<ConsumerOptions>;
  /** The effective values as one tree, as files write them. */
  readonly values: Settings;
  readonly sources: Merged["sources"];
  /** The configuration file that was read. */
  readonly file: string | undefined;
  /** The project's root: the file's folder, else the working directory. */
  readonly root: string;
}

const builtIn: Settings = {
  ...transportDefaults,
  registry: { url: "http://127.0.0.1:8081", ...registryDefaults },
  producer: producerDefaults,
  ...ownDefaults,
};

/** Lays the layers over the defaults and checks the result. @throws KeryxError `config_invalid` */
export function resolveConfig(layers: readonly Layer[], shape: Shape): Omit<KeryxConfig, "file" | "root"> {
  const spelled = layers.map((layer) => normalize(layer, shape));
  const issues: ConfigIssue[] = spelled.flatMap((layer) => findUnknownKeys(layer, shape));
  const defaults: Layer = { source: "default", values: builtIn, at: () => "default" };
  const merged = merge([defaults, ...spelled]);
  if (issues.length > 0) throw refuse(issues);
  const { registry, producer, consumer, ...top } = merged.values;
  const own: Record<string, unknown> = {};
  const transport: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(top))
    (Object.hasOwn(ownDefaults, key) ? own : transport)[key] = value;

  const check = <T>(schema: z.ZodType<T>, value: unknown, prefix: readonly string[]): T | undefined => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    issues.push(...toIssues(parsed.error, prefix, merged.sources));
    return undefined;
  };
  const found = {
    own: check(ownSettingsSchema, own, []),
    transport: check(transportSchema, transport, []),
    registry: check(registryOptionsSchema, registry, ["registry"]),
    producer: check(producerOptionsSchema, chosen(producer, merged, "producer"), ["producer"]),
    consumer: check(consumerOptionsSchema, { group: "-", ...asGroup(consumer) }, ["consumer"]),
  };
  if (issues.length > 0 || !found.own || !found.transport || !found.registry) throw refuse(issues);
  if (!found.producer || !found.consumer) throw refuse(issues);
  // What holds between settings; nobody should learn it from the first message only.
  resolveTransportOptions(found.transport);
  resolveRegistryOptions(found.registry);
  resolveProducerOptions(found.producer);
  const { group: _, ...shared } = found.consumer;
  return {
    ...found.own,
    transport: found.transport,
    registry: found.registry,
    producer: found.producer,
    consumer: shared,
    values: merged.values,
    sources: merged.sources,
  };
}

const asGroup = (value: unknown): Settings => (isGroup(value) ? value : {});

/** Without the defaults: an idempotent producer has others, which only its own resolution knows. */
function chosen(values: unknown, merged: Merged, name: string): Settings {
  const own = Object.entries(asGroup(values)).filter(
    ([key]) => merged.sources.get(toPathKey([name, key]))?.source !== "default",
  );
  return Object.fromEntries(own);
}

function refuse(issues: readonly ConfigIssue[]): KeryxError {
  const lines = issues.map(({ at, path, message }) => `${at}: ${path}: ${message}`);
  return new KeryxError("config_invalid", lines.join("\n"), { details: { issues } });
}
