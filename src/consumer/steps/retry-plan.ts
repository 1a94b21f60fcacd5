import type { Clock } from "../../core/clock.ts";
import { headerInteger, headerNames } from "../../core/headers.ts";
import type { Redactor } from "../../core/redact.ts";
import { redactFailure } from "../hand-over/sensitive.ts";
import { decide } from "../retry-policy.ts";
import type { Predicates } from "./classify.ts";
import { classifyHandler, nameFailure } from "./classify.ts";
import type { Pass, Settlement } from "./pass.ts";
import { planOf } from "./pass.ts";

export interface RetryPlanDeps {
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly options: Predicates;
}

/** The step behind the handler: a failure, or a handler's wish, becomes here, later, dead letter, discard or stop. */
export function createRetryPlan({
  clock,
  redactor,
  options,
}: RetryPlanDeps): (pass: Pass) => Settlement | undefined {
  const toPassFailure = (pass: Pass): void => {
    const { thrown, outcome, isLate } = pass;
    if (thrown) pass.failure ??= classifyHandler(thrown.error, isLate, options);
    else if (outcome?.kind === "deadLetter")
      pass.failure ??= nameFailure("non-retriable", "dead-letter", outcome.reason);
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
      replays: headerInteger(work.record.headers, headerNames.replayCount),
      askedDelayMs: outcome?.kind === "retry" ? outcome.delayMs : undefined,
    });
    if (verdict.kind !== "later") return { ...verdict, failure };
    const { stage, topic, delayMs } = verdict;
    return { kind: "later", stage, topic, dueAtMs: Math.ceil(now + delayMs), failure };
  };
}
