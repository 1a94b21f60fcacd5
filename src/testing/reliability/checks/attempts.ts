import { headerNames } from "../../../core/headers.ts";
import { type Flow, headerOf, integerOf, type Run, toPlaceKey } from "../run.ts";
import type { Report } from "../violations.ts";
import { describeMessage, describePlace } from "./describe.ts";

const spent: ReadonlySet<string> = new Set(["processed", "retried", "dead_lettered", "discarded", "stopped"]);

/** As many attempts as the plan has, and none before it is due. */
export function checkAttempts(run: Run, report: Report): void {
  for (const flow of run.flows) {
    checkLetters(flow, report);
    checkPasses(run, flow, report);
    checkDelays(run, flow, report);
  }
}

const attemptsOf = ({ tries, stages }: Flow): number => tries + stages.length;

function checkLetters(flow: Flow, report: Report): void {
  const planned = attemptsOf(flow);
  for (const { kind, record, at } of flow.handedOver) {
    const failureClass = headerOf(record, headerNames.failureClass);
    // What cannot get better is given up at once.
    if (kind !== "dead-letter" || (failureClass !== "transient" && failureClass !== "timeout")) continue;
    const made = integerOf(record, headerNames.attemptCount);
    if (made === undefined || made === planned) continue;
    const where = `${describeMessage(record, at)}: dead-lettered after ${made} attempts of ${planned}`;
    report("attempts", made > planned ? "too-many" : "too-few", where);
  }
}

function checkPasses({ history }: Run, flow: Flow, report: Report): void {
  const planned = attemptsOf(flow);
  const topics = new Set([flow.topic, ...flow.stages.map(({ topic }) => topic)]);
  for (const entry of history) {
    if (entry.name !== "outcome" || entry.group !== flow.group || !topics.has(entry.topic)) continue;
    if (spent.has(entry.outcome) && entry.attempt > planned)
      report("attempts", "too-many", `${describePlace(entry)}: attempt ${entry.attempt} of ${planned}`);
  }
}

function checkDelays({ history, policy }: Run, flow: Flow, report: Report): void {
  const tolerance = policy.clockTolerance ?? 0.05;
  const dueMs = new Map<string, number>();
  for (const { kind, stage, record, at } of flow.handedOver) {
    const delayMs = flow.stages[stage - 1]?.delayMs ?? 0;
    const due = integerOf(record, headerNames.dueAt);
    const failed = integerOf(record, headerNames.lastAttempt);
    if (kind !== "retry" || due === undefined) continue;
    dueMs.set(toPlaceKey(at), due - delayMs * tolerance);
    if (failed !== undefined && due < failed + delayMs * (1 - tolerance))
      report(
        "attempts",
        "due-too-early",
        `${describeMessage(record, at)}: due ${due - failed} ms after its failure`,
      );
  }
  if (dueMs.size === 0) return;
  for (const entry of history) {
    if (entry.name !== "outcome" || entry.stage === "main" || !spent.has(entry.outcome)) continue;
    const due = dueMs.get(toPlaceKey(entry));
    if (due !== undefined && entry.startedWallMs < due)
      report(
        "attempts",
        "early",
        `${describePlace(entry)}: run ${Math.ceil(due - entry.startedWallMs)} ms early`,
      );
  }
}
