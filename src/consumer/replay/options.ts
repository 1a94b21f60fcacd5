import { createHash } from "node:crypto";
import { z } from "zod";
import { KeryxError } from "../../core/errors.ts";
import type { ReplayOptions } from "../../core/replay.ts";

type Filled = "dryRun" | "replayId" | "parked" | "maxPerSecond" | "allowTargets" | "checkValues" | "naming";

/** Replay options with every default filled in; what stays optional has none. */
export type ResolvedReplayOptions = ReplayOptions & Required<Pick<ReplayOptions, Filled | "createTopics">>;

export const replayDefaults: Required<Pick<ReplayOptions, Exclude<Filled, "replayId" | "naming">>> = {
  dryRun: true,
  parked: false,
  maxPerSecond: 1_000,
  allowTargets: [],
  checkValues: false,
};

const offsets = z.record(z.string().regex(/^\d{1,10}$/), z.bigint());
const names = z.union([z.string(), z.array(z.string()).min(1).readonly()]);

// Only what a mistake would turn into the wrong records; what is an object of ours is typed well enough.
const schema = z.object({
  topic: z.string().min(1).max(249),
  group: z.string().min(1).max(249),
  dryRun: z.boolean().optional(),
  replayId: z.uuid().optional(),
  fromOffsets: offsets.optional(),
  toOffsets: offsets.optional(),
  fromMs: z.number().optional(),
  toMs: z.number().optional(),
  key: z.union([z.string(), z.instanceof(Uint8Array)]).optional(),
  failureClass: names.optional(),
  event: names.optional(),
  parked: z.boolean().optional(),
  maxPerSecond: z.number().int().min(1).max(100_000).optional(),
  target: z.string().min(1).max(249).optional(),
  allowTargets: z.array(z.string()).readonly().optional(),
  checkValues: z.boolean().optional(),
  naming: z.enum(["topic", "group"]).optional(),
  createTopics: z.boolean().optional(),
});

/** Fills in the defaults. @throws KeryxError `config_invalid` */
export function resolveReplayOptions(
  options: ReplayOptions,
  app: { readonly naming: "topic" | "group"; readonly createTopics: boolean },
): ResolvedReplayOptions {
  const parsed = schema.safeParse(options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = ["replay", ...(issue?.path ?? [])].join(".");
    throw new KeryxError("config_invalid", `${path}: ${issue?.message ?? "not understood"}`);
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...replayDefaults, ...app, replayId: crypto.randomUUID(), ...(given as unknown as ReplayOptions) };
}

/** First 8 hex digits of a hash over all that decides which records a run sends where. */
export function toFingerprint(options: ResolvedReplayOptions, target: string): string {
  const { topic, group, naming, parked, fromOffsets, toOffsets, fromMs, toMs, failureClass, event } = options;
  const key = options.key === undefined ? undefined : Buffer.from(options.key).toString("hex");
  const chosen = [
    fromOffsets,
    toOffsets,
    fromMs,
    toMs,
    key,
    failureClass,
    event,
    options.checkValues,
    options.edit !== undefined,
  ];
  const text = JSON.stringify([topic, group, naming, parked, target, chosen], (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
