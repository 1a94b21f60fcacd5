import { KeryxError } from "../../core/errors.ts";
import type { Delivery, HandlerResult, Middleware, Outcome } from "../../core/handler.ts";
import { compose } from "../../core/handler.ts";

/** What stands around one handler. */
export interface Slot {
  /** The consumer's deadline, or a tighter one of a `timeout` step. */
  readonly timeoutMs: number;
  /** Undefined: nothing; the handler is called at once. */
  readonly around: Middleware | undefined;
  /** Steps of the user stand there, not only shipped ones. */
  readonly hasOwnSteps: boolean;
}

/** Lays the steps of the consumer and those of one event around its handler. */
export function buildSlot(middlewares: readonly Middleware[], handlerTimeoutMs: number): Slot {
  const parts = compose(...middlewares).parts ?? [];
  const limits = parts.flatMap(({ shipped }) => (shipped?.kind === "timeout" ? shipped.timeoutMs : []));
  // Deadlines are kept by the engine: the steps that name them have nothing to do themselves.
  const active = parts.filter(({ shipped }) => shipped?.kind !== "timeout");
  return {
    timeoutMs: Math.min(handlerTimeoutMs, ...limits),
    around: active.length > 0 ? compose(...active) : undefined,
    hasOwnSteps: parts.some(({ shipped }) => shipped === undefined),
  };
}

/**
 * Runs a handler inside its steps. A step that answers while the handler still runs has no say: the record is not
 * settled before its handler is, and then as the handler says.
 */
export async function runAround(
  around: Middleware,
  delivery: Delivery,
  handler: () => HandlerResult,
): Promise<Outcome> {
  let handled = nothingHandled;
  const next = (): Promise<Outcome> => {
    handled = watch(handler);
    return handled.end;
  };
  try {
    const answer: unknown = await around(delivery, next);
    if (handled.isOver() && isOutcome(answer)) return answer;
    // A step that forgot to answer must not turn the handler's failure, or a record that nobody saw, into one that is done.
    if (handled !== nothingHandled) return await handled.end;
    throw new KeryxError("usage", "A middleware neither called `next` nor answered itself");
  } catch (error) {
    if (handled.isOver()) throw error;
    return handled.end;
  }
}

/** A handler under way. */
interface Handled {
  readonly end: Promise<Outcome>;
  isOver(): boolean;
}

const done: Outcome = { kind: "done" };
const nothingHandled: Handled = { end: Promise.resolve(done), isOver: () => true };

function watch(handler: () => HandlerResult): Handled {
  let isOver = false;
  const end = (async () => toOutcome(await handler()))();
  const settled = (): void => {
    isOver = true;
  };
  end.then(settled, settled);
  return { end, isOver: () => isOver };
}

const outcomes: ReadonlySet<unknown> = new Set(["done", "skip", "retry", "deadLetter"]);

/** What a handler returned, as an outcome: anything but an outcome means that it is done. */
export function toOutcome(returned: unknown): Outcome {
  return isOutcome(returned) ? returned : done;
}

function isOutcome(value: unknown): value is Outcome {
  return typeof value === "object" && value !== null && "kind" in value && outcomes.has(value.kind);
}
