import type { Clock } from "../../core/clock.ts";
import type { ContextStore } from "../../core/context.ts";
import { KeryxError } from "../../core/errors.ts";
import type { Delivery, HandlerResult } from "../../core/handler.ts";
import type { Observe } from "../../core/signals.ts";
import { createDeadlines } from "./deadlines.ts";
import { RecordDelivery, toContext, toRecordRef } from "./delivery.ts";
import type { Pass, Pending, Settlement, Step } from "./pass.ts";
import type { Slot } from "./slot.ts";
import { runAround, toOutcome } from "./slot.ts";

export interface InvokeDeps {
  readonly context: ContextStore;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly group: string;
}

const done: Settlement = { kind: "done" };

/** Makes what the handler and the steps around it get. */
export const openSlot: Step = (pass) => {
  if (pass.failure || pass.messageId === undefined) return undefined;
  // The steps before may have waited longer than the assignment lasted: whoever owns the partition next runs it.
  if (pass.work.partition.phase !== "open") return { kind: "abandon", why: "closing" };
  pass.delivery = new RecordDelivery(pass, pass.messageId);
  pass.work.delivery = pass.delivery;
  return undefined;
};

/** What stands around the handler of a pass; tombstones have the consumer's own steps around theirs. */
export function slotOf({ known, work }: Pass): Slot {
  return known?.slot ?? work.partition.route.slot;
}

/** The deadline of a pass is over: its handler is told, and what it throws from now on is a timeout. */
export function expire(pass: Pass, group: string, observe: Observe): void {
  const { timeoutMs } = slotOf(pass);
  pass.isLate = true;
  const record = toRecordRef(pass.work, group, pass.attempt, pass.eventType, pass.messageId);
  observe({ kind: "handler.overdue", record, timeoutMs });
  const reason = new KeryxError("handler_timeout", `The handler took longer than ${timeoutMs} ms`);
  pass.work.delivery?.callOff(reason);
}

/** The handler has ended, which is only news of one whose deadline was over. */
export function settleLate(pass: Pass, group: string, observe: Observe): void {
  if (!pass.isLate) return;
  const record = toRecordRef(pass.work, group, pass.attempt, pass.eventType, pass.messageId);
  observe({ kind: "handler.settled", record });
}

/** What the handler decided; undefined leaves it to the retry plan. @throws where what it returned cannot be read */
export function conclude(pass: Pass, returned: unknown): Settlement | undefined {
  pass.work.delivery = undefined;
  const outcome = toOutcome(returned);
  pass.outcome = outcome.kind === "deadLetter" ? { ...outcome, reason: String(outcome.reason) } : outcome;
  if (outcome.kind === "done") return done;
  return outcome.kind === "skip" ? { kind: "skip", reason: String(outcome.reason) } : undefined;
}

/**
 * Runs the handler, inside the steps around it, with a deadline. At the deadline the signal fires and the lane goes on
 * waiting: a second copy never runs beside the first.
 */
export function createInvoke({ context, clock, observe, group }: InvokeDeps): Step {
  const deadlines = createDeadlines<Pass>(
    clock,
    (pass) => slotOf(pass).timeoutMs,
    (pass) => expire(pass, group, observe),
  );

  const call = ({ known, value, work }: Pass, delivery: Delivery): HandlerResult => {
    if (known?.handler) return known.handler(value, delivery);
    return work.partition.route.tombstone?.(delivery.key, delivery as Delivery<null>);
  };

  const callThrough = (pass: Pass, delivery: Delivery): HandlerResult => {
    const { around } = slotOf(pass);
    return around ? runAround(around, delivery, () => call(pass, delivery)) : call(pass, delivery);
  };

  const answer = (pass: Pass, returned: unknown): Settlement | undefined => {
    deadlines.stop(pass);
    settleLate(pass, group, observe);
    return conclude(pass, returned);
  };

  const fail = (pass: Pass, error: unknown): undefined => {
    deadlines.stop(pass);
    settleLate(pass, group, observe);
    pass.work.delivery = undefined;
    pass.thrown = { error, where: "handler" };
    return undefined;
  };

  const answerLater = (pass: Pass, returned: unknown): Settlement | undefined => {
    try {
      return answer(pass, returned);
    } catch (error) {
      return fail(pass, error);
    }
  };

  const watch = (pass: Pass, running: PromiseLike<unknown>): Pending => {
    deadlines.start(pass);
    return { kind: "pending", until: Promise.resolve(running), resolved: answerLater, rejected: fail };
  };

  return (pass) => {
    const { delivery } = pass;
    if (!delivery) return undefined;
    try {
      const result: unknown = context.run(
        () => toContext(delivery, group),
        () => callThrough(pass, delivery),
      );
      return isThenable(result) ? watch(pass, result) : answer(pass, result);
    } catch (error) {
      return fail(pass, error);
    }
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
