import { showJsonLine } from "../diagnostics-print.ts";
import type { Io, Run } from "./command.ts";
import type { DevServers } from "./dev/servers.ts";
import { readDevSettings } from "./dev/settings.ts";

/** Runs both servers until the process is told to end. */
export const runDev: Run = async ({ options, io }) => {
  const settings = readDevSettings(options);
  const interrupted = io.interrupted?.() ?? new Promise<void>(() => {});
  const log = (line: string): void => io.note(`${line}\n`);
  const isEmpty = options.empty === true;
  // Reading a project costs more than the servers do.
  const dev = isEmpty ? undefined : await import("./dev/project.ts");
  const project = dev?.openDevProject(options, io);
  const dialect = settings.dialect ?? project?.config.registry.dialect;
  // In this order: the servers' code is loaded while the compiler of .proto files works, in a process of its own.
  const loading = dev && project ? dev.loadDevProject(project, io) : Promise.resolve(undefined);
  const starting = import("./dev/servers.ts").then(({ startDevServers }) =>
    startDevServers({
      ...settings,
      ...(dialect === undefined ? {} : { dialect }),
      hasTls: options.tls === true,
      log,
    }),
  );
  const [model, servers] = await both(loading, starting);
  try {
    if (!isEmpty && model === undefined) return 1;
    const topics =
      dev && project && model ? await dev.fillServers(project, model, servers, settings.brokers, io) : [];
    tellReady(servers, topics, options.json === true, io);
    await interrupted;
    return 0;
  } finally {
    await servers.close();
  }
};

/** Waits for both; without the model, servers that were started are closed. */
async function both<Model>(
  loading: Promise<Model>,
  starting: Promise<DevServers>,
): Promise<readonly [Model, DevServers]> {
  const [model, servers] = await Promise.allSettled([loading, starting]);
  if (servers.status === "rejected") throw servers.reason;
  if (model.status === "fulfilled") return [model.value, servers.value];
  await servers.value.close();
  throw model.reason;
}

function tellReady(
  { broker, registry, tls }: DevServers,
  topics: readonly string[],
  asJson: boolean,
  io: Io,
): void {
  const brokers = broker.bootstrap();
  const { caPath, certPath } = tls ?? {};
  if (asJson) {
    const secured = tls === undefined ? {} : { tls: { caPath, certPath } };
    const ready = {
      kafka: { brokers, ...secured },
      registry: { url: registry.url },
      topics,
      pid: process.pid,
    };
    io.out(`${showJsonLine(ready)}\n`);
    return;
  }
  const lines = [
    ["kafka", brokers.join(",")],
    ...(tls === undefined
      ? []
      : [
          ["authority", caPath],
          ["certificate", certPath],
        ]),
    ["registry", registry.url],
    ...topics.map((topic) => ["topic", topic]),
  ];
  io.out(lines.map(([name = "", value = ""]) => `${name.padEnd(11)}  ${value}\n`).join(""));
  io.note("Ready. Everything is kept in memory; Ctrl-C ends it.\n");
}
