import { type RegistryServer, startRegistry } from "./apicurio.ts";
import { type KafkaCluster, startKafka } from "./kafka.ts";
import { withAdmin } from "./ready.ts";

/** Servers that all suites of a run use together: never stop them, and use random names on them. */
export interface SharedServers {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** `given`: named by the environment. `started`: our own, three brokers and a registry. */
  readonly kind: "given" | "started";
  /** Nodes of a started cluster, for tests that look into data or logs. */
  readonly cluster?: KafkaCluster;
}

export interface SharedHandle {
  /** Starts the servers on the first call; every later call gets the same ones. */
  get(): Promise<SharedServers>;
  /** Stops what was started. `keep`: data and logs stay on disk. */
  stop(options?: { readonly keep?: boolean }): Promise<void>;
}

/**
 * Servers named by `KERYX_TEST_KAFKA` (host:port, comma separated) and `KERYX_TEST_REGISTRY` (URL), else real ones
 * started here. Started addresses are put into those variables for child processes.
 */
export function createSharedServers(
  log: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): SharedHandle {
  let servers: Promise<SharedServers> | undefined;
  let cluster: KafkaCluster | undefined;
  let registry: RegistryServer | undefined;

  async function start(): Promise<SharedServers> {
    const kafkaAddress = process.env["KERYX_TEST_KAFKA"];
    const registryAddress = process.env["KERYX_TEST_REGISTRY"];
    const startedAt = Date.now();
    const results = await Promise.allSettled([
      kafkaAddress ? undefined : startKafka({ nodes: 3 }).then((started) => (cluster = started)),
      registryAddress ? undefined : startRegistry().then((started) => (registry = started)),
    ]);
    const failed = results.find((result) => result.status === "rejected");
    if (failed) {
      await closeStarted({});
      throw failed.reason;
    }
    const brokers = kafkaAddress?.split(",").map((part) => part.trim()) ?? cluster?.brokers ?? [];
    const registryUrl = registryAddress ?? registry?.url ?? "";
    if (cluster) await warmUp(brokers);
    process.env["KERYX_TEST_KAFKA"] = brokers.join(",");
    process.env["KERYX_TEST_REGISTRY"] = registryUrl;
    const kafka = cluster
      ? `Apache Kafka ${cluster.version}, 3 brokers, data in ${cluster.folder}`
      : "Kafka (given)";
    log(`${kafka}: ${brokers.join(", ")}`);
    const registryText = registry ? `Apicurio registry, log ${registry.logFile}` : "Registry (given)";
    log(`${registryText}: ${registryUrl} (ready after ${Date.now() - startedAt} ms)`);
    return { brokers, registryUrl, kind: cluster ? "started" : "given", ...(cluster ? { cluster } : {}) };
  }

  async function closeStarted(options: { readonly keep?: boolean }): Promise<void> {
    if (cluster) delete process.env["KERYX_TEST_KAFKA"];
    if (registry) delete process.env["KERYX_TEST_REGISTRY"];
    await Promise.all([cluster?.close(options), registry?.close(options)]);
    cluster = registry = undefined;
  }

  async function stop(options: { readonly keep?: boolean } = {}): Promise<void> {
    // What is still starting must not outlive the stop.
    await servers?.catch(() => {});
    await closeStarted(options);
    servers = undefined;
  }

  return { get: () => (servers ??= start()), stop };
}

/** Creates the internal topic of groups, which otherwise makes the first join slow and may fail it once. */
async function warmUp(brokers: readonly string[]): Promise<void> {
  // The client learns of the brokers only by failing once here, hence the retries.
  await withAdmin(brokers, (admin) => admin.describeGroups(["warm-up"]), 10);
}
