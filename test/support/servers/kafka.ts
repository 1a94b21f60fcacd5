import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, kafkaClassPath, kafkaVersions } from "./artifacts.ts";
import type { Child, Signal } from "./child.ts";
import { classArchiveFlags, findJava, smallHeap, spawnJava } from "./java.ts";
import { type ExtraListener, type NodePorts, nodeProperties } from "./kafka-config.ts";
import { copyFormatted, formatFolder, type KafkaProgram } from "./kafka-format.ts";
import { findPorts } from "./ports.ts";
import { waitForBrokers } from "./ready.ts";
import { type SecurityOptions, type SecuritySetup, setUpSecurity } from "./security.ts";

export interface KafkaOptions {
  /** Default 1. With three, replication is 3 and two copies must be in sync. */
  readonly nodes?: 1 | 3;
  /** Default: `KERYX_TEST_KAFKA_VERSION`, else the newest pinned release. */
  readonly version?: string;
  /** `small` starts fast; `default` is Java's own choice, for long measurements. */
  readonly heap?: "small" | "default";
  /** Adds listeners with passwords and TLS; one node only. */
  readonly security?: SecurityOptions;
  /** Further lines of `server.properties`. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface KafkaNode {
  readonly id: number;
  /** Address of the plain listener. */
  readonly address: string;
  readonly logFile: string;
  running(): boolean;
  /** Starts it again on its data; resolves when the cluster lists it. */
  start(): Promise<void>;
  /** Stops it gently (SIGTERM) and waits. */
  stop(): Promise<void>;
  /** SIGKILL and SIGTERM resolve when the process is gone, SIGSTOP and SIGCONT at once. */
  kill(signal: Signal): Promise<void>;
}

export interface KafkaCluster {
  readonly version: string;
  /** Addresses of the plain listeners. */
  readonly brokers: readonly string[];
  readonly nodes: readonly KafkaNode[];
  /** Data and logs. */
  readonly folder: string;
  /** Present when `security` was asked for. */
  readonly security?: SecuritySetup;
  node(id: number): KafkaNode;
  /** Kills every node; removes the folder unless it is to be kept. */
  close(options?: { readonly keep?: boolean }): Promise<void>;
}

/** Starts Apache Kafka from its published jars. @throws ServersUnavailable where Java, Maven or the network are missing */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const version = options.version ?? process.env["KERYX_TEST_KAFKA_VERSION"] ?? kafkaVersions[0] ?? "";
  if (!kafkaVersions.includes(version))
    throw new Error(`Kafka ${version} is not pinned here: ${kafkaVersions.join(", ")}`);
  const program = { java: await findJava(), version, classPath: await kafkaClassPath(version) };
  const flags = options.heap === "default" ? [] : await archiveFlags(program);
  try {
    return await startCluster(program, flags, options);
  } catch (error) {
    if (!String(error).includes("Address already in use")) throw error;
    // Somebody took a port between our look and the start: once more, with new ones.
    return await startCluster(program, flags, options);
  }
}

async function archiveFlags(program: KafkaProgram): Promise<readonly string[]> {
  const archive = join(cacheFolder(`kafka-${program.version}`), `classes-${program.java.id}.jsa`);
  const sharing = await classArchiveFlags(archive, async (flags) => {
    const folder = await mkdtemp(join(tmpdir(), "keryx-kafka-"));
    const [ports] = await nodePorts(1);
    if (!ports) throw new Error("no ports");
    const node = { id: 1, nodes: [ports], dataFolder: join(folder, "data-1"), version: program.version };
    await copyFormatted(program, 1, node.dataFolder);
    const child = await spawnNode(program, [...smallHeap, ...flags], folder, node);
    await waitForBrokers(`127.0.0.1:${ports.broker}`, [1], [child]);
    void child.exit.then(() => rm(folder, { recursive: true, force: true }));
    return child;
  });
  return [...smallHeap, ...sharing];
}

async function nodePorts(count: number): Promise<readonly NodePorts[]> {
  const ports = await findPorts(2 * count);
  return Array.from({ length: count }, (_, i) => ({
    broker: ports[2 * i] ?? 0,
    controller: ports[2 * i + 1] ?? 0,
  }));
}

async function startCluster(
  program: KafkaProgram,
  flags: readonly string[],
  options: KafkaOptions,
): Promise<KafkaCluster> {
  const folder = await mkdtemp(join(tmpdir(), "keryx-kafka-"));
  const layout = await nodePorts(options.nodes ?? 1);
  const security = options.security && (await setUpSecurity(folder, options.security));
  const extra = { ...security?.config, ...options.config };
  const nodes = layout.map((ports, i) =>
    createNode(program, flags, folder, {
      id: i + 1,
      nodes: layout,
      dataFolder: join(folder, `data-${i + 1}`),
      version: program.version,
      listeners: security?.listeners ?? [],
      scramUsers: security?.scramUsers ?? [],
      extra,
      address: `127.0.0.1:${ports.broker}`,
    }),
  );
  const cluster: KafkaCluster = {
    version: program.version,
    brokers: nodes.map((node) => node.address),
    nodes,
    folder,
    ...(security ? { security } : {}),
    node(id) {
      const node = nodes[id - 1];
      if (!node) throw new Error(`no node ${id}`);
      return node;
    },
    async close(close = {}) {
      await Promise.all(nodes.map((node) => node.kill("SIGKILL")));
      if (!close.keep) await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    const children = await Promise.all(nodes.map((node) => node.spawn()));
    const ids = nodes.map((node) => node.id);
    await waitForBrokers(cluster.brokers[0] ?? "", ids, children);
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

interface NodeSettings {
  readonly id: number;
  readonly nodes: readonly NodePorts[];
  readonly dataFolder: string;
  readonly version: string;
  readonly listeners?: readonly ExtraListener[];
  readonly extra?: Readonly<Record<string, string>>;
}

type ClusterNode = KafkaNode & { spawn(): Promise<Child> };

function createNode(
  program: KafkaProgram,
  flags: readonly string[],
  folder: string,
  settings: NodeSettings & { readonly address: string; readonly scramUsers: readonly string[] },
): ClusterNode {
  let child: Child | undefined;
  let formatted = false;
  const { id, address, dataFolder } = settings;
  const spawn = async (): Promise<Child> => {
    if (!formatted && settings.scramUsers.length === 0) await copyFormatted(program, id, dataFolder);
    if (!formatted && settings.scramUsers.length > 0) {
      const config = await writeConfig(folder, settings);
      await formatFolder(program, config, settings.scramUsers);
    }
    formatted = true;
    child = await spawnNode(program, flags, folder, settings);
    return child;
  };
  return {
    id,
    address,
    logFile: logFileOf(folder, id),
    spawn,
    running: () => child !== undefined && child.ended() === undefined,
    async start() {
      if (child && child.ended() === undefined) return;
      await waitForBrokers(address, [id], [await spawn()]);
    },
    async stop() {
      await child?.signal("SIGTERM");
    },
    async kill(signal) {
      await child?.signal(signal);
    },
  };
}

const logFileOf = (folder: string, id: number): string => join(folder, `kafka-${id}.log`);

async function writeConfig(folder: string, settings: NodeSettings): Promise<string> {
  await mkdir(folder, { recursive: true });
  const config = join(folder, `server-${settings.id}.properties`);
  await writeFile(config, nodeProperties(settings));
  return config;
}

async function spawnNode(
  program: KafkaProgram,
  flags: readonly string[],
  folder: string,
  settings: NodeSettings,
): Promise<Child> {
  const config = await writeConfig(folder, settings);
  const logging = [
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
  ];
  return spawnJava({
    java: program.java,
    flags: [...flags, ...logging],
    args: ["-cp", program.classPath, "kafka.Kafka", config],
    logFile: logFileOf(folder, settings.id),
    cwd: folder,
  });
}
