import { KeryxError } from "../../../src/core/errors.ts";
import { createDevBroker, type DevBroker } from "../../../src/embedded/broker/index.ts";
import { createDevRegistry, type DevRegistry } from "../../../src/embedded/registry/index.ts";
import type { DevSettings } from "./settings.ts";
import type { DevTls } from "./tls.ts";

/** A Kafka and a registry that accept connections. */
export interface DevServers {
  readonly broker: DevBroker;
  readonly registry: DevRegistry;
  readonly tls?: DevTls;
  close(): Promise<void>;
}

export interface DevServerOptions extends DevSettings {
  readonly hasTls: boolean;
  readonly log: (line: string) => void;
}

/** Starts both, or neither. @throws KeryxError `port_taken` naming the flag, `config_invalid` */
export async function startDevServers(options: DevServerOptions): Promise<DevServers> {
  const { host, dialect, registryPort, log } = options;
  const tls = options.hasTls ? await (await import("./tls.ts")).createDevTls(host) : undefined;
  const started = await Promise.allSettled([
    startBroker(options, tls),
    createDevRegistry({ host, port: registryPort, log, ...(dialect === undefined ? {} : { dialect }) }).catch(
      (error: unknown) => {
        throw nameFlag(error, "--registry-port", String(registryPort));
      },
    ),
  ]);
  const [broker, registry] = started;
  const close = async (): Promise<void> => {
    const parts = started.flatMap((one) => (one.status === "fulfilled" ? [one.value.close()] : []));
    await Promise.all([...parts, tls?.remove()]);
  };
  if (broker.status === "fulfilled" && registry.status === "fulfilled")
    return { broker: broker.value, registry: registry.value, close, ...(tls === undefined ? {} : { tls }) };
  await close();
  throw started.find((one) => one.status === "rejected")?.reason;
}

async function startBroker(
  { host, kafkaPort, brokers, autoCreate, users, log }: DevServerOptions,
  tls: DevTls | undefined,
): Promise<DevBroker> {
  const listener = {
    ...{ name: "kafka", port: kafkaPort },
    ...(tls === undefined ? {} : { tls: tls.listener }),
    ...(users === undefined ? {} : { sasl: { users } }),
  };
  try {
    return await createDevBroker({
      ...{ host, brokers, autoCreateTopics: autoCreate, log },
      listeners: [listener],
    });
  } catch (error) {
    const ports = brokers === 1 ? String(kafkaPort) : `${kafkaPort} to ${kafkaPort + brokers - 1}`;
    throw nameFlag(error, "--kafka-port", ports);
  }
}

/** A port that is taken is a matter of the flag that chose it. */
function nameFlag(error: unknown, flag: string, ports: string): unknown {
  if (!(error instanceof KeryxError && error.code === "port_taken")) return error;
  return new KeryxError("port_taken", `${flag}: ${ports} cannot be had`, {
    cause: error,
    help: `Choose another with \`${flag}\`, or 0 for a free one.`,
  });
}
