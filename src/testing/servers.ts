import { tmpdir } from "node:os";
import type { SendOptions, SendResult } from "../core/app.ts";
import { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import { closeAll } from "../core/lifecycle.ts";
import { createDevBroker, type DevBroker } from "../embedded/broker/index.ts";
import type { DevBrokerOptions } from "../embedded/broker/options.ts";
import { createDevRegistry, type DevRegistry } from "../embedded/registry/index.ts";
import type { DevRegistryOptions } from "../embedded/registry/options.ts";
import { type ConnectOptions, connect, type KeryxApp } from "../keryx.ts";
import { createHttpRegistry } from "../registry/http.ts";
import { createKafkajsPort } from "../transport/kafkajs.ts";
import { createTestClock, type TestClock } from "./clock.ts";
import { createProgress, type ProcessedOptions } from "./processed.ts";
import { readRecords, type TestRecord } from "./records.ts";

export interface TestServersOptions {
  /** Options of the embedded Kafka, for example `{ brokers: 3, topics: [{ name: "orders", partitions: 6 }] }`. */
  readonly broker?: Omit<DevBrokerOptions, "clock">;
  /** Options of the embedded registry, for example `{ dialect: "confluent-7.4" }`. */
  readonly registry?: Omit<DevRegistryOptions, "clock">;
}

/** An embedded Kafka and schema registry, with what tests do to them. */
export interface TestServers extends AsyncDisposable {
  /** Addresses for a client: the first listener of every broker. */
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** The cluster itself: faults, leaders that move, brokers that stop, sessions that end, raw records, snapshots. */
  readonly broker: DevBroker;
  /** The registry itself: faults, requests, snapshots. */
  readonly registry: DevRegistry;
  /** Time of the apps that `connect` makes: retry delays, deadlines, commits. */
  readonly clock: TestClock;
  /** Time of broker and registry: sessions, transactions, retention, delayed answers. */
  readonly serverClock: TestClock;
  /**
   * An app on these servers, closed with them. Settings of the environment and of `keryx.yaml` do not count, unless
   * `environment` and `cwd` name them; missing topics are created and nothing is logged, unless the options say otherwise.
   */
  connect(options?: ConnectOptions): Promise<KeryxApp>;
  /** Publishes an event through an app of its own. @throws as `send` */
  publish<Value, Init>(
    event: EventType<Value, Init>,
    value: Init,
    options?: SendOptions,
  ): Promise<SendResult>;
  /**
   * Resolves once a group has processed and committed everything on its topics and retry topics: handled, skipped or
   * dead-lettered. Waits for the group to appear, too.
   * @throws KeryxError `expectation_failed` with what is left
   */
  untilProcessed(group: string, options?: ProcessedOptions): Promise<void>;
  /**
   * The records of an event on its topic, or on another one such as its dead-letter topic, in order per partition.
   * Tombstones, other events and bytes that are no event are passed over: `broker.records(topic)` has them.
   */
  records<Value, Init>(
    event: EventType<Value, Init>,
    options?: { readonly topic?: string },
  ): Promise<readonly TestRecord<Value>[]>;
  /** A fault that never fired proves nothing. @throws KeryxError `expectation_failed` naming each of them */
  assertFaultsFired(): void;
  /** Closes the apps, then the servers. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts an embedded Kafka and schema registry for a test.
 * @throws KeryxError `config_invalid`, `port_taken`
 */
export async function startTestServers(options: TestServersOptions = {}): Promise<TestServers> {
  const [clock, serverClock] = [createTestClock(), createTestClock()];
  const progress = createProgress(() => broker, clock);
  const quiet = { log: () => {}, clock: serverClock };
  const broker: DevBroker = await createDevBroker({
    ...quiet,
    ...options.broker,
    observe(signal) {
      options.broker?.observe?.(signal);
      progress.hear(signal);
    },
  });
  const registry = await createDevRegistry({ ...quiet, ...options.registry }).catch(
    async (error: unknown) => {
      await broker.close();
      throw error;
    },
  );
  const brokers = broker.bootstrap();
  const apps = new Set<KeryxApp>();
  const open: TestServers["connect"] = async (given = {}) => {
    if (closing !== undefined) throw new KeryxError("closed", "the test servers are closed");
    const app = await connect({
      ...{ environment: {}, cwd: tmpdir(), createTopics: true, logging: { level: "silent" } },
      ...{ brokers, registry: registry.url, clock },
      ...given,
      observe(signal) {
        given.observe?.(signal);
        progress.hear(signal);
      },
    });
    apps.add(app);
    return app;
  };
  let publishing: Promise<KeryxApp> | undefined;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // What a fault holds would keep an app from closing.
    broker.faults.clear();
    registry.faults.clear();
    await closeAll(apps).finally(() => closeAll([broker, registry]));
  };
  const servers: TestServers = {
    ...{ brokers, registryUrl: registry.url, broker, registry, clock, serverClock },
    connect: open,
    async publish(event, value, sendOptions) {
      publishing ??= open({ clientId: "keryx-testing" });
      return (await publishing).producer.send(event, value, sendOptions);
    },
    untilProcessed: progress.untilProcessed,
    async records(event, { topic = event.topic } = {}) {
      const port = createKafkajsPort({ brokers, clientId: "keryx-testing" }, () => {});
      const schemas = createHttpRegistry({ url: registry.url }, () => {});
      try {
        return await readRecords(port, schemas, event, topic);
      } finally {
        await closeAll([port, schemas]);
      }
    },
    assertFaultsFired() {
      const unused = [...broker.faults.unused(), ...registry.faults.unused()];
      if (unused.length === 0) return;
      const lines = unused.map((fault) => `\n  - ${JSON.stringify(fault)}`).join("");
      throw new KeryxError("expectation_failed", `faults that never fired:${lines}`, { details: { unused } });
    },
    close() {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]: () => servers.close(),
  };
  return servers;
}
