import { type HandOverRole, headerRoomBytes, toHandOverConfig } from "../../core/hand-over-config.ts";
import type { NewTopic, TopicDescription } from "../../transport/port.ts";
import type { RouteDraft } from "./handlers.ts";
import { toDeadLetterTopics, toStages } from "./handlers.ts";

/** A retry or dead-letter topic that a source topic's plans need. */
export interface NeededTopic {
  readonly topic: string;
  readonly source: string;
  readonly ordered: boolean;
  readonly role: HandOverRole;
}

/** A topic as it is: description and effective configuration. */
export interface TopicFacts extends TopicDescription {
  readonly config: ReadonlyMap<string, string>;
}

export interface Findings {
  readonly refuse: readonly string[];
  readonly warn: readonly string[];
}

const dayMs = 86_400_000;

/** The retry and dead-letter topics of a route, each once. */
export function toNeededTopics(route: RouteDraft): readonly NeededTopic[] {
  const common = { source: route.topic, ordered: route.plan.ordered };
  const retries = toStages(route).map(({ topic, delaysMs }) => ({
    ...common,
    topic,
    role: { kind: "retry", delayMs: Math.max(...delaysMs) } as const,
  }));
  const ends = toDeadLetterTopics(route).map((topic) => ({
    ...common,
    topic,
    role: { kind: "deadLetter" } as const,
  }));
  return [...retries, ...ends];
}

/** How a missing topic is created, so that it keeps what the plan promises. */
export function toNewTopic(needed: NeededTopic, source: TopicFacts): NewTopic {
  return {
    topic: needed.topic,
    partitions: source.partitions,
    replicationFactor: source.replicationFactor,
    config: toHandOverConfig(needed.role, {
      maxMessageBytes: readNumber(source, "max.message.bytes"),
      minInSync: readNumber(source, "min.insync.replicas"),
    }),
  };
}

/** One row of the start-up checks: what would break a promise, or weaken it. */
type Rule = (
  needed: NeededTopic,
  found: TopicFacts,
  source: TopicFacts,
) => { readonly refuse: string } | { readonly warn: string } | undefined;

const partitions: Rule = ({ topic, ordered, source: name }, found, source) => {
  if (found.partitions < 1) return { refuse: `${topic} has no partition` };
  if (found.partitions >= source.partitions) return undefined;
  const text = `${topic} has ${found.partitions} partitions, fewer than the ${source.partitions} of ${name}`;
  return ordered ? { refuse: `${text}, and order is declared` } : { warn: text };
};

const cleanup: Rule = ({ topic }, { config }) =>
  config.get("cleanup.policy")?.includes("compact")
    ? {
        refuse: `${topic} is compacted (cleanup.policy): waiting records of one key would destroy each other`,
      }
    : undefined;

const retention: Rule = ({ topic, role }, found) => {
  const retentionMs = readNumber(found, "retention.ms");
  if (retentionMs === undefined || retentionMs < 0) return undefined;
  const leastMs = role.kind === "retry" ? 2 * role.delayMs : dayMs;
  const wantedMs = role.kind === "retry" ? 3 * dayMs : 7 * dayMs;
  if (retentionMs < leastMs)
    return {
      refuse: `${topic} keeps records for ${retentionMs} ms (retention.ms), and needs at least ${leastMs} ms`,
    };
  if (retentionMs >= wantedMs) return undefined;
  return {
    warn: `${topic} keeps records for ${retentionMs} ms (retention.ms); ${wantedMs} ms leave time to react`,
  };
};

const size: Rule = ({ topic }, found) =>
  (readNumber(found, "retention.bytes") ?? -1) >= 0
    ? { warn: `${topic} is bounded by size (retention.bytes): waiting records may be deleted early` }
    : undefined;

const messageBytes: Rule = ({ topic, source: name }, found, source) => {
  const own = readNumber(found, "max.message.bytes");
  const others = readNumber(source, "max.message.bytes");
  if (own === undefined || others === undefined || own >= others + headerRoomBytes) return undefined;
  return {
    warn: `${topic} takes records of ${own} bytes (max.message.bytes); ${name} takes ${others}, and a hand-over adds up to ${headerRoomBytes}`,
  };
};

const replicas: Rule = ({ topic, source: name }, found, source) =>
  found.replicationFactor < source.replicationFactor
    ? {
        warn: `${topic} has ${found.replicationFactor} replicas, fewer than the ${source.replicationFactor} of ${name}`,
      }
    : undefined;

const inSync: Rule = ({ topic, source: name }, found, source) => {
  const own = readNumber(found, "min.insync.replicas");
  const others = readNumber(source, "min.insync.replicas");
  if (own === undefined || others === undefined || own >= others) return undefined;
  return { warn: `${topic} has min.insync.replicas ${own}, lower than the ${others} of ${name}` };
};

const rules: readonly Rule[] = [partitions, cleanup, retention, size, messageBytes, replicas, inSync];

/** What speaks against a retry or dead-letter topic as it is. */
export function judgeTopic(needed: NeededTopic, found: TopicFacts, source: TopicFacts): Findings {
  const results = rules.map((rule) => rule(needed, found, source)).filter((one) => one !== undefined);
  return {
    refuse: results.flatMap((one) => ("refuse" in one ? one.refuse : [])),
    warn: results.flatMap((one) => ("warn" in one ? one.warn : [])),
  };
}

function readNumber({ config }: TopicFacts, name: string): number | undefined {
  const text = config.get(name);
  return text !== undefined && /^-?\d{1,19}$/.test(text) ? Number(text) : undefined;
}
