import type { OrderMode } from "../../core/app.ts";
import type { BatchHandler, BatchOptions } from "../../core/batch.ts";
import { KeryxError } from "../../core/errors.ts";
import type { EventType, TopicDefinition } from "../../core/event.ts";
import type { Handler, Middleware, TombstoneHandler } from "../../core/handler.ts";
import type { Deserializer } from "../../serde/deserializer.ts";
import { resolveBatchOptions } from "../batch/options.ts";
import type { ResolvedConsumerOptions } from "../options.ts";
import type { Slot } from "../steps/slot.ts";
import { buildSlot } from "../steps/slot.ts";
import type { Plan } from "./plan.ts";
import { buildPlan } from "./plan.ts";

/** How an event is handled in batches. */
export interface Batch {
  readonly handler: BatchHandler<unknown>;
  readonly maxRecords: number;
  readonly maxWaitMs: number;
}

/** An event that a consumer knows on one topic. */
export interface KnownEvent {
  readonly event: EventType;
  readonly plan: Plan;
  readonly handler: Handler<unknown> | undefined;
  /** Instead of `handler`. Neither of them: known by name, but nobody handles it. */
  readonly batch: Batch | undefined;
  /** Around the handler. */
  readonly slot: Slot;
}

/** Everything that happens to the records of one source topic, on the topic itself and on its retry topics. */
export interface Route {
  readonly topic: string;
  /** By full name. */
  readonly events: ReadonlyMap<string, KnownEvent>;
  /** Of its records. Where some are handled in batches, always that of the partition. */
  readonly order: OrderMode;
  readonly hasBatches: boolean;
  readonly tombstone: TombstoneHandler | undefined;
  /** Around the handler of tombstones. */
  readonly slot: Slot;
  /** Plan of what has no event: tombstones, bad bytes, unknown events. */
  readonly plan: Plan;
  readonly longestDelayMs: number;
  readonly deserializer: Deserializer;
}

/** A topic as it was declared, before anything is connected. */
export type RouteDraft = Omit<Route, "deserializer">;

/** Collects handlers until the start. */
export interface HandlerTable {
  addHandler(event: EventType, handler: Handler<unknown>): void;
  addBatchHandler(event: EventType, handler: BatchHandler<unknown>, options: BatchOptions): void;
  addMiddleware(event: EventType, middlewares: readonly Middleware[]): void;
  addTombstone(topic: string, handler: TombstoneHandler): void;
  addTopic(topic: TopicDefinition): void;
  toRoutes(options: ResolvedConsumerOptions): readonly RouteDraft[];
}

interface TopicEntry {
  readonly events: Map<string, EventType>;
  readonly handlers: Map<string, Handler<unknown>>;
  readonly batches: Map<string, Batch>;
  /** By the event that they were added for. */
  readonly middlewares: Map<string, Middleware[]>;
  tombstone: TombstoneHandler | undefined;
}

export function createHandlerTable(): HandlerTable {
  const topics = new Map<string, TopicEntry>();
  const entryOf = (topic: string): TopicEntry => {
    const entry = topics.get(topic) ?? {
      events: new Map(),
      handlers: new Map(),
      batches: new Map(),
      middlewares: new Map(),
      tombstone: undefined,
    };
    topics.set(topic, entry);
    return entry;
  };
  const entryFor = (event: EventType): TopicEntry => {
    const entry = entryOf(event.topic);
    if (isHandled(entry, event.name))
      throw new KeryxError("usage", `${event.name} on ${event.topic} has two handlers; a consumer takes one`);
    entry.events.set(event.name, event);
    return entry;
  };
  return {
    addHandler: (event, handler) => void entryFor(event).handlers.set(event.name, handler),
    addBatchHandler(event, handler, options) {
      const batch = { handler, ...resolveBatchOptions(options) };
      entryFor(event).batches.set(event.name, batch);
    },
    addMiddleware(event, middlewares) {
      const { middlewares: known } = entryOf(event.topic);
      known.set(event.name, [...(known.get(event.name) ?? []), ...middlewares]);
    },
    addTombstone(topic, handler) {
      const entry = entryOf(topic);
      if (entry.tombstone)
        throw new KeryxError("usage", `${topic} has two tombstone handlers; a consumer takes one`);
      entry.tombstone = handler;
    },
    addTopic(topic) {
      const { events } = entryOf(topic.name);
      for (const event of topic.events) if (!events.has(event.name)) events.set(event.name, event);
    },
    toRoutes: (options) => [...topics].map(([topic, entry]) => toRoute(topic, entry, options)),
  };
}

function isHandled({ handlers, batches }: TopicEntry, name: string): boolean {
  return handlers.has(name) || batches.has(name);
}

function toRoute(topic: string, entry: TopicEntry, options: ResolvedConsumerOptions): RouteDraft {
  const { middleware, handlerTimeoutMs } = options;
  const events = new Map<string, KnownEvent>();
  for (const name of entry.middlewares.keys())
    if (!isHandled(entry, name))
      throw new KeryxError("usage", `${name} on ${topic} has middleware but no handler: add one with \`on\``);
  for (const [name, event] of entry.events) {
    const slot = buildSlot([...middleware, ...(entry.middlewares.get(name) ?? [])], handlerTimeoutMs);
    const batch = entry.batches.get(name);
    if (batch && slot.hasOwnSteps)
      throw new KeryxError(
        "usage",
        `${name} on ${topic} is handled in batches, and middleware stands around single records: around a batch only \`filter\` and \`timeout\` can`,
      );
    const plan = buildPlan(topic, event.policy, options);
    events.set(name, { event, plan, handler: entry.handlers.get(name), batch, slot });
  }
  const plans = [...events.values()].map(({ plan }) => plan);
  // What has no event follows the strictest of the topic's plans: order first, then the longest way.
  const plan =
    plans.find(({ ordered }) => ordered) ??
    plans.toSorted((a, b) => b.stages.length - a.stages.length)[0] ??
    buildPlan(topic, undefined, options);
  return {
    topic,
    events,
    order: entry.batches.size > 0 ? "partition" : options.order,
    hasBatches: entry.batches.size > 0,
    tombstone: entry.tombstone,
    slot: buildSlot(middleware, handlerTimeoutMs),
    plan,
    longestDelayMs: Math.max(...[plan, ...plans].map(({ longestDelayMs }) => longestDelayMs)),
  };
}

/** Retry topics of a source topic, one entry per stage; a stage that several events share has their delays. */
export function toStages(
  route: Pick<Route, "events" | "plan">,
): readonly { readonly topic: string; readonly delaysMs: readonly number[] }[] {
  const stages: { topic: string; delaysMs: number[] }[] = [];
  for (const { stages: own } of [route.plan, ...[...route.events.values()].map(({ plan }) => plan)])
    for (const [index, { topic, delayMs }] of own.entries()) {
      stages[index] ??= { topic, delaysMs: [] };
      stages[index].delaysMs.push(delayMs);
    }
  return stages;
}

/** Dead-letter topics that a source topic's records can end in. */
export function toDeadLetterTopics(route: Pick<Route, "events" | "plan">): readonly string[] {
  const plans = [route.plan, ...[...route.events.values()].map(({ plan }) => plan)];
  return [...new Set(plans.flatMap(({ deadLetter }) => deadLetter ?? []))];
}
