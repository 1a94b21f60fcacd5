import { KeryxError } from "../../core/errors.ts";
import type { Observe } from "../../core/signals.ts";
import { toRetryGroup, toRetryTopic } from "../../core/topic-names.ts";
import type { PortAdmin, PortOffset } from "../../transport/port.ts";
import type { ResolvedConsumerOptions } from "../options.ts";
import { maxStageDelayMs } from "../options.ts";
import type { RouteDraft } from "./handlers.ts";
import { toStages } from "./handlers.ts";
import { findOrderProblems, findPlanProblems } from "./plan.ts";
import type { NeededTopic, TopicFacts } from "./topic-rules.ts";
import { judgeTopic, toNeededTopics, toNewTopic } from "./topic-rules.ts";

export interface TopicChecks {
  readonly admin: PortAdmin;
  readonly observe: Observe;
  readonly options: ResolvedConsumerOptions;
}

/**
 * Checks that the topics can keep the plans' promises, and creates what is missing where that is allowed.
 * Resolves to the number of partitions of each retry and dead-letter topic.
 * @throws KeryxError `topic_missing` for a source topic; `start_refused` with every reason at once
 */
export async function prepareTopics(
  routes: readonly RouteDraft[],
  checks: TopicChecks,
): Promise<ReadonlyMap<string, number>> {
  refuseIf(routes.flatMap((route) => findRouteProblems(route, checks.options)));
  reportOverrides(routes, checks);
  const sources = await prepareSources(routes, checks);
  const needed = routes.flatMap(toNeededTopics);
  const found = await readFacts(
    needed.map(({ topic }) => topic),
    checks.admin,
  );
  await createMissing(
    needed.filter(({ topic }) => !found.has(topic)),
    sources,
    checks,
  );
  const counts = new Map<string, number>();
  const refusals: string[] = [];
  for (const one of needed) {
    const source = sources.get(one.source);
    const facts = found.get(one.topic);
    counts.set(one.topic, facts?.partitions ?? source?.partitions ?? 1);
    if (!facts || !source) continue;
    const findings = judgeTopic(one, facts, source);
    refusals.push(...findings.refuse);
    for (const message of findings.warn) checks.observe({ kind: "config.warning", message });
  }
  refuseIf(refusals);
  await reportRetired(routes, checks);
  return counts;
}

function refuseIf(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  throw new KeryxError("start_refused", reasons.map((reason) => `\n  - ${reason}`).join(""), {
    details: { reasons },
  });
}

function findRouteProblems(route: RouteDraft, options: ResolvedConsumerOptions): string[] {
  const known = [...route.events.values()].flatMap(({ event, plan }) => [
    ...findPlanProblems(event.name, plan, options),
    ...findOrderProblems(event, options),
  ]);
  const own = route.events.size === 0 ? findPlanProblems(route.topic, route.plan, options) : [];
  const long = toStages(route)
    .filter(({ delaysMs }) => Math.max(...delaysMs) > maxStageDelayMs)
    .map(({ topic }) => `${topic} waits longer than a day; that is a scheduler's work, not a retry's`);
  return [...known, ...own, ...long];
}

function reportOverrides(routes: readonly RouteDraft[], { observe, options }: TopicChecks): void {
  const wanted = options.retryDelaysMs?.join(", ");
  if (wanted === undefined) return;
  for (const { events } of routes)
    for (const { event } of events.values()) {
      const declared = event.policy.retry.delaysMs.join(", ");
      if (declared === wanted) continue;
      const message = `retryDelaysMs [${wanted}] overrides the delays [${declared}] that ${event.name} declares`;
      observe({ kind: "config.warning", message });
    }
}

async function readFacts(topics: readonly string[], admin: PortAdmin): Promise<Map<string, TopicFacts>> {
  const names = [...new Set(topics)];
  const facts = new Map<string, TopicFacts>();
  if (names.length === 0) return facts;
  for (const found of await admin.describeTopics(names))
    facts.set(found.topic, { ...found, config: await admin.describeConfig(found.topic) });
  return facts;
}

async function prepareSources(
  routes: readonly RouteDraft[],
  { admin, observe, options }: TopicChecks,
): Promise<Map<string, TopicFacts>> {
  const names = routes.map(({ topic }) => topic);
  const found = await readFacts(names, admin);
  const missing = names.filter((topic) => !found.has(topic));
  if (missing.length === 0) return found;
  if (!options.createTopics)
    throw new KeryxError("topic_missing", `There is no topic ${missing.join(", ")} to consume`, {
      help: "Create it, or set `createTopics: true`.",
    });
  const created = await admin.createTopics(missing.map((topic) => ({ topic })));
  const facts = await readFacts(names, admin);
  for (const topic of created)
    observe({ kind: "topic.created", topic, partitions: facts.get(topic)?.partitions ?? 0 });
  return facts;
}

async function createMissing(
  missing: readonly NeededTopic[],
  sources: ReadonlyMap<string, TopicFacts>,
  { admin, observe, options }: TopicChecks,
): Promise<void> {
  const unique = [...new Map(missing.map((one) => [one.topic, one])).values()];
  if (!options.createTopics)
    refuseIf(
      unique.map(({ topic, source }) => `${topic} does not exist; failed records of ${source} go there`),
    );
  const planned = unique.flatMap((one) => {
    const source = sources.get(one.source);
    return source ? toNewTopic(one, source) : [];
  });
  if (planned.length === 0) return;
  const created = new Set(await admin.createTopics(planned));
  for (const { topic, partitions } of planned)
    if (created.has(topic)) observe({ kind: "topic.created", topic, partitions: partitions ?? 0 });
}

const maxRetiredStages = 10;

// A stage that a plan no longer has is read by nobody: what still lies there would be forgotten in silence. Whoever
// read it has committed there, so that the group tells of it and no topic has to be asked for that may not exist.
async function reportRetired(routes: readonly RouteDraft[], checks: TopicChecks): Promise<void> {
  const { admin, observe, options } = checks;
  const retired = new Set(routes.flatMap((route) => toRetiredStages(route, options)));
  const committed = new Map<string, Map<number, bigint>>();
  for (const { topic, partition, offset } of await readCommitted(admin, toRetryGroup(options.group)))
    if (retired.has(topic))
      committed.set(topic, (committed.get(topic) ?? new Map<number, bigint>()).set(partition, offset));
  for (const [topic, positions] of committed) {
    const waiting = await countWaiting(admin, topic, positions);
    if (waiting <= 0n) continue;
    const message = `${topic} is no longer part of the plan, and up to ${waiting} records wait there for nobody`;
    observe({ kind: "config.warning", message });
  }
}

/** What a plan of fewer or more stages, or the other naming, would have read and this one does not. */
function toRetiredStages(route: RouteDraft, { group }: ResolvedConsumerOptions): readonly string[] {
  const planned = new Set(toStages(route).map(({ topic }) => topic));
  const stages = Array.from({ length: planned.size + maxRetiredStages }, (_, index) => index + 1);
  const all = (["topic", "group"] as const).flatMap((one) =>
    stages.map((stage) => toRetryTopic(route.topic, stage, { group, naming: one })),
  );
  return all.filter((topic) => !planned.has(topic));
}

// Advice only, in this and the next: no start fails over it.
async function readCommitted(admin: PortAdmin, group: string): Promise<readonly PortOffset[]> {
  try {
    return await admin.groupOffsets(group);
  } catch {
    return [];
  }
}

async function countWaiting(
  admin: PortAdmin,
  topic: string,
  committed: ReadonlyMap<number, bigint>,
): Promise<bigint> {
  try {
    let waiting = 0n;
    for (const { partition, low, high } of await admin.offsets(topic)) {
      const from = committed.get(partition) ?? low;
      waiting += high - (from > low ? from : low);
    }
    return waiting;
  } catch {
    return 0n;
  }
}
