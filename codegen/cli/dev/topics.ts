import type { KeryxConfig } from "../../../src/config/config.ts";
import { type HandOverRole, toHandOverConfig } from "../../../src/core/hand-over-config.ts";
import { type TopicNaming, toDeadLetterTopic, toRetryTopic } from "../../../src/core/topic-names.ts";
import { defaultConfig } from "../../../src/embedded/broker/configs.ts";
import type { NewTopic } from "../../../src/embedded/broker/options.ts";
import type { EventModel, ProjectModel, TopicModel } from "../../model/model.ts";

type TopicSettings = Pick<KeryxConfig, "defaults" | "topics" | "consumer">;

/**
 * Every topic that the schemas speak of: sources first, then the retry and dead-letter topics of their events. Where
 * these are named after groups they are left to the consumers, since schemas know of no group.
 */
export function toDevTopics(
  model: ProjectModel,
  config: TopicSettings,
  brokers: number,
): readonly NewTopic[] {
  const sources = model.topics.map((topic) => toSource(topic, config, brokers));
  const byName = new Map(sources.map((topic) => [topic.name, topic]));
  for (const [at, { name, events }] of model.topics.entries())
    for (const [topic, role] of toHandOverTopics(name, events, config)) {
      const maxMessageBytes = Number(defaultConfig("max.message.bytes"));
      const configs = toHandOverConfig(role, { maxMessageBytes, minInSync: undefined });
      if (!byName.has(topic)) byName.set(topic, { ...sources[at], name: topic, configs });
    }
  return [...byName.values()];
}

function toSource(
  { name, events }: TopicModel,
  { defaults, topics }: TopicSettings,
  brokers: number,
): NewTopic {
  const partitions = Math.max(0, ...events.map(({ options }) => options.partitions?.value ?? 0));
  const wanted = { ...defaults, ...topics[name] }.replicationFactor ?? 1;
  return {
    name,
    ...(partitions === 0 ? {} : { partitions }),
    // The cluster of development may be smaller than the one that the settings are written for.
    replicationFactor: Math.min(wanted, brokers),
  };
}

function toHandOverTopics(
  topic: string,
  events: readonly EventModel[],
  { consumer }: TopicSettings,
): ReadonlyMap<string, HandOverRole> {
  const isByGroup = consumer.naming === "group";
  const naming: TopicNaming = { naming: "topic" };
  const found = new Map<string, HandOverRole>();
  for (const { options } of events) {
    const delays = options.ordered.value ? [] : (consumer.retryDelaysMs ?? options.retryDelaysMs.value);
    for (const [index, delayMs] of isByGroup ? [] : delays.entries()) {
      const name = toRetryTopic(topic, index + 1, naming);
      const known = found.get(name);
      const longest = known?.kind === "retry" ? Math.max(known.delayMs, delayMs) : delayMs;
      found.set(name, { kind: "retry", delayMs: longest });
    }
    const declared = options.deadLetter.value;
    const deadLetter = toDeadLetterTopic(topic, declared, naming);
    const isOwn = deadLetter === toDeadLetterTopic(topic, undefined, naming);
    if (declared !== "" && !(isByGroup && isOwn)) found.set(deadLetter, { kind: "deadLetter" });
  }
  return found;
}
