// Other people's registry clients. Run by itself it installs them and tells how each does on the embedded registry:
//   node registry-clients.ts
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

if (process.argv[1] === import.meta.filename) {
  const registry = await createDevRegistry();
  try {
    for (const one of registryClients) await tell(one, registry.url);
  } finally {
    await registry.close();
  }
}

async function tell(one: RegistryClientPeer, url: string): Promise<void> {
  try {
    const { client: name, results } = await runRegistryClient(await one.install(), url);
    console.log(name);
    for (const { name: what, failure } of results)
      console.log(
        `  ${failure === undefined ? "passed" : "failed"}  ${what}${failure === undefined ? "" : `: ${failure}`}`,
      );
    if (results.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof PeerUnavailable)) throw error;
    console.log(`skipped: ${one.name}: ${error.message}`);
  }
}
