import type { Consumer, ConsumerOptions } from "../core/app.ts";
import type { BatchHandler } from "../core/batch.ts";
import type { Clock } from "../core/clock.ts";
import type { ContextStore } from "../core/context.ts";
import { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import type { Handler, Middleware } from "../core/handler.ts";
import type { ConsumerSnapshot } from "../core/health.ts";
import type { PayloadLimits } from "../core/limits.ts";
import type { Redactor } from "../core/redact.ts";
import { createRedactor } from "../core/redact.ts";
import type { Observe } from "../core/signals.ts";
import type { DeserializerOptions } from "../serde/deserializer.ts";
import { createDeserializer } from "../serde/deserializer.ts";
import type { DedupeStore } from "../stores/port.ts";
import type { KafkaPort } from "../transport/port.ts";
import type { ResolvedConsumerOptions } from "./options.ts";
import { resolveConsumerOptions } from "./options.ts";
import type { HandlerTable, Route, RouteDraft } from "./plan/handlers.ts";
import { createHandlerTable } from "./plan/handlers.ts";
import { prepareTopics } from "./plan/topics.ts";
import type { Startable } from "./running.ts";
import { createRunning } from "./running.ts";

/** What a consumer stands on. */
export interface ConsumerDeps {
  readonly transport: KafkaPort;
  readonly registry: DeserializerOptions["registry"];
  readonly observe: Observe;
  readonly clock: Clock;
  /** Default: `payloadLimits`. */
  readonly limits?: PayloadLimits;
  readonly context: ContextStore;
  /** The app's default for `createTopics`. */
  readonly createTopics: boolean;
  /** Shared by the consumers of an app. Default: one of its own, in memory. */
  readonly dedupeStore?: DedupeStore;
  /** Knows the app's secrets. Default: one that knows none. */
  readonly redactor?: Redactor;
  /** Resolves when the app has closed, if it is closing. */
  readonly closed?: () => Promise<void>;
}

/** A consumer that its app owns. */
export interface OwnedConsumer extends Consumer {
  /** Events that it was told of. */
  events(): readonly EventType[];
  snapshot(): ConsumerSnapshot;
}

/** Creates a consumer; nothing connects before `start`. */
export function createConsumer(deps: ConsumerDeps, options: ConsumerOptions): OwnedConsumer {
  const resolved = resolveConsumerOptions({ createTopics: deps.createTopics, ...options });
  const { group } = resolved;
  const table = createHandlerTable();
  const known = new Set<EventType>();
  let starting: Promise<void> | undefined;
  let running: Startable | undefined;
  let closing: Promise<void> | undefined;
  let phase: ConsumerSnapshot["phase"] = "new";
  let startError: KeryxError | undefined;
  let isPaused = false;

  const requireNew = (): HandlerTable => {
    if (starting || closing)
      throw new KeryxError(
        "usage",
        `The consumer of ${resolved.group} has started: it takes no more handlers`,
      );
    return table;
  };

  const begin = async (): Promise<void> => {
    phase = "starting";
    startError = undefined;
    const made = await prepare(deps, resolved, table.toRoutes(resolved));
    if (closing) {
      await made.close();
      throw new KeryxError("closed", `The consumer of ${group} was closed`);
    }
    running = made;
    if (isPaused) made.pause();
    await made.start();
    if (!closing) phase = "started";
  };

  const stop = async (): Promise<void> => {
    phase = "closing";
    // Also in the middle of a start, which then fails: joining a group may take minutes.
    try {
      await running?.close();
    } finally {
      phase = "closed";
    }
  };

  const consumer: OwnedConsumer = {
    on(event, handler) {
      // The pipeline hands each handler only values of its own event.
      requireNew().addHandler(event, handler as Handler<unknown>);
      known.add(event);
      return consumer;
    },
    onBatch(event, handler, batchOptions = {}) {
      requireNew().addBatchHandler(event, handler as BatchHandler<unknown>, batchOptions);
      known.add(event);
      return consumer;
    },
    use(event, ...middlewares) {
      requireNew().addMiddleware(event, middlewares as readonly Middleware[]);
      return consumer;
    },
    onTombstone(topic, handler) {
      requireNew().addTombstone(topic, handler);
      return consumer;
    },
    topic(topic) {
      requireNew().addTopic(topic);
      for (const event of topic.events) known.add(event);
      return consumer;
    },
    async start() {
      if (closing) throw new KeryxError("closed", `The consumer of ${resolved.group} is closed`);
      starting ??= begin().catch(async (error: unknown) => {
        starting = undefined;
        running = undefined;
        // A service whose main module fails is ended with 1, before a shutdown that was asked for is through.
        if (closing) await deps.closed?.();
        else startError = KeryxError.from(error);
        throw error;
      });
      await starting;
    },
    close() {
      closing ??= stop();
      return closing;
    },
    pause() {
      isPaused = true;
      running?.pause();
    },
    resume() {
      isPaused = false;
      running?.resume();
    },
    events: () => [...known],
    snapshot: () => ({
      ...{ group, phase, isPaused, members: running?.members() ?? [] },
      ...(startError && { startError }),
    }),
  };
  return consumer;
}

async function prepare(
  deps: ConsumerDeps,
  options: ResolvedConsumerOptions,
  drafts: readonly RouteDraft[],
): Promise<Startable> {
  const { transport } = deps;
  if (drafts.length === 0)
    throw new KeryxError("usage", `The consumer of ${options.group} has no handlers: add them with \`on\``);
  if (!transport.capabilities.partitionPause)
    throw new KeryxError("capability_missing", `${transport.capabilities.client} cannot pause one partition`);
  if (!transport.capabilities.awaitedRevoke)
    throw new KeryxError(
      "capability_missing",
      `${transport.capabilities.client} does not wait for a revoke: what it handled last would be handled again`,
    );
  if (options.offsetMapMaxBytes > 0 && !transport.capabilities.commitMetadata)
    throw new KeryxError(
      "capability_missing",
      `${transport.capabilities.client} keeps no metadata with a commit, which offsetMapMaxBytes needs: set it to 0`,
    );
  const counts = await checkTopics(deps, options, drafts);
  return createRunning({
    ...deps,
    options,
    counts,
    routes: drafts.map((draft) => toRoute(draft, deps)),
    redactor: deps.redactor ?? createRedactor(),
  });
}

async function checkTopics(
  { transport, observe }: ConsumerDeps,
  options: ResolvedConsumerOptions,
  drafts: readonly RouteDraft[],
): Promise<ReadonlyMap<string, number>> {
  const admin = transport.admin();
  try {
    return await prepareTopics(drafts, { admin, observe, options });
  } finally {
    await admin.close();
  }
}

function toRoute(draft: RouteDraft, { registry, clock, limits }: ConsumerDeps): Route {
  const all = [...draft.events.values()];
  const events = all.flatMap(({ event, handler, batch }) => (handler || batch ? event : []));
  const known = all.map(({ event }) => event);
  return { ...draft, deserializer: createDeserializer({ registry, clock, limits, events, known }) };
}
