import { randomUUID } from "node:crypto";
import { createRegistryFaults, type RegistryFaults } from "./faults.ts";
import { type RegistryRequestNote, startServer } from "./http/server.ts";
import { type DevRegistryOptions, resolveDevRegistryOptions } from "./options.ts";
import type { Registry } from "./registry.ts";
import { routes } from "./routes/all.ts";
import type { Schemas } from "./state/schemas.ts";
import { type RegistrySnapshot, restoreSnapshot, takeSnapshot } from "./state/snapshot.ts";
import { createState } from "./state/state.ts";

/** A schema registry in this process, for development and tests: Confluent's REST interface, nothing on disk. */
export interface DevRegistry {
  /** The address to give to a client. */
  readonly url: string;
  readonly port: number;
  readonly faults: RegistryFaults;
  /** All subjects, schemas, levels and modes at this moment. */
  snapshot(): RegistrySnapshot;
  /** Makes the registry what it was when the snapshot was taken, here or in another one. */
  restore(snapshot: RegistrySnapshot): void;
  /** The last thousand requests, oldest first. */
  requests(filter?: { readonly method?: string; readonly route?: string }): readonly RegistryRequestNote[];
  /** Ends every connection and frees the port. Safe to call twice. */
  close(): Promise<void>;
}

const rememberedRequests = 1000;

/**
 * Starts a development registry.
 * @throws KeryxError `config_invalid`, `port_taken`
 */
export async function createDevRegistry(options: DevRegistryOptions = {}): Promise<DevRegistry> {
  const resolved = resolveDevRegistryOptions(options);
  const state = createState();
  const registry: Registry = {
    options: resolved,
    state,
    clusterId: randomUUID(),
    ...createLoader(() =>
      import("./state/schemas.ts").then(({ createSchemas }) => createSchemas(state, resolved.dialect)),
    ),
  };
  const faults = createRegistryFaults(resolved.clock);
  const notes: RegistryRequestNote[] = [];
  const onAnswered = (note: RegistryRequestNote): void => {
    notes.push(note);
    if (notes.length > rememberedRequests) notes.shift();
  };
  const server = await startServer({ registry, routes, faults, onAnswered });
  const url = `http://${resolved.advertisedHost}:${server.port}`;
  resolved.log(`development registry on ${url}: in memory only, not for production`);
  let closing: Promise<void> | undefined;
  return {
    url,
    port: server.port,
    faults,
    snapshot: () => takeSnapshot(state),
    restore: (snapshot) => restoreSnapshot(state, snapshot),
    requests: ({ method, route } = {}) =>
      notes.filter(
        (note) =>
          (method === undefined || note.method === method) && (route === undefined || note.route === route),
      ),
    close() {
      closing ??= (async () => {
        faults.clear();
        await server.close();
      })();
      return closing;
    },
  };
}

function createLoader(create: () => Promise<Schemas>): Pick<Registry, "schemas" | "load"> {
  let loading: Promise<void> | undefined;
  let loaded: Schemas | undefined;
  return {
    schemas() {
      if (loaded === undefined) throw new Error("the parsers are not loaded");
      return loaded;
    },
    load() {
      loading ??= create().then((schemas) => {
        loaded = schemas;
      });
      return loading;
    },
  };
}
