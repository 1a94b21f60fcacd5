import { createHash } from "node:crypto";
import type { EventPolicy, EventType } from "../../core/event.ts";
import { maxTopicLength, toDeadLetterTopic, toRetryTopic } from "../../core/topic-names.ts";
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

const triesInOrder = 8;

/**
 * Turns an event's policy and the consumer's options into the plan of its failures.
 * Without a policy, and where order is declared, the record is tried again in its place and then stops its partition.
 */
export function buildPlan(
  topic: string,
  policy: EventPolicy | undefined,
  options: ResolvedConsumerOptions,
): Plan {
  const ordered = options.ordered || (policy?.ordered ?? false);
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
  for (const topic of [...plan.stages.map((stage) => stage.topic), plan.deadLetter ?? ""])
    if (topic.length > maxTopicLength) problems.push(`${topic} is longer than ${maxTopicLength} characters`);
  return problems;
}

/** Sentences that say why an event that declares order cannot have it; empty when it can. */
export function findOrderProblems(event: EventType, { order, ordered }: ResolvedConsumerOptions): string[] {
  if (!(ordered || event.policy.ordered) || order === "partition") return [];
  if (order === "none")
    return [
      `${event.name} declares order, but the consumer's \`order: "none"\` gives it up: drop one of the two`,
    ];
  if (event.key) return [];
  return [
    `${event.name} declares order, but no key to keep it by: declare a key, or read with \`order: "partition"\``,
  ];
}
