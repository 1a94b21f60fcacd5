import type { Delivery, Outcome } from "../../core/handler.ts";
import type { SchemaKey } from "../../core/record.ts";
import type { OutcomeLabel } from "../../core/signals.ts";
import type { HoldCause } from "../assignment/holds.ts";
import type { Work } from "../assignment/partition.ts";
import type { History } from "../hand-over/history.ts";
import { readHistory } from "../hand-over/history.ts";
import type { KnownEvent } from "../plan/handlers.ts";
import type { Plan } from "../plan/plan.ts";
import type { Failure } from "./classify.ts";

/** One pass over one record. Each step of the pipeline adds what it found for the steps behind it. */
export interface Pass {
  readonly work: Work;
  readonly history: History;
  /** Number of this attempt, counted over all stages. */
  readonly attempt: number;
  readonly startedMs: number;
  /** From decode: the event, unless the record is a tombstone or nobody knows it. */
  known: KnownEvent | undefined;
  value: unknown;
  eventType: string | undefined;
  schemaId: SchemaKey | undefined;
  /** From decode or from the handler: what was thrown. */
  thrown: { readonly error: unknown; readonly where: "decode" | "handler" } | undefined;
  failure: Failure | undefined;
  /** The id that repeats of the record are known by. */
  messageId: string | undefined;
  /** From the slot: what the handler gets. */
  delivery: (Delivery & { callOff(reason: unknown): void }) | undefined;
  isLate: boolean;
  outcome: Outcome | undefined;
  /** While its handler runs: takes the deadline back. */
  cancelDeadline: (() => void) | undefined;
}

/** How a pass ends. */
export type Settlement =
  | { readonly kind: "done" }
  | { readonly kind: "skip"; readonly reason: string }
  | { readonly kind: "duplicate" }
  | { readonly kind: "here"; readonly delayMs: number; readonly failure: Failure }
  | {
      readonly kind: "later";
      readonly stage: number;
      readonly topic: string;
      readonly dueAtMs: number;
      readonly failure: Failure;
    }
  | { readonly kind: "deadLetter"; readonly topic: string; readonly failure: Failure }
  | { readonly kind: "discard"; readonly failure: Failure }
  /** Something outside does not answer: the partition waits. */
  | { readonly kind: "hold"; readonly cause: HoldCause; readonly error: unknown }
  /** Only this lane waits; no attempt is spent. */
  | { readonly kind: "wait"; readonly delayMs: number; readonly why: string }
  | { readonly kind: "stop"; readonly failure: Failure }
  | { readonly kind: "abandon"; readonly why: string };

/** The metric label of each settlement. */
export const outcomeLabels: Readonly<Record<Settlement["kind"], OutcomeLabel>> = {
  done: "processed",
  skip: "skipped",
  duplicate: "deduped",
  here: "retried",
  later: "retried",
  deadLetter: "dead_lettered",
  discard: "discarded",
  hold: "held",
  wait: "held",
  stop: "stopped",
  abandon: "abandoned",
};

/** A step that cannot answer yet, and how it will. The two functions belong to the step: a record costs one promise. */
export interface Pending {
  readonly kind: "pending";
  readonly until: Promise<unknown>;
  readonly resolved: (pass: Pass, value: never) => Settlement | undefined;
  readonly rejected: (pass: Pass, error: unknown) => Settlement | undefined;
}

/** One step of the pipeline: a settlement ends the pass, nothing hands it to the next step. */
export type Step = (pass: Pass) => Settlement | Pending | undefined;

export function openPass(work: Work, nowMs: number): Pass {
  const history = readHistory(work.record, work.partition.stage);
  return {
    work,
    history,
    attempt: history.attempts + work.triesHere + 1,
    startedMs: nowMs,
    known: undefined,
    value: undefined,
    eventType: undefined,
    schemaId: undefined,
    thrown: undefined,
    failure: undefined,
    messageId: undefined,
    delivery: undefined,
    isLate: false,
    outcome: undefined,
    cancelDeadline: undefined,
  };
}

/** The plan of the pass's event, or of what has no event on its topic. */
export function planOf(pass: Pass): Plan {
  return pass.known?.plan ?? pass.work.partition.route.plan;
}
