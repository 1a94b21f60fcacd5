import type { Clock } from "../core/clock.ts";
import type { Redactor } from "../core/redact.ts";
import type { Observe } from "../core/signals.ts";
import type { Work } from "./assignment/partition.ts";
import type { Dedupe } from "./dedupe.ts";
import { identify } from "./dedupe.ts";
import { redactFailure } from "./hand-over/sensitive.ts";
import type { ResolvedConsumerOptions } from "./options.ts";
import { decide } from "./retry-policy.ts";
import { classifyHandler, nameFailure, toFailure } from "./steps/classify.ts";
import { classify, createDecode } from "./steps/decode.ts";
import { toRecordRef } from "./steps/delivery.ts";
import type { Pass, Step } from "./steps/pass.ts";
import { openPass, planOf } from "./steps/pass.ts";
import type { Settle } from "./steps/settle.ts";

export interface PipelineDeps {
  readonly clock: Clock;
  readonly observe: Observe;
  readonly redactor: Redactor;
  readonly options: ResolvedConsumerOptions;
  readonly dedupe: Dedupe | undefined;
  readonly invoke: Step;
  readonly settle: Settle;
}

/** Runs one pass over an admitted record. True: finished. False: the record waits and will be given back. */
export type RunPass = (work: Work) => boolean | Promise<boolean>;

/**
 * The order of a record's way, in one place: nothing can be moved, left out or done twice.
 * Admission and due time lie before it (`flow.ts`); a step that settles ends it.
 */
export function createPipeline(deps: PipelineDeps): RunPass {
  const { clock, observe, options, settle } = deps;
  const steps: readonly Step[] = [
    createDecode(options.onUnhandled),
    classify,
    identify,
    ...(deps.dedupe ? [deps.dedupe.step] : []),
    deps.invoke, // the user's middleware, then the handler
    createRetryPlan(deps),
  ];

  // Stays synchronous as long as the steps do: a promise for every step of every record would cost half the speed.
  const advance = (pass: Pass, from: number): boolean | Promise<boolean> => {
    for (let index = from; index < steps.length; index++) {
      const settled = steps[index]?.(pass);
      if (settled instanceof Promise) return goOn(pass, settled, index + 1);
      if (settled) return settle(pass, settled);
    }
    throw new Error("The pipeline ended without a settlement");
  };

  const goOn = async (pass: Pass, step: ReturnType<Step>, next: number): Promise<boolean> => {
    try {
      const settled = await step;
      const isFinished = settled ? settle(pass, settled) : advance(pass, next);
      return typeof isFinished === "boolean" ? isFinished : await isFinished;
    } catch (error) {
      return broken(pass, error);
    }
  };

  const broken = (pass: Pass, error: unknown): boolean | Promise<boolean> => {
    observe({ kind: "internal.error", where: "consumer pipeline", error });
    return settle(pass, { kind: "stop", failure: toFailure("internal", error) });
  };

  return (work) => {
    if (work.resume) return work.resume();
    const pass = openPass(work, clock.now());
    observe({
      kind: "record.received",
      record: toRecordRef(work, options.group, pass.attempt, undefined, undefined),
    });
    try {
      return advance(pass, 0);
    } catch (error) {
      return broken(pass, error);
    }
  };
}

/** The last step: a failure, or a handler's wish, becomes here, later, dead letter, discard or stop. */
function createRetryPlan({ clock, redactor, options }: PipelineDeps): Step {
  const toPassFailure = (pass: Pass): void => {
    const { thrown, outcome, isLate } = pass;
    if (thrown) pass.failure ??= classifyHandler(thrown.error, isLate, options);
    else if (outcome?.kind === "deadLetter")
      pass.failure ??= nameFailure("non-retriable", "dead-letter", String(outcome.reason));
    else if (outcome?.kind === "retry")
      pass.failure ??= nameFailure("transient", "retry", "The handler asked for another try");
  };

  return (pass) => {
    const { work, thrown, outcome } = pass;
    if (thrown?.where === "handler" && !pass.isLate) {
      if (work.partition.isCalledOff) return { kind: "abandon", why: "called-off" };
      // Whoever took the lease runs the record now; this copy waits for what becomes of it.
      if (work.claim?.isLost) return { kind: "wait", delayMs: 0, why: "lease-lost" };
    }
    toPassFailure(pass);
    if (!pass.failure) return undefined;
    const failure = redactFailure(pass.failure, redactor, pass.known?.event, pass.value);
    const now = clock.now();
    work.firstFailureMs ??= now;
    work.lastFailureMs = now;
    const verdict = decide({
      failure,
      attempt: pass.attempt,
      triesHere: work.triesHere + 1,
      stage: work.partition.stage,
      plan: planOf(pass),
      askedDelayMs: outcome?.kind === "retry" ? outcome.delayMs : undefined,
    });
    if (verdict.kind !== "later") return { ...verdict, failure };
    const { stage, topic, delayMs } = verdict;
    return { kind: "later", stage, topic, dueAtMs: Math.ceil(now + delayMs), failure };
  };
}
