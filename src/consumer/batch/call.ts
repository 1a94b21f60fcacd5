import type { BatchItem } from "../../core/batch.ts";
import { BatchFailure } from "../../core/batch.ts";
import type { Clock } from "../../core/clock.ts";
import type { Outcome } from "../../core/handler.ts";
import type { Observe } from "../../core/signals.ts";
import { conclude, expire, openSlot, settleLate, slotOf } from "../steps/invoke.ts";
import type { Pass, Settlement } from "../steps/pass.ts";
import { toOutcome } from "../steps/slot.ts";

/** How a batch ended. */
export type BatchEnd =
  | { readonly kind: "done" }
  /** Its handler named the record that failed. */
  | { readonly kind: "named"; readonly index: number; readonly cause: unknown }
  | { readonly kind: "failed"; readonly error: unknown };

/** Calls a batch handler for what is to be tried now. Never rejects. */
export type CallBatch = (passes: readonly Pass[]) => Promise<BatchEnd>;

export interface CallDeps {
  readonly clock: Clock;
  readonly observe: Observe;
  readonly group: string;
}

/** One deadline for the whole batch; at it the signals of all its records fire, and the lane goes on waiting. */
export function createCallBatch({ clock, observe, group }: CallDeps): CallBatch {
  return async (passes) => {
    const [first] = passes;
    const handler = first?.known?.batch?.handler;
    if (!first || !handler) return { kind: "done" };
    const controller = new AbortController();
    const items = passes.map((pass) => open(pass, controller));
    const cancelDeadline = clock.schedule(slotOf(first).timeoutMs, () => {
      for (const pass of passes) expire(pass, group, observe);
    });
    try {
      await handler(items, { signal: controller.signal });
      return { kind: "done" };
    } catch (error) {
      return toEnd(error, items.length);
    } finally {
      cancelDeadline();
      for (const pass of passes) {
        settleLate(pass, group, observe);
        pass.work.delivery = undefined;
      }
    }
  };
}

// What an earlier call left behind is not this one's: each has deliveries, signals and a deadline of its own.
function open(pass: Pass, controller: AbortController): BatchItem {
  pass.isLate = false;
  pass.thrown = undefined;
  pass.outcome = undefined;
  openSlot(pass);
  const { delivery, work } = pass;
  if (!delivery) throw new Error("A record without an identity came into a batch");
  work.delivery = {
    callOff(reason) {
      delivery.callOff(reason);
      // Not before the others of the batch, which are called off in the same turn, have heard of it.
      queueMicrotask(() => controller.abort(reason));
    },
  };
  return { value: pass.value, delivery };
}

function toEnd(error: unknown, size: number): BatchEnd {
  const isNamed =
    error instanceof BatchFailure && Number.isInteger(error.index) && error.index >= 0 && error.index < size;
  return isNamed ? { kind: "named", index: error.index, cause: error.cause } : { kind: "failed", error };
}

/** The record did its part: how its pass settles. */
export function toDone(pass: Pass): Settlement | undefined {
  return conclude(pass, undefined);
}

/** The record failed, or its handler decided about it by an outcome. Undefined: for the retry plan to say. */
export function toFailed(pass: Pass, cause: unknown): Settlement | undefined {
  try {
    const outcome: Outcome = toOutcome(cause);
    if (outcome === cause && outcome.kind !== "done") return conclude(pass, outcome);
    pass.thrown = { error: cause, where: "handler" };
  } catch (error) {
    pass.thrown = { error, where: "handler" };
  }
  return undefined;
}
