import type { Clock } from "../core/clock.ts";
import type { Redactor } from "../core/redact.ts";
import type { Observe } from "../core/signals.ts";
import type { Holds } from "./assignment/holds.ts";
import type { Work } from "./assignment/partition.ts";
import type { Dedupe } from "./dedupe.ts";
import { identify } from "./dedupe.ts";
import type { ResolvedConsumerOptions } from "./options.ts";
import { toFailure } from "./steps/classify.ts";
import { createClassify, createDecode } from "./steps/decode.ts";
import { toRecordRef } from "./steps/delivery.ts";
import { openSlot } from "./steps/invoke.ts";
import type { Pass, Pending, Settlement, Step } from "./steps/pass.ts";
import { openPass } from "./steps/pass.ts";
import { createRetryPlan } from "./steps/retry-plan.ts";
import type { Settle } from "./steps/settle.ts";

export interface PipelineDeps {
  readonly clock: Clock;
  readonly observe: Observe;
  readonly redactor: Redactor;
  readonly options: ResolvedConsumerOptions;
  readonly dedupe: Dedupe | undefined;
  readonly holds: Pick<Holds, "passed">;
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

/** Takes records along the steps between admission and settlement. */
export interface Pipeline {
  readonly run: RunPass;
  /** Takes a record up to its handler. Settlement given: it will not get there, and is not settled yet. */
  prepare(work: Work): Promise<Prepared>;
  /** Runs the handler of a prepared record, and what lies behind it. */
  handle(pass: Pass): Promise<boolean>;
  /** What the retry plan says to a prepared record. */
  plan(pass: Pass): Settlement | undefined;
  /** Settles a prepared record: as it is said, else as the retry plan says. */
  settle(pass: Pass, settlement: Settlement | undefined): Promise<boolean>;
}

export interface Prepared {
  readonly pass: Pass;
  readonly settlement: Settlement | undefined;
}

/** A step that settles ends the pass. */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const { clock, observe, options, settle } = deps;
  const isHeard = observe.hearsRoutine !== false;
  const planRetry = createRetryPlan(deps);
  const inner = createSteps(deps, planRetry);
  const names = order.filter((name): name is InnerStep => Object.hasOwn(inner, name));
  const steps = names.map((name) => inner[name]);
  const atHandler = names.indexOf("handler");

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

  const run: RunPass = (work, onEnd) => {
    let begun: Pass | Promise<boolean>;
    try {
      begun = work.resume ? work.resume() : open(work);
    } catch (error) {
      return onEnd(work, unsettled(error));
    }
    if (begun instanceof Promise) tell(work, begun, onEnd);
    else goOn(begun, 0, onEnd);
  };

  return {
    run,
    async prepare(work) {
      const pass = open(work);
      try {
        const settled = await walk(steps.slice(0, atHandler), pass);
        return { pass, settlement: settled ?? (pass.failure && planRetry(pass)) };
      } catch (error) {
        observe({ kind: "internal.error", where: "consumer pipeline", error });
        return { pass, settlement: { kind: "stop", failure: toFailure("internal", error) } };
      }
    },
    handle: (pass) =>
      new Promise((resolve) => {
        goOn(pass, atHandler, (_, isFinished) => resolve(isFinished));
      }),
    plan: planRetry,
    async settle(pass, settlement) {
      try {
        const found = settlement ?? planRetry(pass);
        if (!found) throw new Error("The pipeline ended without a settlement");
        return await settle(pass, found);
      } catch (error) {
        return broken(pass, error);
      }
    },
  };
}

function createSteps(deps: PipelineDeps, planRetry: Step): Readonly<Record<InnerStep, Step>> {
  const { observe, options, dedupe, holds } = deps;
  return {
    decode: createDecode(options.onUnhandled),
    classify: createClassify((pass, reason) => {
      const record = toRecordRef(pass.work, options.group, pass.attempt, pass.eventType, undefined);
      observe({ kind: "record.decode_failed", record, reason });
    }),
    dedupe: dedupe ? (pass) => identify(pass) ?? dedupe.step(pass) : identify,
    slot(pass) {
      // Registry and store answered: its partition does not wait for its handler, too.
      if (pass.work.partition.isHeld) holds.passed(pass.work, undefined);
      return openSlot(pass);
    },
    handler: deps.handler,
    "retry plan": planRetry,
  };
}

async function walk(steps: readonly Step[], pass: Pass): Promise<Settlement | undefined> {
  for (const step of steps) {
    const found = step(pass);
    if (found === undefined) continue;
    if (found.kind !== "pending") return found;
    const { until, resolved, rejected } = found;
    const settled = await until.then(
      (value) => resolved(pass, value as never),
      (error: unknown) => rejected(pass, error),
    );
    if (settled) return settled;
  }
  return undefined;
}
