import type { Consumer, ConsumerOptions } from "../core/app.ts";
import type { Clock } from "../core/clock.ts";
import type { ContextStore } from "../core/context.ts";
import { KeryxError } from "../core/errors.ts";
import type { Handler } from "../core/handler.ts";
import type { Redactor } from "../core/redact.ts";
import { createRedactor } from "../core/redact.ts";
import type { Observe } from "../core/signals.ts";
import type { DeserializerOptions } from "../serde/deserializer.ts";
import { createDeserializer } from "../serde/deserializer.ts";
import { createMemoryStore } from "../stores/memory.ts";
import type { DedupeStore } from "../stores/port.ts";
import type { KafkaPort, PortConsumer } from "../transport/port.ts";
import type { Reader, TopicPlace } from "./assignment/reader.ts";
import { createReader } from "./assignment/reader.ts";
import { createEngine } from "./engine.ts";
import { createSink } from "./hand-over/sink.ts";
import type { ResolvedConsumerOptions } from "./options.ts";
import { resolveConsumerOptions } from "./options.ts";
import type { HandlerTable, Route, RouteDraft } from "./plan/handlers.ts";
import { createHandlerTable, toStages } from "./plan/handlers.ts";
import { prepareTopics, toRetryGroup } from "./plan/topics.ts";

/** What a consumer stands on. */
export interface ConsumerDeps {
  readonly transport: KafkaPort;
  readonly registry: DeserializerOptions["registry"];
  readonly observe: Observe;
  readonly clock: Clock;
  readonly context: ContextStore;
  /** The app's default for `createTopics`. */
  readonly createTopics: boolean;
  /** Shared by the consumers of an app. Default: one of its own, in memory. */
  readonly dedupeStore?: DedupeStore;
  /** Knows the app's secrets. Default: one that knows none. */
  readonly redactor?: Redactor;
}

/** Creates a consumer; nothing connects before `start`. */
export function createConsumer(deps: ConsumerDeps, options: ConsumerOptions): Consumer {
  const resolved = resolveConsumerOptions(options);
  const table = createHandlerTable();
  let starting: Promise<Running> | undefined;
  let closing: Promise<void> | undefined;

  const requireNew = (): HandlerTable => {
    if (starting || closing)
      throw new KeryxError(
        "usage",
        `The consumer of ${resolved.group} has started: it takes no more handlers`,
      );
    return table;
  };

  const stop = async (): Promise<void> => {
    // A start that failed has already taken itself down.
    const running = await starting?.catch(() => undefined);
    await running?.close();
  };

  const consumer: Consumer = {
    on(event, handler) {
      // The pipeline hands each handler only values of its own event.
      requireNew().addHandler(event, handler as Handler<unknown>);
      return consumer;
    },
    onTombstone(topic, handler) {
      requireNew().addTombstone(topic, handler);
      return consumer;
    },
    topic(topic) {
      requireNew().addTopic(topic);
      return consumer;
    },
    async start() {
      if (closing) throw new KeryxError("closed", `The consumer of ${resolved.group} is closed`);
      starting ??= run(deps, resolved, table.toRoutes(resolved)).catch((error: unknown) => {
        starting = undefined;
        throw error;
      });
      await starting;
    },
    close() {
      closing ??= stop();
      return closing;
    },
  };
  return consumer;
}

interface Running {
  close(): Promise<void>;
}

async function run(
  deps: ConsumerDeps,
  options: ResolvedConsumerOptions,
  drafts: readonly RouteDraft[],
): Promise<Running> {
  if (drafts.length === 0)
    throw new KeryxError("usage", `The consumer of ${options.group} has no handlers: add them with \`on\``);
  const { transport, clock, observe, context, registry } = deps;
  if (!transport.capabilities.partitionPause)
    throw new KeryxError("capability_missing", `${transport.capabilities.client} cannot pause one partition`);
  const counts = await checkTopics(deps, options, drafts);
  const routes = drafts.map((draft) => toRoute(draft, registry));
  const sink = createSink(transport, clock);
  const ownStore = options.dedupe === "memory" && !deps.dedupeStore ? createMemoryStore(clock) : undefined;
  const store = options.dedupe === "memory" ? (deps.dedupeStore ?? ownStore) : undefined;
  const redactor = deps.redactor ?? createRedactor();
  const engine = createEngine({ clock, observe, context, registry, redactor, store, sink, options, counts });
  const readers = toReaders(deps, options, routes, engine);
  const close = async (): Promise<void> => {
    const left = await Promise.allSettled(readers.map((reader) => reader.close()));
    engine.close();
    await Promise.all([sink.close(), ownStore?.close()]);
    for (const result of left) if (result.status === "rejected") throw KeryxError.from(result.reason);
  };
  try {
    await Promise.all(readers.map((reader) => reader.start()));
  } catch (error) {
    await close().catch((second: unknown) =>
      observe({ kind: "internal.error", where: "consumer start", error: second }),
    );
    throw error;
  }
  return { close };
}

async function checkTopics(
  { transport, observe, createTopics }: ConsumerDeps,
  options: ResolvedConsumerOptions,
  drafts: readonly RouteDraft[],
): Promise<ReadonlyMap<string, number>> {
  const admin = transport.admin();
  try {
    const mayCreate = options.createTopics || createTopics;
    return await prepareTopics(drafts, { admin, observe, options, createTopics: mayCreate });
  } finally {
    await admin.close();
  }
}

function toRoute(draft: RouteDraft, registry: DeserializerOptions["registry"]): Route {
  const handled = [...draft.events.values()].flatMap(({ event, handler }) => (handler ? event : []));
  return { ...draft, deserializer: createDeserializer({ registry, events: handled }) };
}

// The source topics under the group itself; retry topics under a group of their own.
function toReaders(
  { transport, clock, observe }: ConsumerDeps,
  options: ResolvedConsumerOptions,
  routes: readonly Route[],
  { flow, holds, dedupe }: ReturnType<typeof createEngine>,
): readonly Reader[] {
  const { group, drainTimeoutMs, commitTimeoutMs } = options;
  const common = { clock, observe, flow, holds, dedupe, drainTimeoutMs, commitTimeoutMs };
  const sources = new Map<string, TopicPlace>(routes.map((route) => [route.topic, { route, stage: 0 }]));
  const stages = new Map<string, TopicPlace>(
    routes.flatMap((route) =>
      toStages(route).map(({ topic }, index) => [topic, { route, stage: index + 1 }] as const),
    ),
  );
  const read = (name: string, places: typeof sources, from: ConsumerOptions["from"]): Reader =>
    createReader({ ...common, group: name, places, port: join(transport, options, name, from) });
  const main = read(group, sources, options.from);
  return stages.size === 0 ? [main] : [main, read(toRetryGroup(group), stages, "earliest")];
}

/** Longest wait of a fetch: bounds the gap between heartbeats, also while everything is paused. */
const maxWaitMs = 250;
const maxBytesPerPartition = 1_048_576;

function join(
  transport: KafkaPort,
  { sessionTimeoutMs, rebalanceTimeoutMs }: ResolvedConsumerOptions,
  group: string,
  from: ConsumerOptions["from"],
): PortConsumer {
  return transport.consumer({
    group,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    maxWaitMs,
    maxBytesPerPartition,
    from: from ?? "earliest",
  });
}
