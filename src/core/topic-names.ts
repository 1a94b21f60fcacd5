import { createHash } from "node:crypto";

/** Names of retry and dead-letter topics: of the topic alone, or of the topic and the group. */
export type TopicNaming =
  | { readonly naming: "topic" }
  | { readonly naming: "topic" | "group"; readonly group: string };

/** Longest name that Kafka takes. */
export const maxTopicLength = 249;

/** The name of a topic's k-th retry topic, counted from 1. */
export function toRetryTopic(topic: string, stage: number, naming: TopicNaming): string {
  return toTopicName(topic, `retry-${stage}`, naming);
}

/** The dead-letter topic: the declared one, else the name that the naming variant gives. */
export function toDeadLetterTopic(topic: string, declared: string | undefined, naming: TopicNaming): string {
  const isDefault = declared === undefined || declared === `${topic}-dlq`;
  return isDefault ? toTopicName(topic, "dlq", naming) : declared;
}

/** Behind a dead-letter topic: what replays did not help. */
export function toParkedTopic(deadLetter: string): string {
  const name = `${deadLetter}-parked`;
  if (name.length <= maxTopicLength) return name;
  const digest = toDigest(deadLetter);
  return `${deadLetter.slice(0, maxTopicLength - "--parked".length - digest.length)}-${digest}-parked`;
}

/** Group id under which the retry topics of a group are read, so that they never disturb the main consumer. */
export function toRetryGroup(group: string): string {
  return `${group}-retry`;
}

// The group part is made legal and unique: two groups must never share a topic that is named after one of them.
function toTopicName(topic: string, suffix: string, naming: TopicNaming): string {
  if (naming.naming === "topic") return `${topic}-${suffix}`;
  const { group } = naming;
  const legal = group.replace(/[^a-zA-Z0-9._-]/g, "_");
  const name = `${topic}-${legal}-${suffix}`;
  if (legal === group && name.length <= maxTopicLength) return name;
  const digest = toDigest(group);
  const room = maxTopicLength - `${topic}---${suffix}`.length - digest.length;
  return `${topic}-${legal.slice(0, Math.max(room, 0))}-${digest}-${suffix}`;
}

function toDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
