/** Real servers for mocha suites: shared by the run, stopped at its end, skipped with a reason where they cannot be had. */
import type { Context } from "mocha";
import { type AvroOracle, findAvroOracle } from "./avro-oracle/oracle.ts";
import { kafkaClassPath, kafkaVersions } from "./servers/artifacts.ts";
import { findJava } from "./servers/java.ts";
import { type KafkaCluster, startKafka } from "./servers/kafka.ts";
import { createSharedServers, type SharedServers } from "./servers/shared.ts";
import { ServersUnavailable } from "./servers/unavailable.ts";

export { type RegistryServer, startRegistry } from "./servers/apicurio.ts";
export { type KafkaCluster, type KafkaNode, startKafka } from "./servers/kafka.ts";
export { waitUntil, withAdmin } from "./servers/ready.ts";
export type { SharedServers } from "./servers/shared.ts";
export { createTopics, waitForFullIsr } from "./servers/topics.ts";

/** A registry that a suite has for itself. */
export interface RegistryAt {
  readonly url: string;
  close(): Promise<void>;
}

const startTimeoutMs = 240_000;
const shared = createSharedServers();
const run: { failed: boolean; fallible?: Promise<KafkaCluster> } = { failed: false };

/** The servers that all suites use together, started on the first call. @throws ServersUnavailable */
export function sharedServers(): Promise<SharedServers> {
  return shared.get();
}

/**
 * For a `before` hook: `servers = await requireServers(this)`. Skips the suite, with the reason printed, where no
 * servers can be had; with `KERYX_REQUIRE_KAFKA=1` that is a failure.
 */
export function requireServers(test: Context): Promise<SharedServers> {
  return requireOrSkip(test, () => shared.get());
}

/** As `requireServers`, for suites that start, stop and kill servers of their own. */
export async function requireOwnServers(test: Context): Promise<void> {
  await requireOrSkip(test, async () => {
    await findJava();
    await kafkaClassPath(process.env["KERYX_TEST_KAFKA_VERSION"] ?? kafkaVersions[0] ?? "");
  });
}

/**
 * For a `before` hook, as `requireServers`: three brokers besides the shared ones, which suites stop, freeze and kill. Each
 * suite leaves them running.
 */
export function requireFallibleKafka(test: Context): Promise<KafkaCluster> {
  return requireOrSkip(test, () => (run.fallible ??= startKafka({ nodes: 3 })));
}

/** For a `before` hook, as `requireServers`: Avro's own Java library, to be asked with `askAvro`. */
export function requireAvro(test: Context): Promise<AvroOracle> {
  return requireOrSkip(test, findAvroOracle);
}

async function requireOrSkip<T>(test: Context, get: () => Promise<T>): Promise<T> {
  test.timeout(startTimeoutMs);
  try {
    return await get();
  } catch (error) {
    const isRequired = process.env["KERYX_REQUIRE_KAFKA"] === "1";
    if (!(error instanceof ServersUnavailable) || isRequired) throw error;
    process.stderr.write(`No real servers: ${error.message}\n`);
    return test.skip();
  }
}

/** A name that no other test uses, for topics, groups and subjects on shared servers. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
}

// Importing this file binds the servers to the run; without mocha's globals nothing is bound.
if (typeof after === "function" && typeof afterEach === "function") {
  afterEach("note failures", function () {
    if (this.currentTest?.state === "failed") run.failed = true;
  });
  after("stop the shared servers", async function () {
    this.timeout(30_000);
    const fallible = await run.fallible?.catch(() => undefined);
    await Promise.all([shared.stop({ keep: run.failed }), fallible?.close({ keep: run.failed })]);
  });
}
