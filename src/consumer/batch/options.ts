import type { BatchOptions } from "../../core/batch.ts";
import { KeryxError } from "../../core/errors.ts";

const bounds = {
  // No more than is admitted above a record that is not done.
  maxRecords: { least: 1, most: 1_000, byDefault: 100 },
  maxWaitMs: { least: 0, most: 60_000, byDefault: 100 },
} as const;

/** Fills in the defaults. @throws KeryxError `config_invalid` */
export function resolveBatchOptions(options: BatchOptions): Required<BatchOptions> {
  const resolve = (name: keyof typeof bounds): number => {
    const { least, most, byDefault } = bounds[name];
    const value = options[name] ?? byDefault;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new KeryxError(
      "config_invalid",
      `onBatch: ${name} is ${value}; it must be a whole number from ${least} to ${most}`,
    );
  };
  return { maxRecords: resolve("maxRecords"), maxWaitMs: resolve("maxWaitMs") };
}
