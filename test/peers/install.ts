import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { ServersUnavailable } from "../support/servers/unavailable.ts";

const run = promisify(execFile);
const own = import.meta.dirname;

/** A peer cannot be had here; its message says why. */
export class PeerUnavailable extends Error {
  override readonly name = "PeerUnavailable";
}

/** How a client comes to this machine: a folder outside the repository, filled once per manifest. */
export interface Installation {
  /** Absent until it is installed. */
  readonly folder: () => string | undefined;
  /** @throws PeerUnavailable */
  readonly install: () => Promise<string>;
}

/** A folder is named after the bytes of the files that say what belongs into it. */
function installation(
  peer: string,
  manifests: readonly string[],
  fill: (folder: string) => Promise<void>,
): Installation {
  const targetOf = (): string => {
    const hash = createHash("sha256");
    for (const name of manifests) hash.update(readFileSync(join(own, peer, name)));
    const cache = process.env["KERYX_PEERS_CACHE"] ?? join(homedir(), ".cache", "keryx", "peers");
    return join(cache, `${peer}-${hash.digest("hex").slice(0, 12)}`);
  };
  // The last file that is written: environments of Python cannot be renamed, so a folder alone says nothing.
  const markOf = (target: string): string => join(target, ".installed");
  return {
    folder() {
      const target = targetOf();
      return existsSync(markOf(target)) ? target : undefined;
    },
    async install() {
      const target = targetOf();
      if (existsSync(markOf(target))) return target;
      await mkdir(target, { recursive: true });
      for (const name of manifests) await copyFile(join(own, peer, name), join(target, basename(name)));
      await fill(target);
      await writeFile(markOf(target), "");
      return target;
    },
  };
}

function whyNot({ message }: Error): string {
  const lines = message.trim().split("\n");
  const telling = lines.find((line) => /reason:|ENOTFOUND|status \d|No matching|Unable to/.test(line));
  return (telling ?? lines.at(-1) ?? "").slice(0, 300);
}

/** Builds a program of ours: only a missing tool is no fault. */
async function build(folder: string, command: string, ...args: string[]): Promise<void> {
  try {
    await run(command, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === "ENOENT") throw new PeerUnavailable(`${command} is not installed`);
    throw new Error(`${command} ${args.join(" ")}:\n${stderr}`, { cause: error });
  }
}

/** Brings what others publish. */
async function fetchWith(folder: string, command: string, ...args: string[]): Promise<void> {
  try {
    await build(folder, command, ...args);
  } catch (error) {
    throw error instanceof PeerUnavailable ? error : new PeerUnavailable(whyNot(error as Error));
  }
}

/** A package of npm, as its lock file says; a `native` one fetches its binary, and is not built where there is none. */
export function fromNpm(peer: string, { native }: { readonly native?: string } = {}): Installation {
  return installation(peer, ["package.json", "package-lock.json"], async (folder) => {
    await fetchWith(folder, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error");
    if (native === undefined) return;
    const fetcher = join("node_modules", "@mapbox", "node-pre-gyp", "bin", "node-pre-gyp");
    await fetchWith(folder, process.execPath, fetcher, "install", "-C", join("node_modules", native));
  });
}

/** Packages of Python, in an environment of their own. */
export function fromPip(peer: string): Installation {
  return installation(peer, ["requirements.txt"], async (folder) => {
    await fetchWith(folder, "python3", "-m", "venv", "venv");
    await fetchWith(
      folder,
      join(folder, "venv", "bin", "pip"),
      "install",
      "--quiet",
      "-r",
      "requirements.txt",
    );
  });
}

/** A program in Go, built where it is installed. */
export function fromGo(peer: string): Installation {
  return installation(peer, ["go.mod", "go.sum", "main.go", "program.go"], async (folder) => {
    await fetchWith(folder, "go", "mod", "download");
    await build(folder, "go", "build", "-p", "1", "-o", "peer", ".");
  });
}

/** Packages of Debian, unpacked into the folder, so that the machine itself stays as it is. */
export function fromDebian(peer: string): Installation {
  return installation(peer, ["packages.txt"], async (folder) => {
    const packages = readFileSync(join(folder, "packages.txt"), "utf8").trim().split("\n");
    await fetchWith(folder, "apt-get", "download", "-q", ...packages);
    for (const name of await readdir(folder))
      if (name.endsWith(".deb")) await fetchWith(folder, "dpkg", "-x", name, "root");
  });
}

/** A program in Java against published jars, compiled once. */
export function fromMaven(peer: string, classPath: () => Promise<string>): Installation {
  return installation(peer, ["Peer.java", "Checks.java"], async (folder) => {
    const jars = await classPath().catch((error: unknown) => {
      throw error instanceof ServersUnavailable ? new PeerUnavailable(error.message) : error;
    });
    await build(folder, "javac", "-cp", jars, "-d", join(folder, "classes"), "Peer.java", "Checks.java");
    await writeFile(join(folder, "classpath"), `${join(folder, "classes")}:${jars}`);
  });
}
