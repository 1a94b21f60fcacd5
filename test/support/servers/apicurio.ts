import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { apicurioFolder } from "./artifacts.ts";
import type { Child, Signal } from "./child.ts";
import { classArchiveFlags, findJava, type Java, smallHeap, spawnJava } from "./java.ts";
import { findPorts } from "./ports.ts";
import { waitUntil } from "./ready.ts";

export interface RegistryServerOptions {
  /** Asks every caller for this account (basic authentication). */
  readonly account?: { readonly username: string; readonly password: string };
  /** Its schemas outlive a stop. Default false: they live in memory. */
  readonly keepsSchemas?: boolean;
}

/** A schema registry. */
export interface RegistryServer {
  /** Base URL of the Confluent-compatible API. */
  readonly url: string;
  readonly logFile: string;
  /** Starts it again on the same port; empty, unless it keeps its schemas. */
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(signal: Signal): Promise<void>;
  close(options?: { readonly keep?: boolean }): Promise<void>;
}

interface Installation {
  readonly java: Java;
  readonly flags: readonly string[];
  readonly folder: string;
}

/** Starts the Apicurio registry. @throws ServersUnavailable where Java, Maven or the network are missing */
export async function startRegistry(options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const installation = await install();
  const folder = await mkdtemp(join(tmpdir(), "keryx-registry-"));
  const logFile = join(folder, "registry.log");
  const [port = 0] = await findPorts(1);
  let child: Child | undefined;
  const start = async (): Promise<void> => {
    if (child && child.ended() === undefined) return;
    child = spawnRegistry(installation, port, logFile, options);
    await waitForRegistry(port, child);
  };
  const close = async (close: { readonly keep?: boolean } = {}): Promise<void> => {
    await child?.signal("SIGKILL");
    if (!close.keep) await rm(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await close();
    // Somebody took the port between our look and the start: once more, with a new one.
    if (String(error).includes("in use by another process")) return startRegistry(options);
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}/apis/ccompat/v7`,
    logFile,
    start,
    stop: async () => child?.signal("SIGKILL"),
    kill: async (signal) => child?.signal(signal),
    close,
  };
}

async function install(): Promise<Installation> {
  const java = await findJava();
  const folder = await apicurioFolder();
  const archive = join(dirname(folder), `classes-${java.id}.jsa`);
  const sharing = await classArchiveFlags(archive, async (flags) => {
    const [port = 0] = await findPorts(1);
    const logFile = join(await mkdtemp(join(tmpdir(), "keryx-registry-")), "registry.log");
    const child = spawnRegistry({ java, folder, flags: [...smallHeap, ...flags] }, port, logFile, {});
    await waitForRegistry(port, child);
    void child.exit.then(() => rm(dirname(logFile), { recursive: true, force: true }));
    return child;
  });
  return { java, folder, flags: [...smallHeap, ...sharing] };
}

function spawnRegistry(
  { java, flags, folder }: Installation,
  port: number,
  logFile: string,
  options: RegistryServerOptions,
): Child {
  const settings: Record<string, string> = {
    "quarkus.http.host": "127.0.0.1",
    "quarkus.http.port": String(port),
    "apicurio.datasource.url": options.keepsSchemas
      ? `jdbc:h2:file:${join(dirname(logFile), "schemas")};WRITE_DELAY=0`
      : "jdbc:h2:mem:registry_db",
    // Without the two, nothing is refused, and spacing makes a new schema.
    "apicurio.rules.global.compatibility": "BACKWARD",
    "apicurio.ccompat.use-canonical-hash": "true",
    ...accountSettings(options),
  };
  const properties = Object.entries(settings).map(([key, value]) => `-D${key}=${value}`);
  return spawnJava({
    java,
    flags: [...flags, ...properties],
    args: ["-jar", join(folder, "apicurio-registry-app-3.0.9-runner.jar")],
    logFile,
    cwd: folder,
  });
}

function accountSettings({ account }: RegistryServerOptions): Record<string, string> {
  if (!account) return {};
  const users = "quarkus.security.users.embedded";
  return {
    "quarkus.http.auth.basic": "true",
    [`${users}.enabled`]: "true",
    [`${users}.plain-text`]: "true",
    [`${users}.users.${account.username}`]: account.password,
    [`${users}.roles.${account.username}`]: "sr-admin",
    "quarkus.http.auth.permission.all.paths": "/apis/*",
    "quarkus.http.auth.permission.all.policy": "authenticated",
  };
}

async function waitForRegistry(port: number, child: Child): Promise<void> {
  await waitUntil(
    `Registry on port ${port}`,
    async () => {
      const signal = AbortSignal.timeout(2_000);
      return (await fetch(`http://127.0.0.1:${port}/health/ready`, { signal })).status === 200;
    },
    { children: [child] },
  );
}
