import { setImmediate as turn } from "node:timers/promises";
import type { KeryxConfig } from "./config/config.ts";
import { registerSecrets } from "./config/credentials.ts";
import { loadConfig } from "./config/load.ts";
import type { KeryxSettings } from "./config/settings.ts";
import { createConsumer } from "./consumer/consumer.ts";
import { createConsumers } from "./consumer/consumers.ts";
import { replay } from "./consumer/replay/replay.ts";
import type { App } from "./core/app.ts";
import { type Clock, sleep, systemClock } from "./core/clock.ts";
import { createContextStore } from "./core/context.ts";
import type { AppSnapshot } from "./core/health.ts";
import { closeInTurn } from "./core/lifecycle.ts";
import { payloadLimits } from "./core/limits.ts";
import type { Logger } from "./core/logger.ts";
import { closeOnSignals } from "./core/process-signals.ts";
import { createRedactor } from "./core/redact.ts";
import { fanOut, type Observe } from "./core/signals.ts";
import { watchEventLoop } from "./observe/event-loop.ts";
import { createHealth } from "./observe/health.ts";
import { createLogging } from "./observe/logging.ts";
import { resolveHealthOptions } from "./observe/options.ts";
import { openProbes } from "./observe/probes.ts";
import type { TopicToCreate } from "./producer/opening.ts";
import { createTopicProducer } from "./producer/producer.ts";
import { createProducers } from "./producer/producers.ts";
import { createHttpRegistry } from "./registry/http.ts";
import { createKafkajsRegistry, type KafkajsSchemaRegistry } from "./registry/kafkajs-registry.ts";
import type { SchemaRegistry } from "./registry/port.ts";
import { createSerializer } from "./serde/serializer.ts";
import { createMemoryStore } from "./stores/memory.ts";
import { watchConnections } from "./transport/connections.ts";
import { createKafkajsPort } from "./transport/kafkajs.ts";

export type { CountName } from "./observe/count-rules.ts";
export { type Counts, createCounts, type Series } from "./observe/counts.ts";

/** What `connect` takes: any setting, which then wins over environment and file, and what only code can give. */
export interface ConnectOptions extends Omit<KeryxSettings, "registry"> {
  /**
   * The schema registry: its URL or URLs, its options, a registry made in code, or an instance of
   * `@kafkajs/confluent-schema-registry` that the service has already.
   */
  readonly registry?: KeryxSettings["registry"] | SchemaRegistry | KafkajsSchemaRegistry;
  /** Also gets every signal of the runtime, beside the log. */
  readonly observe?: Observe;
  /** Gets the log, one JSON line at a time. Default: standard error. */
  readonly logDestination?: { write(line: string): void };
  /** Closes the app and ends the process at SIGTERM and SIGINT; a second signal ends it at once. Default false. */
  readonly handleSignals?: boolean;
  /** Time of retries, deadlines and commits, so that tests can drive it. Default: the system's. */
  readonly clock?: Clock;
  /** Where `keryx.yaml` is looked for, upwards. Default: the working directory. */
  readonly cwd?: string;
  /** Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A running application with its log. */
export interface KeryxApp extends App {
  /** Lines written inside a handler carry the ids of the record under way. */
  readonly logger: Logger;
}

/**
 * Reads the settings and wires an app. Nothing is connected before the first producer or consumer starts.
 * @throws KeryxError `config_invalid` with the place of every wrong setting
 */
export async function connect(options: ConnectOptions = {}): Promise<KeryxApp> {
  const {
    observe: extra,
    logDestination,
    handleSignals = false,
    clock = systemClock,
    cwd,
    environment,
    registry,
    ...rest
  } = options;
  const settings: KeryxSettings = isSetting(registry) ? { ...rest, registry } : rest;
  const config = loadConfig({ settings, cwd, environment });
  const redactor = createRedactor();
  registerSecrets(redactor, config);
  const context = createContextStore();
  const log = createLogging({
    level: config.logging.level ?? "info",
    destination: logDestination,
    redactor,
    context,
    onDropped: () => observe({ kind: "log.dropped" }),
  });
  const { port, host, shutdownDelayMs, readyOnStandby } = resolveHealthOptions(config.health);
  const health = createHealth({ clock, blockedMs: () => loop.blockedMs(), readyOnStandby });
  const observe = fanOut([log.observe, health.observe, ...(extra ? [extra] : [])]);
  const { clientId } = config.transport;
  const transport = watchConnections(createKafkajsPort(config.transport, observe), { clock, observe });
  const schemas = createRegistry(registry, config, observe);
  const limits = { ...payloadLimits, ...config.limits };
  const deps = { transport, registry: schemas, observe, clock, limits, context, redactor };
  const serializer = createSerializer({ ...deps, autoRegister: config.registry.autoRegister ?? true });
  const producers = createProducers((topic) =>
    createTopicProducer(
      { ...deps, serializer, options: config.producer, createTopics: toTopicToCreate(config, topic.name) },
      topic,
    ),
  );
  // One for all: two consumers of a group share what was handled. Keys carry the group.
  const dedupeStore = createMemoryStore(clock);
  const { naming = "topic" } = config.consumer;
  const consumers = createConsumers(config.consumer, (consumerOptions) =>
    createConsumer(
      { ...deps, dedupeStore, createTopics: config.createTopics, closed: () => over(closing) },
      consumerOptions,
    ),
  );
  // From here on nothing is refused any more that would leave it running.
  const loop = watchEventLoop();
  let phase: AppSnapshot["phase"] = "open";
  let closing: Promise<void> | undefined;
  const shut = async (probesUntilMs: number): Promise<void> => {
    phase = "closing";
    try {
      // In this order: a handler may send until it has ended, and a send may need the registry.
      await closeInTurn([consumers, producers, schemas, transport, dedupeStore]);
    } finally {
      // Until nobody sends anything here any more, somebody has to say that there is nobody.
      if (probes) await sleep(systemClock, probesUntilMs - systemClock.now());
      await probes?.close();
      loop.close();
      forget();
      phase = "closed";
      observe({ kind: "app.closed", clientId });
    }
  };
  const close = (delayMs: number): Promise<void> => {
    closing ??= shut(systemClock.now() + delayMs);
    return closing;
  };
  const app: KeryxApp = {
    logger: log.logger,
    producer: producers.generic,
    topicProducer: producers.topicProducer,
    consumer: consumers.open,
    replay(replayOptions) {
      const events = [...producers.events(), ...consumers.events()];
      return replay(
        { ...deps, serializer, naming, createTopics: config.createTopics, events },
        replayOptions,
      );
    },
    health: () => health.judge({ phase, consumers: consumers.snapshots() }),
    close: () => close(0),
  };
  const { redact } = redactor;
  const probes =
    port === undefined
      ? undefined
      : await openProbes({ port, host, health: app.health, observe, redact }).catch((error: unknown) => {
          loop.close();
          throw error;
        });
  const forget = handleSignals ? closeOnSignals(() => close(shutdownDelayMs), log.logger) : (): void => {};
  observe({ kind: "app.started", clientId });
  return app;
}

async function over(closing: Promise<void> | undefined): Promise<void> {
  if (!closing) return;
  await closing.catch(() => {});
  // Who waits to end the process has its turn first.
  await turn();
}

/** Settings of a registry, as opposed to one that exists. */
function isSetting(
  registry: ConnectOptions["registry"],
): registry is Exclude<KeryxSettings["registry"], undefined> {
  if (typeof registry !== "object") return registry !== undefined;
  return !("schemaById" in registry) && !("getRegistryId" in registry);
}

function createRegistry(
  registry: ConnectOptions["registry"],
  config: KeryxConfig,
  observe: Observe,
): SchemaRegistry {
  if (typeof registry !== "object") return createHttpRegistry(config.registry, observe);
  if ("schemaById" in registry) return registry;
  if ("getRegistryId" in registry) return createKafkajsRegistry(registry, observe, config.registry);
  return createHttpRegistry(config.registry, observe);
}

function toTopicToCreate(config: KeryxConfig, topic: string): TopicToCreate | undefined {
  if (!config.createTopics) return undefined;
  const { partitions, replicationFactor } = { ...config.defaults, ...config.topics[topic] };
  return {
    ...(partitions === undefined ? {} : { partitions }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
  };
}
