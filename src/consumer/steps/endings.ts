import type { Clock } from "../../core/clock.ts";
import type { Observe } from "../../core/signals.ts";
import type { HoldCause, Holds } from "../assignment/holds.ts";
import type { Work } from "../assignment/partition.ts";
import type { Dedupe } from "../dedupe.ts";
import type { Failure } from "./classify.ts";
import { toRecordRef } from "./delivery.ts";
import type { Pass, Settlement } from "./pass.ts";
import { outcomeLabels } from "./pass.ts";

/** The five ways a pass can leave its record. Each reports what happened; true lets the lane go on. */
export interface Endings {
  /** The outcome is final: the offset completes, unless the assignment is over. */
  complete(pass: Pass, settlement: Settlement): boolean;
  /** The record is left to whoever owns its partition next. */
  abandon(pass: Pass, why: string): boolean;
  /** The record waits with its partition; `resume`, where given, finishes it without another pass. */
  hold(pass: Pass, cause: HoldCause, error: unknown, resume?: () => Promise<boolean>): boolean;
  /** The record waits in its lane. */
  wait(pass: Pass, settlement: Extract<Settlement, { kind: "here" | "wait" }>): boolean;
  /** The partition stands still before this record, until a new assignment tries it again. */
  stop(pass: Pass, failure: Failure): boolean;
}

export interface EndingsDeps {
  readonly clock: Clock;
  readonly observe: Observe;
  readonly group: string;
  readonly dedupe: Dedupe | undefined;
  readonly holds: Holds;
}

export function createEndings({ clock, observe, group, dedupe, holds }: EndingsDeps): Endings {
  const isRoutineHeard = observe.hearsRoutine !== false;

  const report = (pass: Pass, settlement: Settlement): void => {
    if (isRoutineHeard || settlement.kind !== "done" || pass.isLate)
      observe(toHandledSignal(pass, settlement, group, clock.now()));
  };

  const end = (work: Work, isFinished: boolean, heldFor?: HoldCause): boolean => {
    if (work.partition.isHeld) holds.passed(work, heldFor);
    return isFinished;
  };

  const abandon = (pass: Pass, why: string): boolean => {
    dedupe?.release(pass.work);
    report(pass, { kind: "abandon", why });
    return end(pass.work, true);
  };

  return {
    abandon,
    complete(pass, settlement) {
      const { work } = pass;
      const { topic, partition, epoch, phase } = work.partition;
      if (phase === "closed") {
        observe({ kind: "offsets.dropped", group, topic, partition, epoch, why: "completion" });
        report(pass, { kind: "abandon", why: "epoch-over" });
        return end(work, true);
      }
      report(pass, settlement);
      work.partition.offsets.complete(work);
      work.partition.touch();
      return end(work, true);
    },
    hold(pass, cause, error, resume) {
      const { work } = pass;
      if (work.partition.phase !== "open") return abandon(pass, "closing");
      report(pass, { kind: "hold", cause, error });
      work.resume = resume;
      holds.hold(work, cause);
      return end(work, false, cause);
    },
    wait(pass, settlement) {
      const { work } = pass;
      if (work.partition.phase !== "open") return abandon(pass, "closing");
      report(pass, settlement);
      if (settlement.kind === "here") work.triesHere++;
      holds.wait(work, settlement.delayMs);
      return end(work, false);
    },
    stop(pass, failure) {
      const { work } = pass;
      const { topic, partition, pauses, phase } = work.partition;
      const failureClass = failure.class;
      dedupe?.release(work);
      report(pass, { kind: "stop", failure });
      if (phase === "open") pauses.add("stopped");
      const error = failure.thrown === undefined ? {} : { error: failure.thrown };
      observe({
        kind: "partition.stopped",
        group,
        topic,
        partition,
        offset: work.offset,
        failureClass,
        ...error,
      });
      return end(work, false);
    },
  };
}

function toHandledSignal(pass: Pass, settlement: Settlement, group: string, nowMs: number): HandledSignal {
  const { work, attempt, eventType, messageId } = pass;
  const failure = "failure" in settlement ? settlement.failure : undefined;
  const error = failure?.thrown ?? (settlement.kind === "hold" ? settlement.error : undefined);
  const reason = reasonOf(pass, settlement);
  return {
    kind: "record.handled",
    record: toRecordRef(work, group, attempt, eventType, messageId),
    outcome: outcomeLabels[settlement.kind],
    durationMs: nowMs - pass.startedMs,
    reason,
    error,
    failureClass: failure?.class,
    next: toNext(settlement),
  };
}

type HandledSignal = Parameters<Observe>[0] & { readonly kind: "record.handled" };

function reasonOf(pass: Pass, settlement: Settlement): string | undefined {
  switch (settlement.kind) {
    case "done":
      return pass.isLate ? "late" : undefined;
    case "skip":
      return settlement.reason;
    case "duplicate":
      return "duplicate";
    case "hold":
      return settlement.cause;
    case "wait":
    case "abandon":
      return settlement.why;
    default:
      return settlement.failure.reason;
  }
}

function toNext(settlement: Settlement): HandledSignal["next"] {
  if (settlement.kind === "later") return { topic: settlement.topic, dueAtMs: settlement.dueAtMs };
  return settlement.kind === "deadLetter" ? { topic: settlement.topic } : undefined;
}
