import { toParkedTopic } from "../core/topic-names.ts";
import type { Plan } from "./plan/plan.ts";
import type { Failure } from "./steps/classify.ts";
import { isPermanent } from "./steps/classify.ts";

/** What becomes of a failed record. */
export type Verdict =
  | { readonly kind: "here"; readonly delayMs: number }
  | {
      readonly kind: "later";
      /** Number of the retry stage, from 1. */
      readonly stage: number;
      readonly topic: string;
      readonly delayMs: number;
    }
  | { readonly kind: "deadLetter"; readonly topic: string }
  | { readonly kind: "discard" }
  | { readonly kind: "stop" };

/** Where a failed record stands in its plan. */
export interface Standing {
  readonly failure: Failure;
  /** Attempts made, this one included. */
  readonly attempt: number;
  /** Tries on the source topic in this process, this one included. */
  readonly triesHere: number;
  /** 0 for the source topic, k for its k-th retry topic: from the topic that was read, never from a header. */
  readonly stage: number;
  readonly plan: Plan;
  /** How often the record was replayed. */
  readonly replays?: number | undefined;
  /** What the handler asked for with `delivery.retry({ delayMs })`. */
  readonly askedDelayMs?: number | undefined;
}

/** A dead letter that so many replays did not help is parked: no further one takes it along by itself. */
export const maxReplays = 3;

/** Pause before try n + 1 on the source topic; full jitter draws it from zero up to the bound. */
export function hereDelayMs(plan: Plan, triesHere: number, random: () => number): number {
  const { baseMs, factor, maxMs, jitter } = plan.here;
  const boundMs = Math.min(maxMs, baseMs * factor ** (triesHere - 1));
  return jitter === "full" ? random() * boundMs : boundMs;
}

/**
 * Decides by where the record was read and how often it was tried: again here, a later topic, the dead-letter
 * topic, or stopping the partition. Attempts that a header claims can only shorten the way, never loop it.
 */
export function decide(standing: Standing, random: () => number = Math.random): Verdict {
  const { failure, plan, stage, attempt, triesHere } = standing;
  if (failure.class === "internal") return { kind: "stop" };
  if (isPermanent(failure.class)) return giveUp(standing);
  const { askedDelayMs = Number.NaN } = standing;
  const asked = Number.isNaN(askedDelayMs)
    ? undefined
    : Math.min(Math.max(askedDelayMs, 0), plan.longestDelayMs);
  if (stage === 0 && triesHere < plan.here.tries)
    return { kind: "here", delayMs: asked ?? hereDelayMs(plan, triesHere, random) };
  const next = plan.stages[stage];
  if (next && attempt < plan.attempts)
    return { kind: "later", stage: stage + 1, topic: next.topic, delayMs: asked ?? next.delayMs };
  if (plan.exhausted === "deadLetter" && plan.deadLetter !== undefined)
    return { kind: "deadLetter", topic: toDeadTopic(plan.deadLetter, standing) };
  return plan.exhausted === "discard" ? { kind: "discard" } : { kind: "stop" };
}

// A permanent failure has nothing to wait for: it leaves by the dead-letter topic, else the partition stops.
function giveUp(standing: Standing): Verdict {
  const { deadLetter, exhausted } = standing.plan;
  if (deadLetter !== undefined) return { kind: "deadLetter", topic: toDeadTopic(deadLetter, standing) };
  return exhausted === "discard" ? { kind: "discard" } : { kind: "stop" };
}

function toDeadTopic(deadLetter: string, { replays = 0 }: Standing): string {
  return replays >= maxReplays ? toParkedTopic(deadLetter) : deadLetter;
}
