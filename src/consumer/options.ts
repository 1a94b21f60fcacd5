import { z } from "zod";
import type { ConsumerOptions } from "../core/app.ts";
import { KeryxError } from "../core/errors.ts";
import type { Middleware } from "../core/handler.ts";
import { maxMapLength, minMapLength } from "./offset-map.ts";

/** How a record is tried again on its own topic, with every number filled in. */
export interface HerePolicy {
  readonly tries: number;
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: "full" | "none";
}

/**
 * Consumer options with every default filled in. What stays optional has no default of its own:
 * its value follows from the event's policy.
 */
export interface ResolvedConsumerOptions
  extends Required<
    Omit<ConsumerOptions, "here" | "exhausted" | "retryDelaysMs" | "nonRetriable" | "retriable">
  > {
  readonly here: Omit<HerePolicy, "tries"> & { readonly tries: number | undefined };
  readonly exhausted: ConsumerOptions["exhausted"] | undefined;
  readonly retryDelaysMs: readonly number[] | undefined;
  readonly nonRetriable: ((error: unknown) => boolean) | undefined;
  readonly retriable: ((error: unknown) => boolean) | undefined;
}

/** Longest delay of a retry stage: beyond it a retry topic is a scheduler, and its retention a trap. */
export const maxStageDelayMs = 86_400_000;

export const consumerDefaults: Omit<ResolvedConsumerOptions, "group"> = {
  concurrency: 64,
  order: "key",
  ordered: false,
  here: { tries: undefined, baseMs: 100, factor: 2, maxMs: 10_000, jitter: "full" },
  exhausted: undefined,
  onUnhandled: "deadLetter",
  createTopics: false,
  naming: "topic",
  retryDelaysMs: undefined,
  from: "earliest",
  dedupe: "memory",
  offsetMapMaxBytes: 4_096,
  dedupeTtlMs: 86_400_000,
  onStoreDown: "pause",
  failureStack: false,
  headers: ["keryx"],
  handlerTimeoutMs: 60_000,
  drainTimeoutMs: 10_000,
  closeTimeoutMs: 25_000,
  commitTimeoutMs: 5_000,
  sessionTimeoutMs: 30_000,
  rebalanceTimeoutMs: 60_000,
  nonRetriable: undefined,
  retriable: undefined,
  middleware: [],
};

const milliseconds = z.number().int().min(0).max(86_400_000);
const predicate = z.custom<(error: unknown) => boolean>((value) => typeof value === "function");

const hereSchema = z.strictObject({
  tries: z.number().int().min(1).max(1_000).exactOptional(),
  baseMs: milliseconds.exactOptional(),
  factor: z.number().min(1).max(100).exactOptional(),
  maxMs: milliseconds.exactOptional(),
  jitter: z.enum(["full", "none"]).exactOptional(),
});

export const consumerOptionsSchema: z.ZodType<ConsumerOptions> = z.strictObject({
  group: z.string().min(1).max(249),
  concurrency: z.number().int().min(1).max(10_000).exactOptional(),
  order: z.enum(["key", "partition", "none"]).exactOptional(),
  ordered: z.boolean().exactOptional(),
  here: hereSchema.exactOptional(),
  exhausted: z.enum(["deadLetter", "stop", "discard"]).exactOptional(),
  onUnhandled: z.enum(["deadLetter", "skip"]).exactOptional(),
  createTopics: z.boolean().exactOptional(),
  naming: z.enum(["topic", "group"]).exactOptional(),
  retryDelaysMs: z.array(z.number().int().min(0).max(maxStageDelayMs)).max(10).readonly().exactOptional(),
  from: z.enum(["earliest", "latest"]).exactOptional(),
  dedupe: z.enum(["memory", "off"]).exactOptional(),
  offsetMapMaxBytes: z
    .union([z.literal(0), z.number().int().min(minMapLength).max(maxMapLength)])
    .exactOptional(),
  dedupeTtlMs: milliseconds.min(1).exactOptional(),
  onStoreDown: z.enum(["pause", "process", "fail"]).exactOptional(),
  failureStack: z.boolean().exactOptional(),
  headers: z
    .array(z.enum(["keryx", "spring"]))
    .refine(
      (names) => names.includes("keryx"),
      "holds `keryx` always: replays and retries stand on those names",
    )
    .readonly()
    .exactOptional(),
  handlerTimeoutMs: milliseconds.min(1).exactOptional(),
  drainTimeoutMs: milliseconds.exactOptional(),
  closeTimeoutMs: milliseconds.exactOptional(),
  commitTimeoutMs: milliseconds.min(1).exactOptional(),
  sessionTimeoutMs: milliseconds.min(1).exactOptional(),
  rebalanceTimeoutMs: milliseconds.min(1).exactOptional(),
  nonRetriable: predicate.exactOptional(),
  retriable: predicate.exactOptional(),
  middleware: z
    .array(z.custom<Middleware>((value) => typeof value === "function"))
    .readonly()
    .exactOptional(),
});

/**
 * Fills in the defaults and checks what holds between options.
 * @throws KeryxError `config_invalid`
 */
export function resolveConsumerOptions(options: ConsumerOptions): ResolvedConsumerOptions {
  const parsed = consumerOptionsSchema.safeParse(options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = ["consumer", ...(issue?.path ?? [])].join(".");
    throw new KeryxError("config_invalid", `${path}: ${issue?.message ?? "not understood"}`);
  }
  const resolved: ResolvedConsumerOptions = {
    ...consumerDefaults,
    ...options,
    here: { ...consumerDefaults.here, ...options.here },
  };
  const drainMs = resolved.drainTimeoutMs + resolved.commitTimeoutMs;
  for (const name of ["sessionTimeoutMs", "rebalanceTimeoutMs"] as const)
    if (drainMs >= resolved[name])
      throw new KeryxError(
        "config_invalid",
        `consumer.drainTimeoutMs (${resolved.drainTimeoutMs}) plus commitTimeoutMs (${resolved.commitTimeoutMs}) must be below ${name} (${resolved[name]})`,
        { help: "No heartbeat is sent while a rebalance drains: the group would give the member up." },
      );
  if (resolved.here.maxMs < resolved.here.baseMs)
    throw new KeryxError(
      "config_invalid",
      `consumer.here.maxMs (${resolved.here.maxMs}) is below here.baseMs (${resolved.here.baseMs})`,
    );
  return resolved;
}
