import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, makeOnce } from "./artifacts.ts";
import type { Java } from "./java.ts";
import { smallHeap } from "./java.ts";
import { nodeProperties } from "./kafka-config.ts";

const run = promisify(execFile);
const clusterId = "keryx-test";

export interface KafkaProgram {
  readonly java: Java;
  readonly version: string;
  readonly classPath: string;
}

/** Prepares an empty data folder without a JVM: a formatted folder is kept per release and copied. */
export async function copyFormatted(program: KafkaProgram, id: number, dataFolder: string): Promise<void> {
  const kept = await makeOnce(join(cacheFolder(`kafka-${program.version}`), "format"), async (temporary) => {
    const config = join(dirname(temporary), "server.properties");
    const nodes = [{ broker: 9092, controller: 9093 }];
    await writeFile(
      config,
      nodeProperties({ id: 1, nodes, dataFolder: temporary, version: program.version }),
    );
    await formatFolder(program, config);
  });
  await mkdir(dirname(dataFolder), { recursive: true });
  await cp(kept, dataFolder, { recursive: true });
  const directory = randomBytes(16).toString("base64url");
  await writeFile(
    join(dataFolder, "meta.properties"),
    `version=1\ncluster.id=${clusterId}\nnode.id=${id}\ndirectory.id=${directory}\n`,
  );
}

/** Formats with Kafka's own tool, which alone can add SCRAM users. */
export async function formatFolder(
  program: KafkaProgram,
  config: string,
  scramUsers: readonly string[] = [],
): Promise<void> {
  const tool = ["-cp", program.classPath, "kafka.tools.StorageTool", "format", "-t", clusterId, "-c", config];
  const users = scramUsers.flatMap((user) => ["--add-scram", user]);
  await run(program.java.command, [...smallHeap, ...tool, ...users]);
}
