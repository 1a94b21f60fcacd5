import { KeryxError } from "../core/errors.ts";
import type { TopicDefinition } from "../core/event.ts";
import { createStartOnce } from "../core/lifecycle.ts";
import type { Observe } from "../core/signals.ts";
import type { KafkaPort, NewTopic, PortProducer } from "../transport/port.ts";
import type { ResolvedProducerOptions } from "./options.ts";

/** What a topic is created with when it is missing; the name is the producer's. */
export type TopicToCreate = Omit<NewTopic, "topic">;

export interface OpeningDeps {
  readonly transport: KafkaPort;
  readonly port: PortProducer;
  readonly observe: Observe;
  readonly options: ResolvedProducerOptions;
  /** Undefined: a missing topic is an error. */
  readonly createTopics: TopicToCreate | undefined;
}

/** The dead-letter topics that a producer of `topic` may write to. */
export function deadLetterTopicsOf(topic: TopicDefinition): readonly string[] {
  const named = topic.events.map((event) => event.policy.deadLetter);
  return named.length > 0 ? [...new Set(named)] : [`${topic.name}-dlq`];
}

/**
 * Connects once and makes sure that the topics are there.
 * @throws KeryxError `topic_missing` naming the setting that creates topics, `broker_unreachable`, `auth_failed`, …
 */
export function createOpening(topic: TopicDefinition, deps: OpeningDeps): () => Promise<void> {
  return createStartOnce(async () => {
    await deps.port.connect();
    const topics = deps.options.deadLetter === "topic" ? deadLetterTopicsOf(topic) : [];
    for (const name of [topic.name, ...topics]) await ensureTopic(name, deps);
  });
}

async function ensureTopic(name: string, deps: OpeningDeps): Promise<void> {
  if (deps.createTopics) await createMissing(name, deps.createTopics, deps);
  try {
    await deps.port.partitionsOf(name);
  } catch (thrown) {
    const error = KeryxError.from(thrown);
    throw error.code === "topic_missing" ? toMissingTopic(name, error) : error;
  }
}

async function createMissing(name: string, wanted: TopicToCreate, deps: OpeningDeps): Promise<void> {
  const admin = deps.transport.admin();
  try {
    // Asked first: a producer's own metadata waits a while for a topic that may be on its way.
    const found = await admin.describeTopics([name]);
    if (found.length > 0) return;
    const created = await admin.createTopics([{ ...wanted, topic: name }]);
    if (!created.includes(name)) return;
    const partitions = await deps.port.partitionsOf(name);
    deps.observe({ kind: "topic.created", topic: name, partitions });
  } finally {
    await admin.close();
  }
}

/** The same error wherever a topic turns out to be missing. */
export function toMissingTopic(topic: string, cause: unknown): KeryxError {
  return new KeryxError("topic_missing", `topic ${topic} does not exist`, {
    cause,
    details: { topic, setting: "createTopics" },
    help: `Create topic ${topic}, or set \`createTopics: true\` (in keryx.yaml, as KERYX__CREATETOPICS, or in connect()).`,
  });
}
