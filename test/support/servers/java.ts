import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Child, spawnChild } from "./child.ts";
import { ServersUnavailable } from "./unavailable.ts";

const run = promisify(execFile);
const oldestJava = 17;

export interface Java {
  readonly command: string;
  /** Tells two Java installations apart: a class archive belongs to one. */
  readonly id: string;
}

/** Small and quick to start; right for everything but long measurements. */
export const smallHeap: readonly string[] = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** The Java of `JAVA_HOME`, else of the path. @throws ServersUnavailable */
export async function findJava(): Promise<Java> {
  const home = process.env["JAVA_HOME"];
  const command = home ? join(home, "bin", "java") : "java";
  const version = await run(command, ["-version"]).then(
    ({ stderr }) => stderr,
    (error: unknown) => {
      throw new ServersUnavailable(`Java (${command}) is not installed`, error);
    },
  );
  const major = Number(/version "(\d+)/.exec(version)?.[1] ?? 0);
  if (major < oldestJava)
    throw new ServersUnavailable(`Java ${oldestJava} or newer is needed, ${command} is ${major}`);
  return { command, id: createHash("sha256").update(version).digest("hex").slice(0, 12) };
}

/** One Java program with its arguments. */
export interface JavaProgram {
  readonly java: Java;
  readonly flags: readonly string[];
  /** Class path or jar, main class and arguments. */
  readonly args: readonly string[];
  readonly logFile: string;
  readonly cwd?: string;
}

export function spawnJava(program: JavaProgram): Child {
  const { java, flags, args, logFile, cwd } = program;
  return spawnChild(java.command, [...flags, ...args], { logFile, ...(cwd === undefined ? {} : { cwd }) });
}

/**
 * Flags that share an archive of loaded classes, which about halves the time to start. The first call makes the
 * archive: it runs the program once until `ready`, and stops it. Without an archive everything works the same.
 */
export async function classArchiveFlags(
  archive: string,
  practise: (flags: readonly string[]) => Promise<Child>,
): Promise<readonly string[]> {
  if (!existsSync(archive)) await makeArchive(archive, practise);
  return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`, "-Xshare:auto", "-Xlog:cds=off"] : [];
}

async function makeArchive(
  archive: string,
  practise: (flags: readonly string[]) => Promise<Child>,
): Promise<void> {
  await mkdir(dirname(archive), { recursive: true });
  const temporary = await mkdtemp(join(dirname(archive), ".classes-"));
  try {
    const made = join(temporary, "classes.jsa");
    const child = await practise([`-XX:ArchiveClassesAtExit=${made}`]);
    await child.signal("SIGTERM");
    if (existsSync(made)) await rename(made, archive);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
