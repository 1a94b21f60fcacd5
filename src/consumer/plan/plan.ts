import { createHash } from "node:crypto";
import type { EventPolicy } from "../../core/event.ts";
import type { HerePolicy, ResolvedConsumerOptions } from "../options.ts";

/** One retry topic of a plan. */
export interface RetryStage {
  readonly topic: string;
  readonly delayMs: number;
}

/** What happens to a record that fails, for one event (or for what a topic holds without an event). */
export interface Plan {
  readonly stages: readonly RetryStage[];
  /** Absent: nothing is dead-lettered. */
  readonly deadLetter: string | undefined;
  readonly here: HerePolicy;
  readonly exhausted: "deadLetter" | "stop" | "discard";
  readonly ordered: boolean;
  /** Attempts before the plan is exhausted. */
  readonly attempts: number;
  /** No due time of this plan lies further ahead. */
  readonly longestDelayMs: number;
  /** First 8 hex digits of SHA-256 over the plan, for `keryx-plan`. */
  readonly fingerprint: string;
}

const maxTopicLength = 249;
const triesInOrder = 8;

type Naming = Pick<ResolvedConsumerOptions, "group" | "naming">;

// The group part is made legal and unique: two groups must never share a topic that is named after one of them.
function toTopicName(topic: string, suffix: string, { group, naming }: Naming): string {
  if (naming === "topic") return `${topic}-${suffix}`;
  const legal = group.replace(/[^a-zA-Z0-9._-]/g, "_");
  const name = `${topic}-${legal}-${suffix}`;
  if (legal === group && name.length <= maxTopicLength) return name;
  const digest = createHash("sha256").update(group).digest("hex").slice(0, 8);
  const room = maxTopicLength - `${topic}---${suffix}`.length - digest.length;
  return `${topic}-${legal.slice(0, Math.max(room, 0))}-${digest}-${suffix}`;
}

/** The name of a topic's k-th retry topic, counted from 1. */
export function toRetryTopic(topic: string, stage: number, naming: Naming): string {
  return toTopicName(topic, `retry-${stage}`, naming);
}

/** The dead-letter topic: the declared one, else the name that the naming variant gives. */
export function toDeadLetterTopic(topic: string, declared: string | undefined, naming: Naming): string {
  const isDefault = declared === undefined || declared === `${topic}-dlq`;
  return isDefault ? toTopicName(topic, "dlq", naming) : declared;
}

/**
 * Turns an event's policy and the consumer's options into the plan of its failures.
 * Without a policy, and where order is declared, the record is tried again in its place and then stops its partition.
 */
export function buildPlan(
  topic: string,
  policy: EventPolicy | undefined,
  options: ResolvedConsumerOptions,
): Plan {
  const ordered = policy?.ordered ?? false;
  const hasDeadLetter = policy !== undefined && policy.deadLetter !== "";
  const delays = ordered || !policy ? [] : (options.retryDelaysMs ?? policy.retry.delaysMs);
  const stages = delays.map((delayMs, index) => ({
    topic: toRetryTopic(topic, index + 1, options),
    delayMs,
  }));
  const exhausted = options.exhausted ?? (ordered || !hasDeadLetter ? "stop" : "deadLetter");
  const tries = options.here.tries ?? (ordered || !hasDeadLetter ? triesInOrder : 1);
  const needsDeadLetter = exhausted === "deadLetter" || stages.length > 0;
  const deadLetter =
    hasDeadLetter && needsDeadLetter ? toDeadLetterTopic(topic, policy.deadLetter, options) : undefined;
  const canonical = JSON.stringify([delays, tries, exhausted, deadLetter ?? null]);
  return {
    stages,
    deadLetter,
    here: { ...options.here, tries },
    exhausted,
    ordered,
    attempts: tries + stages.length,
    longestDelayMs: stages.length > 0 ? Math.max(...delays) : options.here.maxMs,
    fingerprint: createHash("sha256").update(canonical).digest("hex").slice(0, 8),
  };
}

/** Sentences that say why a plan cannot be kept; empty when it can. */
export function findPlanProblems(name: string, plan: Plan, options: ResolvedConsumerOptions): string[] {
  const problems: string[] = [];
  if (plan.ordered && (options.retryDelaysMs?.length ?? 0) > 0)
    problems.push(
      `${name} declares order, but retryDelaysMs asks for retry topics, which give key order up: drop one of the two`,
    );
  if (plan.deadLetter === undefined && plan.stages.length > 0)
    problems.push(`${name} has retry topics but no dead-letter topic behind them: declare one`);
  if (plan.deadLetter === undefined && plan.exhausted === "deadLetter")
    problems.push(`${name} has no dead-letter topic, but \`exhausted: "deadLetter"\` asks for one`);
  for (const { topic } of plan.stages)
    if (topic.length > maxTopicLength) problems.push(`${topic} is longer than ${maxTopicLength} characters`);
  return problems;
}
