import { z } from "zod";
import type { ConsumerOptions } from "../core/app.ts";
import { type CompatibilityLevel, compatibilityLevels } from "../core/event.ts";
import { deepest, type PayloadLimits, payloadLimits } from "../core/limits.ts";
import { type HealthOptions, healthDefaults, healthOptionsSchema } from "../observe/options.ts";
import type { ProducerOptions } from "../producer/options.ts";
import type { RegistryOptions } from "../registry/options.ts";
import type { TransportOptions } from "../transport/options.ts";

/** Least severe level that is written to the log. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** How the subjects of a topic's events are named. */
export type SubjectStrategy = "topic-name" | "record-name" | "topic-record-name";

/** Delivery policy of a whole project, folder or topic; what a schema says itself wins. */
export interface EventDefaults {
  /** Topic of the events below. Not for entries of `topics`. */
  readonly topic?: string;
  /** One retry topic for each delay, for example `["1s", "30s", "5m"]`. Default: 1 s, 10 s, 60 s. */
  readonly retry?: { readonly delays?: readonly (string | number)[] };
  /** Level of new subjects. Default `BACKWARD`. */
  readonly compatibility?: CompatibilityLevel;
  /** Who answers for the events. */
  readonly owner?: string;
  /** Partitions of topics that Keryx creates. Default: the broker's. */
  readonly partitions?: number;
  /** Copies of each partition of topics that Keryx creates. Default: the broker's. */
  readonly replicationFactor?: number;
  /** Default: `topic-name` for a topic with one event; one with several needs a choice. */
  readonly subjectStrategy?: SubjectStrategy;
}

/** What keryx.yaml, the environment and `connect()` may say. The transport's options stand at the top. */
export interface KeryxSettings extends Partial<TransportOptions> {
  /** The schema registry: its URL or URLs, or all its options. Default `http://127.0.0.1:8081`. */
  readonly registry?: string | readonly string[] | RegistryOptions;
  /** Creates missing topics at start. Default false: a missing topic is an error. */
  readonly createTopics?: boolean;
  /** Options of every producer. */
  readonly producer?: ProducerOptions;
  /** Options of every consumer; what `consumer()` is given wins. */
  readonly consumer?: Partial<ConsumerOptions>;
  /** What one payload may ask for. */
  readonly limits?: Partial<PayloadLimits>;
  /** Probes for an orchestrator: off unless they are given a port. */
  readonly health?: HealthOptions;
  readonly logging?: {
    /** Default `info`. */
    readonly level?: LogLevel;
  };
  /** Where the generator reads and writes, relative to the project's root. */
  readonly schemas?: {
    /** Default `schemas`. */
    readonly dir?: string;
    /** Default `generated`. */
    readonly out?: string;
  };
  /** Policy of all events. */
  readonly defaults?: EventDefaults;
  /** Policy by folder of schemas, for example `orders/v1`. */
  readonly folders?: Readonly<Record<string, EventDefaults>>;
  /** Policy by topic. */
  readonly topics?: Readonly<Record<string, EventDefaults>>;
  /** Events that are gone on purpose, by full name, with the reason: `keryx check` does not miss them. */
  readonly retired?: Readonly<Record<string, string>>;
}

const text = z.string().min(1);

const eventDefaultsSchema: z.ZodType<EventDefaults> = z.strictObject({
  topic: text.exactOptional(),
  retry: z
    .strictObject({
      delays: z
        .array(z.union([z.string(), z.number()]))
        .readonly()
        .exactOptional(),
    })
    .exactOptional(),
  compatibility: z.enum(compatibilityLevels).exactOptional(),
  owner: text.exactOptional(),
  partitions: z.number().int().min(1).max(10_000).exactOptional(),
  replicationFactor: z.number().int().min(1).max(100).exactOptional(),
  subjectStrategy: z.enum(["topic-name", "record-name", "topic-record-name"]).exactOptional(),
});

/** The settings that belong to no other folder's options. */
export type OwnSettings = Required<
  Pick<
    KeryxSettings,
    | "createTopics"
    | "limits"
    | "health"
    | "logging"
    | "schemas"
    | "defaults"
    | "folders"
    | "topics"
    | "retired"
  >
>;

export const ownDefaults: OwnSettings = {
  createTopics: false,
  limits: payloadLimits,
  health: healthDefaults,
  logging: { level: "info" },
  schemas: { dir: "schemas", out: "generated" },
  defaults: {},
  folders: {},
  topics: {},
  retired: {},
};

export const ownSettingsSchema: z.ZodType<OwnSettings> = z.strictObject({
  createTopics: z.boolean(),
  limits: z.strictObject({
    maxDepth: z.number().int().min(1).max(deepest).exactOptional(),
    maxItems: z.number().int().min(1).exactOptional(),
    maxJsonBytes: z.number().int().min(1).exactOptional(),
  }),
  health: healthOptionsSchema,
  logging: z.strictObject({ level: z.enum(["debug", "info", "warn", "error", "silent"]).exactOptional() }),
  schemas: z.strictObject({ dir: text.exactOptional(), out: text.exactOptional() }),
  defaults: eventDefaultsSchema,
  folders: z.record(z.string(), eventDefaultsSchema),
  topics: z.record(z.string(), eventDefaultsSchema),
  retired: z.record(z.string(), text),
});
