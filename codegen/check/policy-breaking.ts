import { levelScopes } from "../../src/compatibility/levels.ts";
import type { CompatibilityLevel } from "../../src/core/event.ts";
import type { Span } from "../diagnostics.ts";
import type { CheckRule } from "../diagnostics-check-rules.ts";
import { showDuration } from "../diagnostics-print.ts";
import { type EventModel, isRegistered, type Sourced } from "../model/model.ts";
import type { BaselineEvent, BaselineVersion } from "./baseline.ts";
import { brokenJson, type EventHistory } from "./json-breaking.ts";
import { lostMarks } from "./sensitive.ts";

/** A broken promise beside the fields: where the project says it now, and a sentence about it. */
export interface PolicyBreak {
  readonly at: Sourced<unknown> | Span;
  /** A more exact place, as the engine writes paths. */
  readonly path?: string;
  readonly message: string;
  /** Absent: the version that the promise was made with. */
  readonly against?: BaselineVersion;
}

type PolicyRule = (event: EventModel, before: BaselineEvent, history: EventHistory) => Iterable<PolicyBreak>;

const quote = (text: string | undefined): string => (text === undefined ? "nothing" : JSON.stringify(text));

/** A rule about one value that has to stay as it is. */
function kept(
  what: string,
  old: (before: BaselineEvent) => string | undefined,
  now: (event: EventModel) => Sourced<string> | undefined,
): PolicyRule {
  return function* (event, before) {
    const value = now(event);
    if (old(before) === value?.value) return;
    yield {
      at: value ?? event.at,
      message: `${what} of ${event.name} was ${quote(old(before))} and is now ${quote(value?.value)}.`,
    };
  };
}

const textOf = (path: EventModel["options"]["key"]): Sourced<string> | undefined =>
  path && { value: path.value.text, from: path.from };

/** True when the level promises less than the other, for either direction. */
function isLowered(from: CompatibilityLevel, to: CompatibilityLevel): boolean {
  const strength = (level: CompatibilityLevel, direction: "backward" | "forward"): number => {
    const { directions, isTransitive } = levelScopes[level];
    if (!directions.includes(direction)) return 0;
    return isTransitive ? 2 : 1;
  };
  return (["backward", "forward"] as const).some((one) => strength(to, one) < strength(from, one));
}

const rules = {
  "topic-changed": kept(
    "The topic",
    ({ contract }) => contract.policy.topic,
    ({ options }) => options.topic,
  ),
  "type-changed": kept(
    "The event type",
    ({ contract }) => contract.policy.type,
    ({ options }) => options.type,
  ),
  *"format-changed"({ name, at, format }, { contract }) {
    if (format !== contract.format)
      yield { at, message: `${name} was written in ${contract.format} and is now in ${format}.` };
  },
  "serialization-changed": kept(
    "The serialization",
    ({ contract }) => contract.policy.serialization ?? "BINARY",
    ({ options }) => options.serialization,
  ),
  "key-changed": kept(
    "The key",
    ({ contract }) => contract.policy.key,
    ({ options }) => textOf(options.key),
  ),
  "id-changed": kept(
    "The dedupe id",
    ({ contract }) => contract.policy.id,
    ({ options }) => textOf(options.id),
  ),
  *"sensitive-removed"(event, { contract, version }, history) {
    if (event.format !== contract.format) return;
    const readOld = () => history.read(version);
    for (const { path, at } of lostMarks(event, contract.policy.sensitive, readOld))
      yield {
        ...{ at: event.at, path: at },
        message: `The field ${quote(path)} of ${event.name} was marked sensitive.`,
      };
  },
  *"json-changed"(event, before, history) {
    for (const { path, message, against } of brokenJson(event, before, history))
      yield { at: event.at, path, against, message: `In the JSON of ${event.name}: ${message}` };
  },
  *"index-changed"(event, { index, contract }) {
    if (event.format !== contract.format || index.join() === event.index.join()) return;
    const show = (path: readonly number[]): string => `[${path.join(", ")}]`;
    yield {
      at: event.at,
      message: `The index of ${event.name} in its file was ${show(index)} and is now ${show(event.index)}.`,
    };
  },
  *"dead-letter-changed"({ name, options }, { contract }) {
    const { deadLetter: old, topic } = contract.policy;
    const { deadLetter } = options;
    // Named after the topic, it moves with it.
    const isDerived =
      deadLetter.from.kind === "default" && old === `${topic}-dlq` && topic !== options.topic.value;
    if (old !== deadLetter.value && !isDerived)
      yield {
        at: deadLetter,
        message: `The dead-letter topic of ${name} was ${quote(old)} and is now ${quote(deadLetter.value)}.`,
      };
  },
  *"compatibility-lowered"({ name, options }, { contract }) {
    const { value } = options.compatibility;
    const { compatibility } = contract.policy;
    if (isLowered(compatibility, value))
      yield {
        at: options.compatibility,
        message: `The compatibility level of ${name} was ${compatibility} and is now ${value}.`,
      };
  },
  *"retry-emptied"({ name, options }, { contract }) {
    const { delaysMs } = contract.policy.retry;
    if (delaysMs.length > 0 && options.retryDelaysMs.value.length === 0)
      yield {
        at: options.retryDelaysMs,
        message: `${name} was retried after ${delaysMs.map(showDuration).join(", ")} and is now not retried at all.`,
      };
  },
  *"subject-changed"(event, { contract }) {
    const { name, options } = event;
    // JSON is registered under none, whatever its history is called.
    if (!isRegistered(event) || contract.policy.serialization !== undefined) return;
    // Another topic has another subject anyway.
    if (options.topic.value !== contract.policy.topic || options.subject.value === contract.subject) return;
    yield {
      at: options.subject,
      message: `The subject of ${name} was ${quote(contract.subject)} and is now ${quote(options.subject.value)}.`,
    };
  },
} satisfies Partial<Record<CheckRule, PolicyRule>>;

/** Every promise of an event that does not hold any more. */
export function* policyBreaks(
  event: EventModel,
  before: BaselineEvent,
  history: EventHistory,
): Generator<PolicyBreak & { readonly rule: CheckRule }> {
  for (const [rule, find] of Object.entries<PolicyRule>(rules))
    for (const found of find(event, before, history)) yield { rule: rule as CheckRule, ...found };
}
