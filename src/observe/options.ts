import { z } from "zod";

/** Where and how the probes of an orchestrator are answered. */
export interface HealthOptions {
  /** Port of `/livez`, `/readyz` and `/health`; 0 takes a free one. Default: none, and no probe is answered. */
  readonly port?: number;
  /** Address that the probes listen on. Default `0.0.0.0`: an orchestrator asks from outside. */
  readonly host?: string;
  /**
   * How long the probes still answer after a signal asked the process to end, not ready any more: as long as one probe
   * period at least, or traffic goes on arriving. Default 5 s.
   */
  readonly shutdownDelayMs?: number;
  /** A consumer that has joined and got no partition is ready. Default true: it takes over when another one ends. */
  readonly readyOnStandby?: boolean;
}

/** Health options with every default filled in. */
export interface ResolvedHealthOptions extends Required<Omit<HealthOptions, "port">> {
  readonly port: number | undefined;
}

export const healthDefaults: Required<Omit<HealthOptions, "port">> = {
  host: "0.0.0.0",
  shutdownDelayMs: 5_000,
  readyOnStandby: true,
};

export const healthOptionsSchema: z.ZodType<HealthOptions> = z.strictObject({
  port: z.number().int().min(0).max(65_535).exactOptional(),
  host: z.string().min(1).max(255).exactOptional(),
  shutdownDelayMs: z.number().int().min(0).max(600_000).exactOptional(),
  readyOnStandby: z.boolean().exactOptional(),
});

/** Fills in the defaults. */
export function resolveHealthOptions(options: HealthOptions): ResolvedHealthOptions {
  return { port: undefined, ...healthDefaults, ...options };
}
