import type { Clock } from "../../core/clock.ts";
import type { ContextStore } from "../../core/context.ts";
import { KeryxError } from "../../core/errors.ts";
import type { Delivery, HandlerResult, Middleware } from "../../core/handler.ts";
import { compose } from "../../core/handler.ts";
import type { Observe } from "../../core/signals.ts";
import { createDeadlines } from "./deadlines.ts";
import { RecordDelivery, toContext, toOutcome, toRecordRef } from "./delivery.ts";
import type { Pass, Pending, Settlement, Step } from "./pass.ts";

export interface InvokeDeps {
  readonly context: ContextStore;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly group: string;
  readonly timeoutMs: number;
  readonly middleware: readonly Middleware[];
}

const done: Settlement = { kind: "done" };

/**
 * Runs the user's middleware and handler with a deadline. At the deadline the signal fires and the lane goes on
 * waiting: a second copy never runs beside the first.
 */
export function createInvoke(deps: InvokeDeps): Step {
  const { context, clock, observe, group, timeoutMs, middleware } = deps;

  const deadlines = createDeadlines<Pass>(clock, timeoutMs, (pass) => {
    pass.isLate = true;
    const record = toRecordRef(pass.work, group, pass.attempt, pass.eventType, pass.messageId);
    observe({ kind: "handler.overdue", record, timeoutMs });
    const reason = new KeryxError("handler_timeout", `The handler took longer than ${timeoutMs} ms`);
    pass.work.delivery?.callOff(reason);
  });

  const call = (pass: Pass, delivery: Delivery): HandlerResult => {
    const { route } = pass.work.partition;
    if (pass.known?.handler) return pass.known.handler(pass.value, delivery);
    return route.tombstone?.(delivery.key, delivery as Delivery<null>);
  };

  const callThrough = (pass: Pass, delivery: Delivery): HandlerResult =>
    middleware.length === 0
      ? call(pass, delivery)
      : compose(middleware, async (inner) => toOutcome(await call(pass, inner)))(delivery);

  const conclude = (pass: Pass, returned: unknown): Settlement | undefined => {
    deadlines.stop(pass);
    pass.work.delivery = undefined;
    const outcome = toOutcome(returned);
    pass.outcome = outcome;
    if (outcome.kind === "done") return done;
    return outcome.kind === "skip" ? { kind: "skip", reason: String(outcome.reason) } : undefined;
  };

  const fail = (pass: Pass, error: unknown): undefined => {
    deadlines.stop(pass);
    pass.work.delivery = undefined;
    pass.thrown = { error, where: "handler" };
    return undefined;
  };

  const concludeLate = (pass: Pass, returned: unknown): Settlement | undefined => {
    try {
      return conclude(pass, returned);
    } catch (error) {
      return fail(pass, error);
    }
  };

  const watch = (pass: Pass, running: PromiseLike<unknown>): Pending => {
    deadlines.start(pass);
    return { kind: "pending", until: Promise.resolve(running), resolved: concludeLate, rejected: fail };
  };

  return (pass) => {
    const { work, messageId } = pass;
    if (pass.failure || messageId === undefined) return undefined;
    const delivery = new RecordDelivery(pass, messageId);
    work.delivery = delivery;
    try {
      const result: unknown = context.run(
        () => toContext(delivery, group),
        () => callThrough(pass, delivery),
      );
      return isThenable(result) ? watch(pass, result) : conclude(pass, result);
    } catch (error) {
      return fail(pass, error);
    }
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
