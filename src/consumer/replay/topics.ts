import { KeryxError } from "../../core/errors.ts";
import type { EventType } from "../../core/event.ts";
import { toDeadLetterTopic, toParkedTopic, toRetryTopic } from "../../core/topic-names.ts";
import type { PortAdmin } from "../../transport/port.ts";
import type { TopicFacts } from "../plan/topic-rules.ts";
import { toNewTopic } from "../plan/topic-rules.ts";
import type { ResolvedReplayOptions } from "./options.ts";
import type { ReplayTarget } from "./record.ts";

/** The dead-letter topics that the topic's events declare; with `parked`, what lies behind them. */
export function toSources(
  events: readonly EventType[],
  { topic, group, naming, parked }: ResolvedReplayOptions,
): readonly string[] {
  const own = events.filter((event) => event.topic === topic && event.policy.deadLetter !== "");
  const declared = own.length > 0 ? own.map(({ policy }) => policy.deadLetter) : [undefined];
  const names = new Set(declared.map((name) => toDeadLetterTopic(topic, name, { group, naming })));
  return [...names].map((name) => (parked ? toParkedTopic(name) : name));
}

/**
 * The topic that records go to.
 * @throws KeryxError `topic_missing` when it does not exist; `usage` for a target that nobody allowed
 */
export async function requireTarget(
  admin: PortAdmin,
  options: ResolvedReplayOptions,
  sources: readonly string[],
): Promise<ReplayTarget> {
  const { topic, target, allowTargets } = options;
  const retry = toRetryTopic(topic, 1, options);
  const name = target ?? retry;
  if (name !== retry && !allowTargets.includes(name))
    throw new KeryxError("usage", `${name} is not among the topics that this replay may write to`, {
      help: "Everyone who reads it would see the records. Name it in `allowTargets` too if that is meant.",
    });
  if (sources.includes(name))
    throw new KeryxError("usage", `${name} holds the dead letters themselves: a replay cannot go there`);
  const [found] = await admin.describeTopics([name]);
  if (found) return { topic: name, partitions: found.partitions, isRetry: name === retry };
  throw new KeryxError("topic_missing", `There is no ${name} to replay into`, {
    help:
      "Dead letters go back through the group's first retry topic, so that other groups see nothing. Give the event " +
      "a retry delay and start its consumer; for an ordered event, which has no retry topic, choose a `target`.",
  });
}

/**
 * Makes sure that there is a parked topic, before a record goes on its last replay.
 * @throws KeryxError `topic_missing` when there is none and none may be created
 */
export async function requireParked(
  admin: PortAdmin,
  source: string,
  options: ResolvedReplayOptions,
): Promise<void> {
  if (options.parked) return;
  const topic = toParkedTopic(source);
  const [found, dead] = await Promise.all([
    admin.describeTopics([topic]).then(([one]) => one),
    admin.describeTopics([source]).then(([one]) => one),
  ]);
  if (found || !dead) return;
  if (!options.createTopics)
    throw new KeryxError(
      "topic_missing",
      `There is no ${topic} for records that the next replay does not help`,
      {
        help: "Create it like the dead-letter topic, or set `createTopics: true`; then run the replay again with its id.",
      },
    );
  const like: TopicFacts = { ...dead, config: await admin.describeConfig(source) };
  const role = { kind: "deadLetter" } as const;
  await admin.createTopics([toNewTopic({ topic, source, ordered: false, role }, like)]);
}
