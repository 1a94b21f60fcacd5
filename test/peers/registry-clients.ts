import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createDevRegistry } from "../../src/embedded/registry/index.ts";
import { fromNpm, fromPip, PeerUnavailable } from "./install.ts";
import type { Program } from "./peers.ts";

const own = import.meta.dirname;

export interface RegistryClientPeer {
  readonly name: string;
  /** Absent until it is installed. */
  program(): Program | undefined;
  /** @throws PeerUnavailable */
  install(): Promise<Program>;
}

function client(
  name: string,
  installation: ReturnType<typeof fromNpm>,
  programOf: (folder: string) => Program,
): RegistryClientPeer {
  return {
    name,
    program() {
      const folder = installation.folder();
      return folder === undefined ? undefined : programOf(folder);
    },
    install: async () => programOf(await installation.install()),
  };
}

export const registryClients: readonly RegistryClientPeer[] = [
  client("registry-javascript", fromNpm("registry-javascript"), (folder) => ({
    command: process.execPath,
    args: [join(own, "registry-javascript", "peer.mjs")],
    env: { MODULES: folder },
  })),
  client("registry-python", fromPip("registry-python"), (folder) => ({
    command: join(folder, "venv", "bin", "python"),
    args: ["-B", join(own, "registry-python", "peer.py")],
  })),
];

/** What a client's program said. */
export interface RegistryClientRun {
  /** Name and version, in its own words. */
  readonly client: string;
  readonly results: readonly { readonly name: string; readonly failure?: string }[];
}

export async function runRegistryClient(program: Program, url: string): Promise<RegistryClientRun> {
  const { stdout } = await promisify(execFile)(program.command, program.args, {
    env: { ...process.env, ...program.env, REGISTRY_URL: url },
    timeout: 240_000,
  });
  const [first, ...results] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { client: first.client, results };
}

/** What came of one client, or why it did not run. */
export type RegistryPeerRun =
  | ({ readonly kind: "ran"; readonly name: string } & RegistryClientRun)
  | { readonly kind: "skipped"; readonly name: string; readonly reason: string };

/** Installs every client and runs it against an embedded registry. */
export async function runRegistryClients(): Promise<readonly RegistryPeerRun[]> {
  const registry = await createDevRegistry({ log: () => {} });
  const runs: RegistryPeerRun[] = [];
  try {
    for (const { name, install } of registryClients) {
      try {
        runs.push({ kind: "ran", name, ...(await runRegistryClient(await install(), registry.url)) });
      } catch (error) {
        if (!(error instanceof PeerUnavailable)) throw error;
        runs.push({ kind: "skipped", name, reason: error.message });
      }
    }
  } finally {
    await registry.close();
  }
  return runs;
}
