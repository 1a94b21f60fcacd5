import { checkAttempts } from "./checks/attempts.ts";
import { checkCommits } from "./checks/commits.ts";
import { checkDeadLetters } from "./checks/dead-letters.ts";
import { checkEndings } from "./checks/endings.ts";
import { checkMetrics, checkResidue } from "./checks/metrics.ts";
import { checkOrder } from "./checks/order.ts";
import { checkOrigins } from "./checks/origins.ts";
import { checkPolls, checkStarts } from "./checks/polls.ts";
import { checkCopies, checkDedupe, checkRepeats } from "./checks/repeats.ts";
import { checkTraces } from "./checks/traces.ts";
import { checkTransactions } from "./checks/transactions.ts";
import type { Effect } from "./effect-log.ts";
import type { FinalRead } from "./final-read.ts";
import type { HistoryEntry } from "./history.ts";
import type { RunPolicy } from "./policy.ts";
import { buildRun, type Run } from "./run.ts";
import { createViolationList, type Report, type Violation } from "./violations.ts";

const checks: readonly ((run: Run, report: Report) => void)[] = [
  checkOrigins,
  checkEndings,
  checkOrder,
  checkPolls,
  checkStarts,
  checkDedupe,
  checkRepeats,
  checkCopies,
  checkTransactions,
  checkCommits,
  checkAttempts,
  checkDeadLetters,
  checkMetrics,
  checkTraces,
  checkResidue,
];

/**
 * Everything in a run that its policy forbids; empty when all was kept. Pure, and linear in the history. What a run did
 * not record is not judged: without `record_data` no polls, without `metric_sample` no metrics.
 */
export function findViolations(
  history: readonly HistoryEntry[],
  effectLog: readonly Effect[],
  finalRead: FinalRead,
  policy: RunPolicy,
): readonly Violation[] {
  const run = buildRun(history, effectLog, finalRead, policy);
  const violations = createViolationList(policy.seed);
  for (const check of checks) check(run, violations.report);
  return violations.all();
}
