import { KeryxError } from "../core/errors.ts";
import type { Middleware } from "../core/handler.ts";

/**
 * Gives handlers a deadline tighter than the consumer's `handlerTimeoutMs`; the tightest counts. The engine keeps it:
 * at the deadline the delivery's signal fires, a handler that then rejects failed by `timeout`, one that resolves is
 * done, late, and until it does either its lane waits, so that no second copy of the record runs beside it.
 *
 * @throws KeryxError `config_invalid`
 */
export function timeout(timeoutMs: number): Middleware {
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1)
    throw new KeryxError(
      "config_invalid",
      `timeout: ${timeoutMs} is no whole number of milliseconds above 0`,
    );
  const step: Middleware = (_delivery, next) => next();
  return Object.assign(step, { shipped: { kind: "timeout", timeoutMs } as const });
}
