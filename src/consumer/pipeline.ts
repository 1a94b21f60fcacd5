import type { Clock } from "../core/clock.ts";
import { headerInteger, headerNames } from "../core/headers.ts";
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
import { openSlot } from "./steps/invoke.ts";
import type { Pass, Pending, Step } from "./steps/pass.ts";
import { openPass, planOf } from "./steps/pass.ts";
import type { Settle } from "./steps/settle.ts";

export interface PipelineDeps {
  readonly clock: Clock;
  readonly observe: Observe;
  readonly redactor: Redactor;
  readonly options: ResolvedConsumerOptions;
  readonly dedupe: Dedupe | undefined;
  readonly handler: Step;
  readonly settle: Settle;
}

/** The way of every record. Nobody can move, leave out or repeat a step; users fill the slot around the handler. */
export const order = [
  "admit", // flow.ts, lanes.ts
  "due", // flow.ts: retry topics only
  "decode",
  "classify",
  "dedupe",
  "slot",
  "handler",
  "retry plan",
  "settle", // steps/settle.ts
] as const;

type InnerStep = Exclude<(typeof order)[number], "admit" | "due" | "settle">;

/**
 * Runs one pass over an admitted record and tells of its end exactly once, at once or later.
 * `isFinished` false: the record waits and will be given back.
 */
export type RunPass = (work: Work, onEnd: OnEnd) => void;

type Answer = Pending["resolved"];
type OnEnd = (work: Work, isFinished: boolean) => void;

/** Undefined: a step waits, and goes on by itself. */
type Ended = boolean | Promise<boolean> | undefined;

/** Runs one pass over one record. Admission and due time lie before it; a step that settles ends it. */
export function createPipeline(deps: PipelineDeps): RunPass {
  const { clock, observe, options, settle, dedupe } = deps;
  const isHeard = observe.hearsRoutine !== false;
  const inner: Readonly<Record<InnerStep, Step>> = {
    decode: createDecode(options.onUnhandled),
    classify,
    dedupe: dedupe ? (pass) => identify(pass) ?? dedupe.step(pass) : identify,
    slot: openSlot,
    handler: deps.handler,
    "retry plan": createRetryPlan(deps),
  };
  const steps = order.flatMap((name) => (Object.hasOwn(inner, name) ? inner[name as InnerStep] : []));

  // Stays synchronous as long as the steps do, and waits with one promise where they do not: a promise for every step
  // of every record would cost half the speed.
  const advance = (pass: Pass, from: number, onEnd: OnEnd): Ended => {
    for (let index = from; index < steps.length; index++) {
      const found = steps[index]?.(pass);
      if (found === undefined) continue;
      if (found.kind !== "pending") return settle(pass, found);
      wait(pass, found, index + 1, onEnd);
      return undefined;
    }
    throw new Error("The pipeline ended without a settlement");
  };

  const wait = (pass: Pass, { until, resolved, rejected }: Pending, next: number, onEnd: OnEnd): void => {
    until.then(
      (value) => goOn(pass, next, onEnd, resolved, value),
      (error: unknown) => goOn(pass, next, onEnd, rejected, error),
    );
  };

  const goOn = (pass: Pass, next: number, onEnd: OnEnd, answer?: Answer, found?: unknown): void => {
    let ended: Ended;
    try {
      const settled = answer?.(pass, found as never);
      ended = settled ? settle(pass, settled) : advance(pass, next, onEnd);
    } catch (error) {
      ended = broken(pass, error);
    }
    tell(pass.work, ended, onEnd);
  };

  const broken = (pass: Pass, error: unknown): boolean | Promise<boolean> => {
    observe({ kind: "internal.error", where: "consumer pipeline", error });
    try {
      return settle(pass, { kind: "stop", failure: toFailure("internal", error) });
    } catch (second) {
      return unsettled(second);
    }
  };

  // Settling deals with what fails in it: what arrives here is a defect, and the lane must not go on over it.
  const unsettled = (error: unknown): false => {
    observe({ kind: "internal.error", where: "consumer lanes", error });
    return false;
  };

  const tell = (work: Work, ended: Ended, onEnd: OnEnd): void => {
    if (ended === undefined) return;
    if (ended instanceof Promise) void ended.catch(unsettled).then((isFinished) => onEnd(work, isFinished));
    else onEnd(work, ended);
  };

  const open = (work: Work): Pass => {
    const pass = openPass(work, clock.now());
    if (isHeard)
      observe({
        kind: "record.received",
        record: toRecordRef(work, options.group, pass.attempt, undefined, undefined),
      });
    return pass;
  };

  return (work, onEnd) => {
    let begun: Pass | Promise<boolean>;
    try {
      begun = work.resume ? work.resume() : open(work);
    } catch (error) {
      return onEnd(work, unsettled(error));
    }
    if (begun instanceof Promise) tell(work, begun, onEnd);
    else goOn(begun, 0, onEnd);
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
      replays: headerInteger(work.record.headers, headerNames.replayCount),
      askedDelayMs: outcome?.kind === "retry" ? outcome.delayMs : undefined,
    });
    if (verdict.kind !== "later") return { ...verdict, failure };
    const { stage, topic, delayMs } = verdict;
    return { kind: "later", stage, topic, dueAtMs: Math.ceil(now + delayMs), failure };
  };
}
