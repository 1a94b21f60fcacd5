import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { ServersUnavailable } from "./unavailable.ts";

const run = promisify(execFile);

/** Pinned releases; the first one is the default. */
export const kafkaVersions: readonly string[] = ["4.3.1", "4.0.2", "3.9.2"];
const apicurioVersion = "3.0.9";
const avroVersion = "1.12.1";

/** Where jars and start-up caches live: outside the repository, shared by every run on this machine. */
export function cacheFolder(name: string): string {
  return join(process.env["KERYX_SERVERS_CACHE"] ?? join(homedir(), ".cache", "keryx", "servers"), name);
}

/** Makes `target` once: filled in a folder beside it and renamed, so that two runs never meet half a copy. */
export async function makeOnce(target: string, fill: (temporary: string) => Promise<void>): Promise<string> {
  if (existsSync(target)) return target;
  await mkdir(dirname(target), { recursive: true });
  const temporary = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    const content = join(temporary, "content");
    await fill(content);
    await rename(content, target).catch((error: unknown) => {
      // Another run was faster: its copy is as good.
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return target;
}

/** The jars of one Apache Kafka release, as a class path. */
export async function kafkaClassPath(version: string): Promise<string> {
  return fetchJars(
    `kafka-${version}`,
    ["org.apache.kafka:kafka_2.13", version],
    ["org.slf4j:slf4j-simple", "1.7.36"],
  );
}

/** The jars of Avro's own Java library, as a class path. */
export async function avroClassPath(): Promise<string> {
  return fetchJars(
    `avro-${avroVersion}`,
    ["org.apache.avro:avro", avroVersion],
    ["org.slf4j:slf4j-nop", "2.0.17"],
  );
}

async function fetchJars(folder: string, ...dependencies: Parameters<typeof pomOf>): Promise<string> {
  const libs = await makeOnce(join(cacheFolder(folder), "libs"), async (temporary) => {
    await mkdir(temporary);
    const pom = join(dirname(temporary), "pom.xml");
    await writeFile(pom, pomOf(...dependencies));
    await maven("-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${temporary}`);
  });
  return join(libs, "*");
}

/** The unpacked Apicurio registry. */
export async function apicurioFolder(): Promise<string> {
  return makeOnce(join(cacheFolder(`apicurio-${apicurioVersion}`), "app"), async (temporary) => {
    await mkdir(temporary);
    const artifact = `io.apicurio:apicurio-registry-app:${apicurioVersion}:tar.gz:all`;
    await maven("dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${dirname(temporary)}`);
    const archive = join(dirname(temporary), `apicurio-registry-app-${apicurioVersion}-all.tar.gz`);
    await run("tar", ["-xzf", archive, "-C", temporary]);
  });
}

async function maven(...args: string[]): Promise<void> {
  try {
    await run("mvn", ["-q", "-B", ...args], { cwd: homedir(), maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const output = `${(error as { stdout?: string }).stdout ?? ""}`.trim().split("\n").slice(0, 5).join("\n");
    throw new ServersUnavailable(
      missing
        ? "Maven (mvn) is not installed, and the server artifacts are not in the cache yet"
        : `Maven could not fetch the server artifacts:\n${output}`,
      error,
    );
  }
}

function pomOf(...dependencies: (readonly [artifact: string, version: string])[]): string {
  const entries = dependencies.map(([artifact, version]) => {
    const [group, name] = artifact.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>keryx</groupId><artifactId>servers</artifactId><version>1</version>
<dependencies>${entries.join("")}</dependencies></project>\n`;
}
