import { headerNames, reservedPrefix } from "../../../core/headers.ts";
import type { FinalRecord } from "../final-read.ts";
import { findRecord, type HandedOver, headerOf, integerOf, originOf, type Run } from "../run.ts";
import type { Report } from "../violations.ts";
import { describeMessage, describePlace } from "./describe.ts";

/** A dead letter is the untouched record, and says where it comes from and why. So is every record on its way there. */
export function checkDeadLetters(run: Run, report: Report): void {
  for (const { handedOver, failureClasses } of run.flows)
    for (const one of handedOver) {
      if (headerOf(one.record, headerNames.side) === "producer") continue;
      checkOne(run, one, report);
      const failureClass = headerOf(one.record, headerNames.failureClass);
      if (failureClass !== undefined && failureClasses?.includes(failureClass) === false)
        report("dead-letters", "unexpected-class", `${describeMessage(one.record, one.at)}: ${failureClass}`);
    }
}

function checkOne(run: Run, { record, at }: HandedOver, report: Report): void {
  const where = describeMessage(record, at);
  const origin = originOf(record);
  if (headerOf(record, headerNames.failureClass) === undefined) report("dead-letters", "class", where);
  const reasons = [headerNames.failureReason, headerNames.failureError, headerNames.failureCode];
  if (reasons.every((name) => headerOf(record, name) === undefined)) report("dead-letters", "reason", where);
  const attempts = integerOf(record, headerNames.attemptCount);
  if (attempts === undefined || attempts < 1) report("dead-letters", "attempt", where);
  if (!origin) {
    report("dead-letters", "origin", where);
    return;
  }
  const original = findRecord(run, origin);
  const partition = run.partitions.get(`${origin.topic}/${origin.partition}`);
  if (!original) {
    // Retention may have taken it since.
    if (partition && origin.offset >= partition.low)
      report("dead-letters", "origin", `${where}: nothing lies at ${describePlace(origin)}`);
    return;
  }
  if (original.id !== record.id && hasId(original))
    report("dead-letters", "origin", `${where}: ${original.id} lies at ${describePlace(origin)}`);
  if (original.key !== record.key) report("dead-letters", "key", where);
  if (original.digest !== record.digest) report("dead-letters", "value", where);
  if (toUserHeaders(original) !== toUserHeaders(record)) report("dead-letters", "headers", where);
}

function hasId(record: FinalRecord): boolean {
  return headerOf(record, headerNames.messageId) !== undefined;
}

// Clients that cannot write a null value list its name; a retry topic's record may have come by one.
function toUserHeaders(record: FinalRecord): string {
  const nulls = new Set(readNames(headerOf(record, headerNames.nullHeaders)));
  return JSON.stringify(
    record.headers
      .filter(([name]) => !name.startsWith(reservedPrefix))
      .map(([name, value]) => [name, value === "" && nulls.has(name) ? null : value]),
  );
}

function readNames(text: string | undefined): readonly unknown[] {
  if (text === undefined) return [];
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names : [];
  } catch {
    return [];
  }
}
