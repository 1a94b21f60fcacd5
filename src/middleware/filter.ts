import type { Delivery, Middleware } from "../core/handler.ts";

/**
 * Passes over records without running their handler: those for which the predicate says false are skipped, counted as
 * such under the reason, and their offset completes. A predicate that throws counts as a handler that throws.
 *
 * @param reason Of `skip`, in signals and logs. Default `filtered`.
 */
export function filter<Value = unknown>(
  predicate: (event: Value, delivery: Delivery<Value>) => boolean | Promise<boolean>,
  reason = "filtered",
): Middleware<Value> {
  const step = async (
    delivery: Delivery<Value>,
    next: Parameters<Middleware<Value>>[1],
  ): ReturnType<Middleware<Value>> =>
    (await predicate(delivery.event, delivery)) ? next() : delivery.skip(reason);
  return Object.assign(step, { shipped: { kind: "filter" } as const });
}
