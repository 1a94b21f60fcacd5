import type { Consumer } from "kafkajs";
import type { Capabilities } from "../port.ts";
import type { Cluster } from "./cluster.ts";
import { patchedVersion } from "./patches.ts";

/** The installed client, as an argument, so that a test can hand in another one. */
export interface ProbedClient {
  readonly version: string;
  /** A consumer that never connects and the cluster beneath it. Throws where that cannot be reached. */
  readonly open: () => { readonly client: Partial<Consumer>; readonly cluster: Partial<Cluster> };
}

/** Finds out what the installed client can do, instead of promising it. */
export function probeCapabilities(probed: ProbedClient): Capabilities {
  const { client, cluster } = openQuietly(probed);
  const isKnown = probed.version === patchedVersion;
  return {
    client: `kafkajs ${probed.version}`,
    idempotent: true,
    partitionPause: [client.pause, client.resume, client.seek].every(isFunction),
    // Its commits go out beneath what kafkajs shows, which is only known of one release.
    commitMetadata: isKnown,
    // The call that every join begins with, and where a revoke is awaited.
    awaitedRevoke: isKnown && isFunction(cluster.findGroupCoordinator),
    codecs: ["none", "gzip", "snappy", "lz4", "zstd"],
  };
}

function openQuietly({ open }: ProbedClient): ReturnType<ProbedClient["open"]> {
  try {
    return open();
  } catch {
    return { client: {}, cluster: {} };
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
